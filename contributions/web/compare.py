"""What changed: between two revisions, or by one commit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.html import escape
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from contributions.models import Discussion, DiscussionEventKind, Release, Submission
from contributions.services import diffs, file_diffs
from contributions.services.file_diffs import FileDiff
from contributions.web.files import readable
from contributions.web.repositories import header
from registry.hub.routing import HubCall
from registry.models import Repository, Revision
from registry.services import refs, tree_diffs
from registry.services.errors import EntryNotFound, Invalid
from registry.services.line_diffs import Line
from registry.services.tensor_diffs import TensorChange
from registry.web.links import listing
from registry.web.pages import person

FILES = 40
ROWS, ROW_BYTES = 900, 80_000
LONGEST_LINE = 1000
TENSORS = 150
_PLAIN = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class Shown:
    """One file's difference as far as the page has room for it."""

    diff: FileDiff
    number: int
    lines: list[Line]
    tensors: list[TensorChange]
    # Where the rest begins; None: this is all.
    more: str | None

    @property
    def more_tensors(self) -> int:
        found = self.diff.tensors
        return len(found.changes) - len(self.tensors) if found else 0


@require_GET
def compare(
    request: HttpRequest, repo_type: str, namespace: str, name: str, rest: str = ""
) -> HttpResponse:
    repository = readable(request, repo_type, namespace, name)
    if not rest:
        return _choose(request, repository)
    base_name, dots, head_name = "/".join(HubCall(request).tail).partition("...")
    if not dots or not base_name or not head_name:
        raise Invalid(
            gettext("Two revisions are needed, with three dots between them."),
            where=rest[:200],
            next=gettext("For example /%(path)s/compare/main...my-branch.")
            % {"path": repository.path},
        )
    base, head = refs.resolve(repository, base_name), refs.resolve(repository, head_name)
    if request.GET.get("as") == "diff":
        return _plain(repository, base.oid, head.oid)
    context = {
        **header(repository, "commits", user=person(request)),
        "base": base,
        "head": head,
        "base_name": base_name,
        "head_name": head_name,
        **differences(request, repository, base.oid, head.oid),
    }
    return render(request, "contributions/compare.html", context)


def _choose(request: HttpRequest, repository: Repository) -> HttpResponse:
    """A form names two revisions; their comparison has an address of its own."""
    base, head = (request.GET.get(key, "").strip() for key in ("base", "head"))
    if base and head:
        for wanted in (base, head):
            refs.resolve(repository, wanted)
        return HttpResponseRedirect(f"/{repository.path}/compare/{base}...{head}")
    context = {
        **header(repository, "commits", user=person(request)),
        "base_name": base or repository.default_branch,
        "head_name": head,
    }
    return render(request, "contributions/compare.html", context)


@require_GET
def commit_page(
    request: HttpRequest, repo_type: str, namespace: str, name: str, oid: str
) -> HttpResponse:
    repository = readable(request, repo_type, namespace, name)
    revision = refs.resolve(repository, oid)
    if request.GET.get("as") == "diff":
        return _plain(repository, revision.parent or "", revision.oid)
    context = {
        **header(repository, "commits", user=person(request)),
        "revision": revision,
        "head": revision,
        **_offered(repository, revision),
        **differences(request, repository, revision.parent or "", revision.oid),
    }
    return render(request, "contributions/commit.html", context)


def _offered(repository: Repository, revision: Revision) -> dict[str, Any]:
    """The pull request that the commit is of, and the submission; `hf` prints this address."""
    made = Release.objects.filter(track__repository=repository, revision=revision.oid)
    release = made.select_related("track").order_by("-number").first()
    ours = Discussion.objects.filter(repository=repository).select_related("submission")
    of_push = Q(events__kind=DiscussionEventKind.COMMIT, events__data__oid=revision.oid)
    pull = ours.filter(of_push | Q(merge_oid=revision.oid)).order_by("num").first()
    if pull is not None:
        submission = getattr(pull, "submission", None)
        return {"pull": pull, "submission": submission, "release": release}
    firsts = Submission.objects.filter(repository=repository, discussion=None)
    return {
        "submission": firsts.filter(head_revision=revision.oid).first(),
        "release": release,
    }


def _plain(repository: Repository, base: str, head: str) -> HttpResponse:
    """As `git diff` prints it, to be saved or read by programs."""
    text = diffs.unified(repository, base, head)
    response = HttpResponse(text, content_type="text/plain; charset=utf-8", headers=_PLAIN)
    name = f"{base[:8] or 'empty'}-{head[:8]}.diff"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def differences(
    request: HttpRequest, repository: Repository, base: str, head: str
) -> dict[str, Any]:
    """The changed files of one page, looked into; `?file=` asks for one, `?from=` for its rest."""
    found = tree_diffs.changed(*tree_diffs.trees(repository, base, head))
    found = tree_diffs.with_renames(found)
    wanted = request.GET.get("file", "")
    if wanted:
        found = [change for change in found if change.path == wanted]
        if not found:
            raise EntryNotFound(
                gettext("%(path)s is not changed here.") % {"path": wanted}, where=wanted
            )
    page = listing(request, found, size=FILES)
    start = request.GET.get("from", "0")
    skip = int(start) if wanted and start.isascii() and start.isdigit() and len(start) < 8 else 0
    return {
        "listing": page,
        "change_count": len(found),
        "files": list(_shown(list(page.page.object_list), skip)),
        "only": wanted,
        "skipped": skip,
        "base_oid": base,
        "head_oid": head,
    }


def _shown(changes: list[tree_diffs.Change], skip: int) -> Iterator[Shown]:
    changes, opened = tree_diffs.loaded(changes)
    budget = file_diffs.Budget()
    rows, room = ROWS, ROW_BYTES
    tensors = TENSORS if len(changes) > 1 else 2 * TENSORS
    for number, change in enumerate(changes, start=1):
        diff = file_diffs.look_into(change, budget, opened=opened)
        every = list(_rows(diff))
        lines: list[Line] = []
        for line in every[skip:]:
            size = len(escape(line.text).encode()) + 70
            if rows <= 0 or room < size:
                break
            lines.append(line)
            rows, room = rows - 1, room - size
        told = diff.tensors.changes[:tensors] if diff.tensors else []
        tensors -= len(told)
        end = skip + len(lines)
        more = urlencode([("file", change.path), ("from", str(end))]) if end < len(every) else None
        yield Shown(diff, number, lines, told, more)


def _rows(diff: FileDiff) -> Iterator[Line]:
    """All lines of a file's hunks, each hunk below its title; endless lines are cut."""
    for hunk in diff.hunks:
        yield Line("@", None, None, hunk.title)
        for line in hunk.lines:
            text = line.text
            if len(text) > LONGEST_LINE:
                text = f"{text[:LONGEST_LINE]}…"
            yield Line(line.kind, line.old, line.new, text)
