"""One submission: its page, and the part of it that follows what happens."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from contributions.models import DiscussionEventKind, Submission, SubmissionStatus
from contributions.services import access, notifications, reviews
from contributions.web import polling
from contributions.web.forms import ReviewForm
from contributions.web.submission_forms import AnswerForm, ReplyForm
from contributions.web.submission_page import details, thread, version
from registry.services.access import Need
from registry.services.remembered import remembered
from registry.web.pages import attempt, caller, person, signed_in
from registry.web.rendering import markdown

COMMENTS_SHOWN = 10
INTEREST_SECONDS = 60


@require_GET
def submission_page(request: HttpRequest, pk: int) -> HttpResponse:
    submission = access.submission(caller(request), pk)
    notifications.seen(person(request), submission)
    return render(request, "contributions/submission.html", _whole(request, submission))


@require_GET
def live(request: HttpRequest, pk: int) -> HttpResponse:
    submission = access.submission(caller(request), pk)
    return polling.part(
        request,
        "contributions/_submission_live.html",
        version(request, submission),
        lambda: details(request, submission),
    )


@login_required
@require_GET
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """What cannot be undone is asked once more, on a page of its own."""
    submission = access.submission(caller(request), pk, need=Need.WRITE)
    return render(request, "contributions/submission_confirm.html", {"submission": submission})


@login_required
@require_POST
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """A reviewer turns a key. Who may is decided by the service."""
    submission = access.submission(caller(request), pk)
    user = signed_in(request)
    form = ReviewForm(submission, user, request.POST)
    if not form.is_valid():
        context = _whole(request, submission, review_form=form)
        return render(request, "contributions/submission.html", context, status=400)
    return attempt(
        request,
        lambda: reviews.review(submission, reviewer=user, **form.cleaned_data),
        done=_("Your decision is recorded."),
        then=submission.get_absolute_url(),
    )


def _whole(
    request: HttpRequest, submission: Submission, *, review_form: ReviewForm | None = None
) -> dict[str, Any]:
    """The page: forms with text in them stand outside the part that refreshes itself."""
    signed = person(request) is not None
    context = details(request, submission)
    return {
        **context,
        **_comments(submission),
        **_reviewing(request, submission, review_form),
        "answer_form": AnswerForm() if context["may"].answer else None,
        "reply_form": ReplyForm() if signed else None,
        "version": version(request, submission) if context["moving"] else "",
    }


def _comments(submission: Submission) -> dict[str, Any]:
    said = [
        event
        for event in thread(submission)
        if event.kind == DiscussionEventKind.COMMENT and event.text and not event.hidden
    ]
    shown = [(event, markdown(event.text)) for event in reversed(said[:COMMENTS_SHOWN])]
    return {"comments": shown, "comment_count": len(said)}


def _reviewing(
    request: HttpRequest, submission: Submission, form: ReviewForm | None
) -> dict[str, Any]:
    user = person(request)
    if user is None or SubmissionStatus(submission.status).is_final:
        return {}
    chosen = form or ReviewForm(submission, user)
    if not chosen.has_keys:
        return {}
    # A hint only, for it is looked for in every commit; the service decides anew.
    interest = remembered(
        f"interest:{user.pk}:{submission.pk}:{submission.head_revision}",
        INTEREST_SECONDS,
        # Not None, which counts as not looked up yet.
        lambda: reviews.interest_of(user, submission) or "",
    )
    return {"review_form": chosen, "interest": interest}
