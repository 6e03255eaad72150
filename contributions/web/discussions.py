"""Discussions and pull requests of a repository: their list, and one thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from contributions.models import Discussion, DiscussionStatus
from contributions.services import access as contributed
from contributions.services import discussions, pull_requests
from contributions.web import previews, threads
from contributions.web.forms import CommentForm, DiscussionForm
from contributions.web.repositories import header
from registry.models import MemberRole, Repository, User
from registry.services import access, refs, tree_diffs
from registry.services.access import Need
from registry.services.errors import Forbidden, ServiceError
from registry.web.links import choices, listing
from registry.web.pages import caller, person, signed_in
from registry.web.rendering import markdown

CHANGES_SHOWN = 100
EVENTS = 60
_FILTERS = {
    "": (gettext_lazy("open"), [DiscussionStatus.OPEN, DiscussionStatus.DRAFT]),
    "merged": (gettext_lazy("merged"), [DiscussionStatus.MERGED]),
    "closed": (gettext_lazy("closed"), [DiscussionStatus.CLOSED]),
    "all": (gettext_lazy("all"), list(DiscussionStatus)),
}
_KINDS = {
    "": gettext_lazy("both kinds"),
    "pull": gettext_lazy("pull requests"),
    "talk": gettext_lazy("discussions"),
}


@require_GET
def discussion_list(
    request: HttpRequest, repo_type: str, namespace: str, name: str
) -> HttpResponse:
    repository = access.repository(caller(request), repo_type, namespace, name, need=Need.READ)
    return _listed(request, repository, DiscussionForm())


def _listed(
    request: HttpRequest, repository: Repository, form: DiscussionForm, **more: Any
) -> HttpResponse:
    _, wanted = _FILTERS.get(request.GET.get("status", ""), _FILTERS[""])
    rows = Discussion.objects.filter(repository=repository, status__in=wanted)
    if (kind := request.GET.get("kind", "")) in ("pull", "talk"):
        rows = rows.filter(is_pull_request=kind == "pull")
    context = {
        **header(repository, "discussions", user=person(request)),
        "listing": listing(request, rows.select_related("author", "submission").order_by("-num")),
        "status_choices": choices(request, "status", [(k, str(v[0])) for k, v in _FILTERS.items()]),
        "kind_choices": choices(request, "kind", [(k, str(v)) for k, v in _KINDS.items()]),
        "form": form,
        **more,
    }
    return render(
        request, "contributions/discussions.html", context, status=400 if form.errors else 200
    )


@login_required
@require_POST
def start(request: HttpRequest, repo_type: str, namespace: str, name: str) -> HttpResponse:
    repository = access.repository(caller(request), repo_type, namespace, name, need=Need.PROPOSE)
    form = DiscussionForm(request.POST)
    if not form.is_valid():
        return _listed(request, repository, form)
    if request.POST.get("do") == "preview":
        text = form.cleaned_data["description"]
        if not previews.may_look(signed_in(request), form):
            return _listed(request, repository, form)
        return _listed(request, repository, form, preview=_preview(repository, text))
    try:
        made = discussions.open_discussion(
            repository, author=signed_in(request), **form.cleaned_data
        )
    except ServiceError as refused:
        form.add_error(None, str(refused))
        return _listed(request, repository, form)
    return HttpResponseRedirect(made.get_absolute_url())


def _preview(repository: Repository, text: str) -> str:
    return markdown(text, addresses=threads.addresses(repository, [text]))


@require_GET
def discussion_page(
    request: HttpRequest, repo_type: str, namespace: str, name: str, num: int
) -> HttpResponse:
    asking = caller(request)
    repository = access.repository(asking, repo_type, namespace, name, need=Need.READ)
    discussion = contributed.discussion(asking, repository, num)
    return _page(request, repository, discussion, CommentForm())


def _page(
    request: HttpRequest,
    repository: Repository,
    discussion: Discussion,
    form: CommentForm,
    **more: Any,
) -> HttpResponse:
    user = person(request)
    discussion.repository = repository
    role = access.role_on(user, repository)
    head = header(repository, "discussions", user=user, role=role)
    may = _may(user, discussion, role, protected=head["main_is_protected"])
    page = listing(request, discussion.events.select_related("author").order_by("id"), size=EVENTS)
    context = {
        **head,
        "discussion": discussion,
        "listing": page,
        "thread": threads.entries(
            repository,
            page.page.object_list,
            user_id=user.pk if user else None,
            moderates=may["writes"],
        ),
        "submission": getattr(discussion, "submission", None),
        "form": form if user else None,
        **_proposal(request, repository, discussion),
        **may,
        **more,
    }
    status = 400 if form.errors else 200
    return render(request, "contributions/discussion.html", context, status=status)


@login_required
@require_POST
def answer(
    request: HttpRequest, repo_type: str, namespace: str, name: str, num: int
) -> HttpResponse:
    """Comment, preview, close, open again, or merge: one form with several buttons."""
    asking, user = caller(request), signed_in(request)
    repository = access.repository(asking, repo_type, namespace, name, need=Need.READ)
    wanted = request.POST.get("do", "comment")
    need = Need.PROPOSE if wanted in ("comment", "preview") else Need.WRITE
    discussion = contributed.discussion(asking, repository, num, need=need)
    form = CommentForm(request.POST)
    text = request.POST.get("comment", "")
    if wanted == "preview":
        shown = {"preview": _preview(repository, text)} if previews.may_look(user, form) else {}
        return _page(request, repository, discussion, form, **shown)
    if wanted == "comment" and not form.is_valid():
        return _page(request, repository, discussion, form)
    if wanted == "merge":
        access.authorise(asking, repository, need=Need.WRITE)
    try:
        _act(wanted, discussion, user, text)()
    except ServiceError as refused:
        form.is_valid()
        form.add_error(None, str(refused))
        return _page(request, repository, discussion, form)
    return HttpResponseRedirect(f"{discussion.get_absolute_url()}{_last_page(discussion)}#answer")


def _act(wanted: str, discussion: Discussion, user: User, text: str) -> Callable[[], object]:
    if wanted == "comment":
        return lambda: discussions.comment(discussion, author=user, text=text)
    if wanted == "merge":
        return lambda: pull_requests.merge(discussion, actor=user, text=text)
    statuses = {"close": DiscussionStatus.CLOSED, "open": DiscussionStatus.OPEN}
    if wanted not in statuses:
        raise BadRequest(gettext("There is no such button."))
    return lambda: discussions.set_status(
        discussion, actor=user, status=statuses[wanted], text=text
    )


def _last_page(discussion: Discussion) -> str:
    """Where the newest entry stands."""
    pages = -(-discussion.events.count() // EVENTS)
    return f"?page={pages}" if pages > 1 else ""


def _proposal(
    request: HttpRequest, repository: Repository, discussion: Discussion
) -> dict[str, Any]:
    """What a pull request changes, for those who may read the files."""
    head = refs.current(repository, discussion.ref) if discussion.is_pull_request else None
    if head is None:
        return {}
    try:
        access.authorise(caller(request), repository, need=Need.CONTENT)
    except Forbidden:
        return {"head": head, "closed_files": True}
    roots = tree_diffs.trees(repository, discussion.base_oid, head)
    changed = tree_diffs.with_renames(tree_diffs.changed(*roots))
    return {
        "head": head,
        "changes": changed[:CHANGES_SHOWN],
        "change_count": len(changed),
    }


def _may(
    user: User | None, discussion: Discussion, role: MemberRole | None, *, protected: bool
) -> dict[str, bool]:
    writes = role in {MemberRole.WRITE, MemberRole.MAINTAINER}
    acts = writes or user == discussion.author
    live = discussion.status in {DiscussionStatus.OPEN, DiscussionStatus.DRAFT}
    return {
        "writes": writes,
        "may_rename": acts,
        "may_close": acts and live,
        "may_open": acts and discussion.status in {DiscussionStatus.CLOSED, DiscussionStatus.DRAFT},
        "may_merge": writes
        and discussion.is_pull_request
        and discussion.status == DiscussionStatus.OPEN
        and not protected,
        "is_protected": protected and discussion.is_pull_request,
    }
