"""Signed addresses that bytes go to and come from. They need no further credentials.

A PUT is hashed while it streams to a temporary name and is renamed last; no database connection
is held meanwhile.
"""

from __future__ import annotations

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from registry.hub import ranges
from registry.hub.routing import HubCall, by_method, hub_view, release_database
from registry.models import Blob, User
from registry.services import blobs, multipart, signing
from registry.services.errors import Forbidden, Invalid
from registry.services.signing import Grant


def _grant(call: HubCall, method: str) -> Grant:
    return signing.verified(method, call.request.path, call.request.GET)


def _uploader(grant: Grant) -> User:
    user = User.objects.select_related("namespace").filter(pk=grant.user_id or 0).first()
    if user is None or not user.is_active:
        raise Forbidden("The account that asked for this upload may not upload any more.")
    return user


def _check_length(call: HubCall, size: int) -> None:
    """Refuse before reading what cannot be right."""
    given = call.request.headers.get("Content-Length")
    if given is not None and given != str(size):
        raise Invalid(f"{given} bytes were sent, {size} were announced.")


@hub_view("PUT")
def put(call: HubCall) -> HttpResponseBase:
    grant = _grant(call, "PUT")
    _check_length(call, grant.size)
    release_database()
    with blobs.receive(call.request, sha256=grant.sha256, size=grant.size) as received:
        blobs.keep(received, user=_uploader(grant))
    return HttpResponse(status=200, headers={"ETag": f'"{grant.sha256}"'})


@hub_view("GET", "HEAD")
def get(call: HubCall) -> HttpResponseBase:
    """A signed download; HEAD of the same address tells its size."""
    grant = _grant(call, "GET")
    blob = Blob.objects.filter(pk=grant.sha256).first()
    if blob is None:
        raise Forbidden("This transfer address names content that is gone.")
    headers = ranges.file_headers(grant.extra.get("filename") or grant.sha256)
    if call.request.method == "HEAD":
        length = {"Content-Length": str(blob.size), "ETag": f'"{blob.sha256}"'}
        return HttpResponse(headers={**headers, **length})
    stream = blobs.open_blob(blob)
    return ranges.serve(call.request, stream, size=blob.size, etag=blob.sha256, headers=headers)


@hub_view("PUT")
def put_part(call: HubCall) -> HttpResponseBase:
    grant = _grant(call, "PUT")
    _check_length(call, grant.size)
    release_database()
    _, _, upload, number = call.segments
    etag = multipart.put_part(upload, int(number), call.request, size=grant.size)
    return HttpResponse(status=200, headers={"ETag": f'"{etag}"'})


@hub_view("POST")
def complete(call: HubCall) -> HttpResponseBase:
    grant = _grant(call, "POST")
    data = call.data()
    parts = data.get("parts")
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise Invalid("parts must be a list of {partNumber, etag}.", where="parts")
    etags = {part.get("partNumber"): str(part.get("etag", "")).strip('"') for part in parts}
    release_database()
    with multipart.joined(call.segments[2], etags) as stream:
        received = blobs.receive(stream, sha256=grant.sha256, size=grant.size)
        with received as whole:
            blobs.keep(whole, user=_uploader(grant))
    return call.json({})


objects = by_method(PUT=put, GET=get, HEAD=get)
