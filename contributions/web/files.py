"""Files of a repository at a revision, and its commits."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.html import escape
from django.views.decorators.http import require_GET

from contributions.models import Discussion, DiscussionEventKind, Submission
from contributions.services import diffs, history
from contributions.web.repositories import header
from registry.hub.routing import HubCall
from registry.models import Repository, Revision
from registry.services import access, commits, objects, refs
from registry.services import history as log
from registry.services.access import Need
from registry.services.errors import RevisionNotFound
from registry.services.objects import Entry
from registry.web.links import listing
from registry.web.pages import caller

# The page stays below 200 kB, with room for the markup of each line.
SHOWN_BYTES = 90_000
SHOWN_DIFF = 60_000
REFS_SHOWN = 60
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")


@require_GET
def tree(
    request: HttpRequest, repo_type: str, namespace: str, name: str, rest: str = ""
) -> HttpResponse:
    repository = _readable(request, repo_type, namespace, name)
    revision, path = HubCall(request).revision_and_path(repository)
    found = objects.entry_at(repository, revision.oid, path) if path else None
    if found is not None and found.is_file:
        return HttpResponseRedirect(f"/{repository.path}/blob/{revision.oid}/{path}")
    entries = objects.ls_tree(repository, revision.oid, path)
    entries.sort(key=lambda entry: (entry.is_file, entry.path))
    page = listing(request, entries, size=500)
    newest = log.last_commits(revision, folder=path)
    context = {
        **_place(repository, revision, path, _written(request, revision, path)),
        "listing": page,
        "rows": [(entry, newest.get(entry.path)) for entry in page.page.object_list],
    }
    return render(request, "contributions/tree.html", context)


@require_GET
def blob(
    request: HttpRequest, repo_type: str, namespace: str, name: str, rest: str
) -> HttpResponse:
    repository = _readable(request, repo_type, namespace, name)
    revision, path = HubCall(request).revision_and_path(repository)
    entry = objects.entry_at(repository, revision.oid, path)
    if not entry.is_file:
        return HttpResponseRedirect(f"/{repository.path}/tree/{revision.oid}/{path}")
    context = {
        **_place(repository, revision, path, _written(request, revision, path)),
        "entry": entry,
        "raw": f"/{repository.path}/resolve/{revision.oid}/{path}",
        **_shown(entry),
    }
    return render(request, "contributions/blob.html", context)


@require_GET
def commit_list(
    request: HttpRequest, repo_type: str, namespace: str, name: str, rest: str = ""
) -> HttpResponse:
    repository = _readable(request, repo_type, namespace, name)
    revision, path = HubCall(request).revision_and_path(repository)
    if path:
        raise RevisionNotFound(rest, where=repository.full_name)
    reached = history.reached(repository, revision.oid)
    rows = (
        Revision.objects.filter(repository=repository, oid__in=reached)
        .select_related("author")
        .order_by("-generation", "-created_at")
    )
    context = {
        **_place(repository, revision, "", _written(request, revision, "")),
        "tab": "commits",
        "listing": listing(request, rows),
    }
    return render(request, "contributions/commits.html", context)


@require_GET
def commit_page(
    request: HttpRequest, repo_type: str, namespace: str, name: str, oid: str
) -> HttpResponse:
    repository = _readable(request, repo_type, namespace, name)
    revision = refs.resolve(repository, oid)
    changes = revision.changes.order_by("path")
    diff = diffs.unified(repository, revision.parent, revision.oid) if revision.parent else ""
    context = {
        **header(repository, "commits"),
        "revision": revision,
        **_offered(repository, revision),
        "changes": changes[:300],
        "change_count": changes.count(),
        "diff": diff[:SHOWN_DIFF],
        "diff_cut": len(diff) > SHOWN_DIFF,
    }
    return render(request, "contributions/commit.html", context)


def _offered(repository: Repository, revision: Revision) -> dict[str, Any]:
    """The pull request that the commit is of, and the submission; `hf` prints this address."""
    ours = Discussion.objects.filter(repository=repository).select_related("submission")
    of_push = Q(events__kind=DiscussionEventKind.COMMIT, events__data__oid=revision.oid)
    pull = ours.filter(of_push | Q(merge_oid=revision.oid)).order_by("num").first()
    if pull is not None:
        return {"pull": pull, "submission": getattr(pull, "submission", None)}
    firsts = Submission.objects.filter(repository=repository, discussion=None)
    return {"submission": firsts.filter(head_revision=revision.oid).first()}


def _readable(request: HttpRequest, repo_type: str, namespace: str, name: str) -> Repository:
    return access.repository(caller(request), repo_type, namespace, name, need=Need.CONTENT)


def _written(request: HttpRequest, revision: Revision, path: str) -> str:
    """The revision as the address has it: a branch stays a branch when one walks on."""
    tail = "/".join(HubCall(request).tail)
    return tail.removesuffix(path).strip("/") if path else tail


def _place(repository: Repository, revision: Revision, path: str, rev: str) -> dict[str, Any]:
    parts = path.split("/") if path else []
    known = repository.refs.exclude(name__startswith=refs.RUNS).order_by("name")
    return {
        **header(repository, "files"),
        "revision": revision,
        "rev": rev or repository.default_branch,
        "path": path,
        "crumbs": [(part, "/".join(parts[: i + 1])) for i, part in enumerate(parts)],
        "known_refs": known[:REFS_SHOWN],
    }


def _shown(entry: Entry) -> dict[str, Any]:
    """Text with its lines, a picture, or neither."""
    if entry.path.lower().endswith(_PICTURES):
        return {"picture": True}
    if entry.lfs is not None and entry.size > 10 * SHOWN_BYTES:
        return {}
    with commits.open_entry(entry) as stream:
        content = stream.read(SHOWN_BYTES + 1)
    try:
        text = content[:SHOWN_BYTES].decode(
            errors="strict" if len(content) <= SHOWN_BYTES else "ignore"
        )
    except UnicodeDecodeError:
        return {}
    if "\0" in text:
        return {}
    # Escaping may lengthen a text several times; what counts is what is sent.
    while len(escape(text)) > 1.5 * SHOWN_BYTES:
        text = text[: len(text) // 2]
    lines = text.split("\n")
    return {
        "lines": lines[:4000],
        "cut": len(text) < entry.size and (len(content) > SHOWN_BYTES or len(lines) > 4000),
    }
