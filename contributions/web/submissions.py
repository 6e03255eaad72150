"""Submissions: the list, one with everything that happened to it, and what people may do to it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from contributions.models import DiscussionStatus, PatchKind, Submission, SubmissionStatus, Track
from contributions.services import access, discussions, notifications, reviews, submissions
from contributions.web import polling
from contributions.web.forms import ReviewForm, TrackForm
from contributions.web.lists import submission_lines
from contributions.web.submission_page import details, standing_panel, version
from registry.models import User
from registry.services.access import Need
from registry.web.links import choices, listing, with_value
from registry.web.pages import attempt, caller, person, signed_in

_S = SubmissionStatus
# What a reader looks for, and the statuses that it stands for.
STATUS_GROUPS: dict[str, tuple[str, list[SubmissionStatus]]] = {
    "": ("all", []),
    "moving": ("at work", [s for s in _S if s.is_moving]),
    "review": ("in review", [_S.IN_REVIEW, _S.NEEDS_INFO, _S.CHANGES_REQUESTED]),
    "author": ("waiting for the author", [_S.DRAFT, _S.NEEDS_TRACK, _S.REFUSED, _S.FAILED]),
    "approved": ("approved", [_S.APPROVED]),
    "released": ("released", [_S.RELEASED, _S.PUBLISHED]),
    "closed": ("closed", [_S.NOT_ADMITTED, _S.REJECTED, _S.WITHDRAWN, _S.CANCELLED]),
}


@require_GET
def submission_list(request: HttpRequest) -> HttpResponse:
    visible = Submission.objects.visible_to(person(request))
    rows = visible.listed()
    wanted = request.GET
    if (group := wanted.get("status", "")) in STATUS_GROUPS and group:
        rows = rows.filter(status__in=STATUS_GROUPS[group][1])
    if kind := wanted.get("kind"):
        rows = rows.filter(kind=kind)
    if track := wanted.get("track"):
        rows = rows.filter(track__name__iexact=track)
    if by := wanted.get("by"):
        rows = rows.filter(contributor__username__iexact=by)
    page = listing(request, rows)
    names = (
        Track.objects.visible_to(person(request)).order_by("name").values_list("name", flat=True)
    )
    context = {
        "listing": page,
        "lines": submission_lines(page.page),
        "status_choices": choices(request, "status", [(k, v[0]) for k, v in STATUS_GROUPS.items()]),
        "kind_choices": choices(
            request, "kind", [("", "every kind"), *((k.value, k.label) for k in PatchKind)]
        ),
        "track_choices": choices(
            request, "track", [("", "every track"), *((name, name) for name in names[:20])]
        ),
        "by": by,
        "without_person": with_value(request, "by", ""),
        "endpoint": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "contributions/submissions.html", context)


@require_GET
def submission_page(request: HttpRequest, pk: int) -> HttpResponse:
    submission = access.submission(caller(request), pk)
    notifications.seen(person(request), submission)
    context = {
        **details(request, submission),
        **standing_panel(request, submission),
        "version": version(request, submission),
    }
    return render(request, "contributions/submission.html", context)


@require_GET
def live(request: HttpRequest, pk: int) -> HttpResponse:
    submission = access.submission(caller(request), pk)
    return polling.part(
        request,
        "contributions/_submission_live.html",
        version(request, submission),
        lambda: details(request, submission),
    )


def _cancel(submission: Submission, user: User) -> None:
    for run in submission.runs.active():
        submissions.cancel_run(run, actor=user)


def _open(submission: Submission, user: User) -> None:
    if submission.discussion is not None:
        discussions.set_status(submission.discussion, actor=user, status=DiscussionStatus.OPEN)


_VERBS: dict[str, tuple[Callable[[Submission, User], object], str]] = {
    "cancel": (_cancel, "Its runs are being cancelled."),
    "open": (_open, "The pull request is open."),
    "rerun": (lambda s, user: submissions.rerun(s, actor=user), "It will be run again."),
    "withdraw": (lambda s, user: submissions.withdraw(s, actor=user), "It is withdrawn."),
    "evaluate": (
        lambda s, user: submissions.request_evaluation(s, actor=user),
        "It is offered for evaluation.",
    ),
}


@login_required
@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """One of the buttons."""
    submission = access.submission(caller(request), pk, need=Need.WRITE)
    if verb not in _VERBS:
        raise Http404(f"There is no action {verb}.")
    change, done = _VERBS[verb]
    user = signed_in(request)
    return attempt(
        request, lambda: change(submission, user), done=done, then=submission.get_absolute_url()
    )


@login_required
@require_POST
def choose_track(request: HttpRequest, pk: int) -> HttpResponse:
    submission = access.submission(caller(request), pk, need=Need.WRITE)
    form = TrackForm(submission, request.POST)
    if not form.is_valid():
        raise Http404("There is no such track to choose.")
    track = form.cleaned_data["track"]
    return attempt(
        request,
        lambda: submissions.choose_track(submission, track=track, actor=signed_in(request)),
        done=f"It will be measured on the track {track.name}.",
        then=submission.get_absolute_url(),
    )


@login_required
@require_POST
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """A reviewer turns a key. Who may is decided by the service."""
    submission = access.submission(caller(request), pk)
    user = signed_in(request)
    form = ReviewForm(submission, user, request.POST)
    if not form.is_valid():
        context = {
            **details(request, submission),
            **standing_panel(request, submission, form=form),
            "version": version(request, submission),
        }
        return render(request, "contributions/submission.html", context, status=400)
    return attempt(
        request,
        lambda: reviews.review(submission, reviewer=user, **form.cleaned_data),
        done="Your decision is recorded.",
        then=submission.get_absolute_url(),
    )
