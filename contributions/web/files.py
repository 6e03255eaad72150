"""Files of a repository at a revision."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET

from contributions.web import viewers
from contributions.web.repositories import header
from registry.hub.routing import HubCall
from registry.models import Repository, Revision
from registry.services import access, history, objects, refs
from registry.services.access import Need
from registry.services.errors import RevisionNotFound
from registry.web.links import listing
from registry.web.pages import caller, person

ENTRIES = 100
REFS_SHOWN = 60
# Larger texts are not changed on a page (contributions/services/edits.py decides).
EDITABLE = {"lines", "markdown", "table"}


@require_GET
def tree(
    request: HttpRequest, repo_type: str, namespace: str, name: str, rest: str = ""
) -> HttpResponse:
    repository = readable(request, repo_type, namespace, name)
    try:
        revision, path = HubCall(request).revision_and_path(repository)
    except RevisionNotFound:
        if rest.strip("/") in {"", repository.default_branch}:
            return _empty(request, repository)
        raise
    found = objects.entry_at(repository, revision.oid, path) if path else None
    if found is not None and found.is_file:
        return HttpResponseRedirect(f"/{repository.path}/blob/{revision.oid}/{path}")
    entries = objects.walk(revision.tree, path)
    entries.sort(key=lambda entry: (entry.is_file, entry.path))
    page = listing(request, entries, size=ENTRIES)
    described = objects.described(list(page.page.object_list))
    newest = history.last_commits_of(revision, path, [entry.name for entry in described])
    context = {
        **place(request, repository, revision, path),
        "listing": page,
        "rows": [(entry, newest.get(entry.path)) for entry in described],
        "endpoint": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "contributions/tree.html", context)


def _empty(request: HttpRequest, repository: Repository) -> HttpResponse:
    """The default branch is not there yet: what to do about it."""
    context = {
        **header(repository, "files", user=person(request)),
        "endpoint": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "contributions/repository_empty.html", context)


@require_GET
def blob(
    request: HttpRequest, repo_type: str, namespace: str, name: str, rest: str
) -> HttpResponse:
    repository = readable(request, repo_type, namespace, name)
    revision, path = HubCall(request).revision_and_path(repository)
    entry = objects.entry_at(repository, revision.oid, path)
    if not entry.is_file:
        return HttpResponseRedirect(f"/{repository.path}/tree/{revision.oid}/{path}")
    folder = path.rpartition("/")[0]
    at = f"/{repository.path}/resolve/{revision.oid}"
    page = request.GET.get("page", "1")
    view = viewers.shown(
        entry,
        source=request.GET.get("view") == "source",
        page=int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
        images_from=f"{at}/{folder}" if folder else at,
    )
    where = place(request, repository, revision, path)
    newest = history.last_commits_of(revision, folder, [entry.name])
    context = {
        **where,
        "entry": entry,
        "last": newest.get(path),
        "raw": f"{at}/{path}",
        "resolve": request.build_absolute_uri(f"/{repository.path}/resolve/"),
        "edit_at": _edit_at(repository, where["rev"], view["kind"]),
        **view,
    }
    return render(request, "contributions/blob.html", context)


def _edit_at(repository: Repository, rev: str, kind: str) -> str:
    """The branch that an edit of what is shown belongs to; empty for what is not edited here."""
    return rev if kind in EDITABLE and rev == repository.default_branch else ""


def readable(request: HttpRequest, repo_type: str, namespace: str, name: str) -> Repository:
    return access.repository(caller(request), repo_type, namespace, name, need=Need.CONTENT)


def written(request: HttpRequest, path: str) -> str:
    """The revision as the address has it: a branch stays a branch when one walks on."""
    tail = "/".join(HubCall(request).tail)
    return tail.removesuffix(path).strip("/") if path else tail.strip("/")


def place(
    request: HttpRequest, repository: Repository, revision: Revision, path: str, tab: str = "files"
) -> dict[str, Any]:
    parts = path.split("/") if path else []
    known = repository.refs.exclude(name__startswith=refs.RUNS).order_by("name")
    return {
        **header(repository, tab, user=person(request)),
        "revision": revision,
        "rev": written(request, path) or repository.default_branch,
        "path": path,
        "crumbs": [(part, "/".join(parts[: i + 1])) for i, part in enumerate(parts)],
        "known_refs": known[:REFS_SHOWN],
    }
