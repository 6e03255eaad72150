"""The history of a repository: commits, branches and tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from contributions.models import Discussion, Release, Submission
from contributions.web.files import place, readable
from contributions.web.repositories import header
from registry.hub.routing import HubCall
from registry.models import Repository, Revision
from registry.services import history, refs
from registry.services.errors import RevisionNotFound
from registry.web.links import listing
from registry.web.pages import person


class _FirstParents(Sequence[Revision]):
    """A history of any length, of which one page is read."""

    def __init__(self, head: Revision) -> None:
        self.head = head

    def __len__(self) -> int:
        return self.head.generation + 1

    @overload
    def __getitem__(self, wanted: int) -> Revision: ...
    @overload
    def __getitem__(self, wanted: slice) -> list[Revision]: ...
    def __getitem__(self, wanted: int | slice) -> Revision | list[Revision]:
        start, stop, _ = (
            wanted.indices(len(self)) if isinstance(wanted, slice) else (wanted, wanted + 1, 1)
        )
        found = history.log(self.head, limit=stop - start, skip=start) if stop > start else []
        return found if isinstance(wanted, slice) else found[0]


@require_GET
def commit_list(
    request: HttpRequest, repo_type: str, namespace: str, name: str, rest: str = ""
) -> HttpResponse:
    repository = readable(request, repo_type, namespace, name)
    try:
        revision, path = HubCall(request).revision_and_path(repository)
    except RevisionNotFound:
        if rest.strip("/") not in {"", repository.default_branch}:
            raise
        context = header(repository, "commits", user=person(request))
        return render(request, "contributions/repository_empty.html", context)
    if path:
        raise RevisionNotFound(rest, where=repository.full_name)
    page = listing(request, _FirstParents(revision))
    commits = list(page.page.object_list)
    context = {
        **place(request, repository, revision, "", "commits"),
        "listing": page,
        "rows": _with_origins(repository, commits),
    }
    return render(request, "contributions/commits.html", context)


def _with_origins(
    repository: Repository, commits: list[Revision]
) -> list[tuple[Revision, dict[str, Any]]]:
    """Each commit with the release it is, the pull request it merged, the submission it began."""
    oids = [commit.oid for commit in commits]
    releases = Release.objects.filter(
        track__repository=repository, revision__in=oids
    ).select_related("track")
    pulls = Discussion.objects.filter(repository=repository, merge_oid__in=oids).exclude(
        merge_oid=""
    )
    firsts = Submission.objects.filter(
        repository=repository, discussion=None, head_revision__in=oids
    )
    found: dict[str, dict[str, Any]] = {oid: {"releases": []} for oid in oids}
    for release in releases.order_by("track__name", "number"):
        found[release.revision]["releases"].append(release)
    for pull in pulls:
        found[pull.merge_oid]["pull"] = pull
    for first in firsts:
        found[first.head_revision]["submission"] = first
    return [(commit, found[commit.oid]) for commit in commits]


@require_GET
def ref_list(request: HttpRequest, repo_type: str, namespace: str, name: str) -> HttpResponse:
    repository = readable(request, repo_type, namespace, name)
    named = repository.refs.filter(name__startswith=refs.HEADS) | repository.refs.filter(
        name__startswith=refs.TAGS
    )
    page = listing(request, named.order_by("name"))
    at = {ref.oid for ref in page.page}
    known = Revision.objects.filter(repository=repository, oid__in=at).select_related("author")
    commits = {commit.oid: commit for commit in known}
    main = refs.head(repository.default_branch)
    context = {
        **header(repository, "commits", user=person(request)),
        "listing": page,
        "rows": [
            (ref, commits.get(ref.oid), ref.name.startswith(refs.TAGS), ref.name == main)
            for ref in page.page
        ],
    }
    return render(request, "contributions/refs.html", context)
