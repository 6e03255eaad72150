"""Downloads: HEAD tells what a file is, GET sends it, whole or in ranges.

`/raw/` is another word for `/resolve/`, as links in cards have it.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase

from registry.hub import ranges
from registry.hub.routing import HubCall, hub_view
from registry.models import Revision
from registry.services import commits, downloads, objects, signing
from registry.services.access import Need
from registry.services.errors import EntryNotFound, RepoNotFound
from registry.services.objects import Entry


@hub_view("GET", "HEAD")
def resolve(call: HubCall) -> HttpResponseBase:
    if call.verb not in {"resolve", "raw"}:
        raise RepoNotFound(anonymous=call.caller.is_anonymous)
    repository = call.repository(Need.CONTENT)
    revision, path = call.revision_and_path(repository)
    entry = _file(revision, path)
    headers = {**ranges.file_headers(entry.name), **_identity(entry, revision)}
    if call.request.method == "HEAD":
        response = HttpResponse(headers={**headers, "ETag": f'"{entry.etag}"'})
        response["Content-Length"] = str(entry.size)
        return response
    if not call.request.headers.get("Range", "").startswith("bytes=") or _from_start(call):
        downloads.count(repository.pk, call.request)
    if entry.lfs and settings.CONTENT_HOST:
        return _elsewhere(call, entry, headers)
    stream = commits.open_entry(entry)
    return ranges.serve(call.request, stream, size=entry.size, etag=entry.etag, headers=headers)


def _file(revision: Revision, path: str) -> Entry:
    found = objects.find(revision.tree, path.strip("/"))
    if found is None or not found.is_file:
        raise EntryNotFound(
            "Entry not found", where=path, commit=revision.oid, next=f"{path} is not a file there."
        )
    return objects.described([found])[0]


def _identity(entry: Entry, revision: Revision) -> dict[str, str]:
    headers = {"X-Repo-Commit": revision.oid}
    if entry.lfs:
        headers |= {"X-Linked-Size": str(entry.size), "X-Linked-ETag": f'"{entry.etag}"'}
    return headers


def _from_start(call: HubCall) -> bool:
    return call.request.headers["Range"].startswith("bytes=0-")


def _elsewhere(call: HubCall, entry: Entry, headers: dict[str, str]) -> HttpResponseBase:
    """Large files from a host of their own, so that they share no origin with the site."""
    assert entry.lfs is not None
    url = signing.signed_get(
        entry.lfs.sha256,
        user=call.caller.user,
        filename=entry.name,
        size=entry.size,
        base=f"{call.request.scheme}://{settings.CONTENT_HOST}",
    )
    return HttpResponseRedirect(url, headers=headers)
