"""One comment with its earlier wordings: read, edited, hidden. And the title of a thread."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from contributions.models import Discussion, DiscussionEvent, DiscussionEventKind
from contributions.services import access as contributed
from contributions.services import discussions
from contributions.web import previews, threads
from contributions.web.forms import CommentForm
from contributions.web.repositories import header
from registry.models import Repository
from registry.services import access
from registry.services.access import Need, can_write
from registry.services.errors import Forbidden, NotFound, ServiceError
from registry.web.pages import attempt, caller, person, signed_in
from registry.web.rendering import markdown

# Earlier wordings that one page shows, and characters of each.
WORDINGS, LONGEST = 10, 2000


@require_GET
def comment_page(
    request: HttpRequest, repo_type: str, namespace: str, name: str, num: int, pk: int
) -> HttpResponse:
    repository, discussion, event = _fetched(request, repo_type, namespace, name, num, pk)
    form = CommentForm({"comment": event.text})
    return _page(request, repository, discussion, event, form)


def _page(
    request: HttpRequest,
    repository: Repository,
    discussion: Discussion,
    event: DiscussionEvent,
    form: CommentForm,
    **more: Any,
) -> HttpResponse:
    user = person(request)
    own = user is not None and event.author_id == user.pk and not event.hidden
    known = threads.addresses(repository, [event.text])
    context = {
        **header(repository, "discussions", user=user),
        "discussion": discussion,
        "event": event,
        "html": "" if event.hidden else markdown(event.text, addresses=known),
        "wordings": [
            {**wording, "raw": str(wording.get("raw", ""))[:LONGEST]}
            for wording in event.data.get("history", [])[-WORDINGS:][::-1]
        ],
        "form": form if own else None,
        "may_hide": not event.hidden and (own or (user and can_write(user, repository))),
        **more,
    }
    status = 400 if form.errors and own and request.method == "POST" else 200
    return render(request, "contributions/comment.html", context, status=status)


@login_required
@require_POST
def edit(
    request: HttpRequest, repo_type: str, namespace: str, name: str, num: int, pk: int
) -> HttpResponse:
    repository, discussion, event = _fetched(request, repo_type, namespace, name, num, pk)
    user = signed_in(request)
    if event.author_id != user.pk:
        raise Forbidden(
            gettext("This is somebody else's comment."), next=gettext("Write one of your own.")
        )
    form = CommentForm(request.POST)
    text = request.POST.get("comment", "")
    if request.POST.get("do") == "preview" and previews.may_look(user, form):
        known = threads.addresses(repository, [text])
        preview = markdown(text, addresses=known)
        return _page(request, repository, discussion, event, form, preview=preview)
    if not form.is_valid():
        return _page(request, repository, discussion, event, form)
    try:
        discussions.edit_comment(event, editor=user, text=text)
    except ServiceError as refused:
        form.add_error(None, str(refused))
        return _page(request, repository, discussion, event, form)
    return HttpResponseRedirect(f"{discussion.get_absolute_url()}#event-{event.pk}")


@login_required
@require_POST
def hide(
    request: HttpRequest, repo_type: str, namespace: str, name: str, num: int, pk: int
) -> HttpResponse:
    repository, discussion, event = _fetched(request, repo_type, namespace, name, num, pk)
    user = signed_in(request)
    if event.author_id != user.pk and not can_write(user, repository):
        raise Forbidden(gettext("Only its author and those who may write here can hide it."))
    return attempt(
        request,
        lambda: discussions.hide_comment(event, actor=user),
        done=gettext("The comment is hidden."),
        then=f"{discussion.get_absolute_url()}#event-{event.pk}",
    )


@login_required
@require_POST
def rename(
    request: HttpRequest, repo_type: str, namespace: str, name: str, num: int
) -> HttpResponse:
    asking, user = caller(request), signed_in(request)
    repository = access.repository(asking, repo_type, namespace, name, need=Need.READ)
    discussion = contributed.discussion(asking, repository, num, need=Need.WRITE)
    title = request.POST.get("title", "")
    return attempt(
        request,
        lambda: discussions.rename(discussion, actor=user, title=title),
        done=gettext("It has a new title."),
        then=discussion.get_absolute_url(),
    )


def _fetched(
    request: HttpRequest, repo_type: str, namespace: str, name: str, num: int, pk: int
) -> tuple[Repository, Discussion, DiscussionEvent]:
    asking = caller(request)
    repository = access.repository(asking, repo_type, namespace, name, need=Need.READ)
    need = Need.READ if request.method == "GET" else Need.PROPOSE
    discussion = contributed.discussion(asking, repository, num, need=need)
    discussion.repository = repository
    event = (
        discussion.events.select_related("author")
        .filter(pk=min(pk, 2**62), kind=DiscussionEventKind.COMMENT)
        .first()
    )
    if event is None:
        raise NotFound(gettext("There is no such comment in this discussion."))
    event.discussion = discussion
    return repository, discussion, event
