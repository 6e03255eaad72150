"""Buttons of a submission's page. Each tells how it went and goes back to the page."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from contributions.models import Discussion, Submission
from contributions.services import access, actions, discussions, reviews, submissions
from contributions.web.forms import TrackForm
from contributions.web.submission_forms import AnswerForm, ReplyForm, TitleForm
from registry.models import User
from registry.services.access import Need
from registry.services.errors import Conflict, Invalid
from registry.web.pages import attempt, caller, signed_in

_VERBS: dict[str, tuple[Callable[[Submission, User], object], object]] = {
    "cancel": (lambda s, user: actions.cancel(s, actor=user), _("Its runs are being cancelled.")),
    "open": (
        lambda s, user: actions.open_pull_request(s, actor=user),
        _("The pull request is open."),
    ),
    "rerun": (lambda s, user: submissions.rerun(s, actor=user), _("It will be run again.")),
    "withdraw": (lambda s, user: submissions.withdraw(s, actor=user), _("It is withdrawn.")),
    "evaluate": (
        lambda s, user: submissions.request_evaluation(s, actor=user),
        _("It is offered for evaluation."),
    ),
}


@login_required
@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """One of the buttons without a field."""
    submission = access.submission(caller(request), pk, need=Need.WRITE)
    if verb not in _VERBS:
        raise Http404(f"There is no action {verb}.")
    change, done = _VERBS[verb]
    user = signed_in(request)
    return _then(request, submission, lambda: change(submission, user), done)


@login_required
@require_POST
def choose_track(request: HttpRequest, pk: int) -> HttpResponse:
    submission = access.submission(caller(request), pk, need=Need.WRITE)
    form = TrackForm(submission, request.POST)
    if not form.is_valid():
        raise Http404("There is no such track to choose.")
    track, user = form.cleaned_data["track"], signed_in(request)
    done = _("It will be measured on the track %s.") % track.name
    return _then(
        request,
        submission,
        lambda: submissions.choose_track(submission, track=track, actor=user),
        done,
    )


@login_required
@require_POST
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    submission = access.submission(caller(request), pk, need=Need.WRITE)
    form, user = TitleForm(request.POST), signed_in(request)

    def change() -> object:
        title = _valid(form)["title"]
        return discussions.rename(_discussion(submission), actor=user, title=title)

    return _then(request, submission, change, _("The title is changed."))


@login_required
@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """To the question of a reviewer; who may answer is decided by the service."""
    submission = access.submission(caller(request), pk)
    form, user = AnswerForm(request.POST), signed_in(request)

    def change() -> object:
        question = reviews.open_question(submission)
        if question is None:
            raise Conflict("No question waits for an answer.", next="Write a comment instead.")
        return reviews.answer(question, author=user, text=_valid(form)["text"])

    return _then(request, submission, change, _("Your answer is sent; the review goes on."))


@login_required
@require_POST
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    submission = access.submission(caller(request), pk, need=Need.PROPOSE)
    form, user = ReplyForm(request.POST), signed_in(request)

    def change() -> object:
        text = _valid(form)["comment"]
        return discussions.comment(_discussion(submission), author=user, text=text)

    return _then(request, submission, change, _("Your comment is there."), "#talk")


def _then(
    request: HttpRequest,
    submission: Submission,
    change: Callable[[], object],
    done: object,
    at: str = "",
) -> HttpResponse:
    return attempt(request, change, done=str(done), then=f"{submission.get_absolute_url()}{at}")


def _valid(form: Form) -> dict[str, str]:
    if not form.is_valid():
        where, faults = next(iter(form.errors.items()))
        raise Invalid(str(faults[0]), where=where, next="Fill it in and send it again.")
    return dict(form.cleaned_data)


def _discussion(submission: Submission) -> Discussion:
    if submission.discussion is None:
        raise Conflict(
            "A first revision has no pull request.",
            where=f"submission {submission.pk}",
            next="Open a discussion in its repository.",
        )
    return submission.discussion
