"""Discussions and pull requests of a repository."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_POST

from contributions.models import (
    Discussion,
    DiscussionEvent,
    DiscussionEventKind,
    DiscussionStatus,
    Submission,
)
from contributions.services import access as contributed
from contributions.services import diffs, discussions, protection, pull_requests
from contributions.web.forms import CommentForm, DiscussionForm
from contributions.web.repositories import header
from registry.models import Repository, User
from registry.services import access, refs
from registry.services.access import Need, can_write
from registry.web.links import choices, listing
from registry.web.pages import attempt, caller, person, signed_in
from registry.web.rendering import markdown

CHANGES_SHOWN = 200
_FILTERS = {
    "": ("open", [DiscussionStatus.OPEN, DiscussionStatus.DRAFT]),
    "closed": ("closed", [DiscussionStatus.CLOSED, DiscussionStatus.MERGED]),
    "all": ("all", list(DiscussionStatus)),
}


@require_GET
def discussion_list(
    request: HttpRequest, repo_type: str, namespace: str, name: str
) -> HttpResponse:
    repository = access.repository(caller(request), repo_type, namespace, name, need=Need.READ)
    return _listed(request, repository, DiscussionForm())


def _listed(
    request: HttpRequest, repository: Repository, form: DiscussionForm, status: int = 200
) -> HttpResponse:
    _, wanted = _FILTERS.get(request.GET.get("status", ""), _FILTERS[""])
    rows = (
        Discussion.objects.filter(repository=repository, status__in=wanted)
        .select_related("author", "submission")
        .order_by("-num")
    )
    context = {
        **header(repository, "discussions"),
        "listing": listing(request, rows),
        "status_choices": choices(request, "status", [(k, v[0]) for k, v in _FILTERS.items()]),
        "form": form,
    }
    return render(request, "contributions/discussions.html", context, status=status)


@login_required
@require_POST
def start(request: HttpRequest, repo_type: str, namespace: str, name: str) -> HttpResponse:
    repository = access.repository(caller(request), repo_type, namespace, name, need=Need.PROPOSE)
    form = DiscussionForm(request.POST)
    if not form.is_valid():
        return _listed(request, repository, form, status=400)
    made = discussions.open_discussion(repository, author=signed_in(request), **form.cleaned_data)
    return HttpResponseRedirect(made.get_absolute_url())


@require_GET
def discussion_page(
    request: HttpRequest, repo_type: str, namespace: str, name: str, num: int
) -> HttpResponse:
    asking = caller(request)
    repository = access.repository(asking, repo_type, namespace, name, need=Need.READ)
    discussion = contributed.discussion(asking, repository, num)
    user = person(request)
    events = list(discussion.events.select_related("author"))
    context = {
        **header(repository, "discussions"),
        "discussion": discussion,
        "thread": [(event, _words(event)) for event in events],
        "submission": Submission.objects.filter(discussion=discussion).first(),
        "form": CommentForm() if user else None,
        **_proposal(request, repository, discussion),
        **_may(user, repository, discussion),
    }
    return render(request, "contributions/discussion.html", context)


@login_required
@require_POST
def answer(
    request: HttpRequest, repo_type: str, namespace: str, name: str, num: int
) -> HttpResponse:
    """Comment, close, open again, or merge: one form with several buttons."""
    asking, user = caller(request), signed_in(request)
    repository = access.repository(asking, repo_type, namespace, name, need=Need.READ)
    wanted = request.POST.get("do", "comment")
    need = Need.PROPOSE if wanted == "comment" else Need.WRITE
    discussion = contributed.discussion(asking, repository, num, need=need)
    text = request.POST.get("comment", "")

    def act() -> object:
        if wanted == "comment":
            return discussions.comment(discussion, author=user, text=text)
        if wanted == "merge":
            access.authorise(asking, repository, need=Need.WRITE)
            return pull_requests.merge(discussion, actor=user, text=text)
        target = DiscussionStatus.CLOSED if wanted == "close" else DiscussionStatus.OPEN
        return discussions.set_status(discussion, actor=user, status=target, text=text)

    done = {"comment": "Your comment is there.", "merge": "It is merged."}
    return attempt(request, act, done=done.get(wanted, "Done."), then=discussion.get_absolute_url())


def _words(event: DiscussionEvent) -> SafeString | str:
    """What a line of the thread says; comments are rendered, all else is plain."""
    if event.kind == DiscussionEventKind.COMMENT:
        return "" if event.hidden else markdown(event.text)
    data = event.data
    if event.kind == DiscussionEventKind.COMMIT:
        return str(data.get("subject", ""))
    if event.kind == DiscussionEventKind.TITLE:
        return f"renamed it from “{data.get('from', '')}” to “{data.get('to', '')}”"
    return f"set the status to {data.get('status', '')}"


def _proposal(
    request: HttpRequest, repository: Repository, discussion: Discussion
) -> dict[str, Any]:
    """What a pull request changes, for those who may read the files."""
    head = refs.current(repository, discussion.ref) if discussion.is_pull_request else None
    if head is None:
        return {}
    if repository.gated and person(request) is None:
        return {"head": head}
    changed = diffs.changes(repository, discussion.base_oid, head) if discussion.base_oid else []
    return {"head": head, "changes": changed[:CHANGES_SHOWN], "change_count": len(changed)}


def _may(user: User | None, repository: Repository, discussion: Discussion) -> dict[str, bool]:
    writes = user is not None and can_write(user, repository)
    acts = writes or user == discussion.author
    live = discussion.status in {DiscussionStatus.OPEN, DiscussionStatus.DRAFT}
    free = protection.protecting_track(repository) is None
    return {
        "may_close": acts and live,
        "may_open": acts and discussion.status in {DiscussionStatus.CLOSED, DiscussionStatus.DRAFT},
        "may_merge": writes
        and discussion.is_pull_request
        and discussion.status == DiscussionStatus.OPEN
        and free,
        "is_protected": not free and discussion.is_pull_request,
    }
