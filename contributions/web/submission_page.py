"""What the page of one submission shows. The number of queries does not depend on the data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Max, QuerySet, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Right
from django.http import HttpRequest

from contributions.models import (
    Comparison,
    DiscussionEventKind,
    Finding,
    Review,
    Run,
    RunKind,
    RunStatus,
    Severity,
    Submission,
    SubmissionStatus,
)
from contributions.services import reviews
from contributions.services.status import required_keys
from contributions.web import polling
from contributions.web.forms import ReviewForm, TrackForm
from contributions.web.scores import SplitScores, by_split
from registry.models import User
from registry.services.access import can_write
from registry.web.pages import person

LOG_TAIL = 6000
RUNS_SHOWN = 24
_SEVERITY = Case(
    When(severity=Severity.BLOCK, then=Value(0)),
    When(severity=Severity.WARN, then=Value(1)),
    default=Value(2),
)


def version(request: HttpRequest, submission: Submission) -> str:
    """Changes whenever the live part would: two small queries instead of a dozen."""
    user = person(request)
    runs = submission.runs.values_list("pk", "status", "attempt", "heartbeat_at").order_by("pk")
    last = submission.reviews.aggregate(review=Max("pk"))
    state = (submission.status, submission.status_since, submission.status_reason)
    return polling.etag(submission.pk, user and user.pk, state, submission.track_id, last, *runs)


def details(request: HttpRequest, submission: Submission) -> dict[str, Any]:
    """The live part: status, buttons, findings, scores, runs, timeline."""
    runs = list(shown_runs(submission.runs.all())[:RUNS_SHOWN])
    head = submission.head_revision
    found = list(_reviews(submission))
    current = [run for run in runs if run.head_revision == head]
    at_work = [run for run in current if run.status == RunStatus.RUNNING]
    return {
        "submission": submission,
        "moving": SubmissionStatus(submission.status).is_moving,
        "runs": current,
        "opened": next(iter(at_work or current), None),
        "earlier_runs": [run for run in runs if run.head_revision != head],
        "findings": _findings(submission),
        "scores": _scores(submission),
        "reviews": found,
        "keys": _keys(submission, found),
        "credits": submission.credits.select_related("release__track").order_by("-release_id"),
        "pool": submission.release_patches.select_related("release__track").order_by("-release_id"),
        "timeline": _timeline(submission, runs, found),
        "buttons": _buttons(person(request), submission, runs),
    }


def standing_panel(
    request: HttpRequest, submission: Submission, *, form: ReviewForm | None = None
) -> dict[str, Any]:
    """Forms with text in them are never replaced while somebody writes."""
    user = person(request)
    if user is None or SubmissionStatus(submission.status).is_final:
        return {}
    chosen = form or ReviewForm(submission, user)
    if not chosen.has_keys:
        return {}
    return {"review_form": chosen, "interest": reviews.interest_of(user, submission)}


def shown_runs(runs: QuerySet[Run]) -> QuerySet[Run]:
    """Newest first, with the end of the log only; a run's own page has the rest."""
    return (
        runs.annotate(tail=Right("log", LOG_TAIL), role=KeyTextTransform("role", "plan"))
        .defer("log", "plan", "spec", "result")
        .select_related("contributor")
        .prefetch_related("attempts")
        .order_by("-id")
    )


def _findings(submission: Submission) -> QuerySet[Finding]:
    """Of the newest check of the head only: older ones were about other files."""
    check = Run.objects.filter(
        submission=submission, kind=RunKind.CHECK, head_revision=submission.head_revision
    ).order_by("-id")
    return Finding.objects.filter(run__in=check.values("pk")[:1]).order_by(_SEVERITY, "path", "id")


def _scores(submission: Submission) -> list[SplitScores]:
    comparisons = Comparison.objects.filter(
        submission=submission,
        run__head_revision=submission.head_revision,
        run__track=submission.track,
    ).select_related("candidate", "reference")
    primary = submission.track.metric if submission.track else ""
    return by_split(comparisons, primary=primary)


def _reviews(submission: Submission) -> QuerySet[Review]:
    return submission.reviews.select_related("reviewer").order_by("id")


@dataclass(frozen=True)
class KeyState:
    key: str
    review: Review | None


def _keys(submission: Submission, given: list[Review]) -> list[KeyState]:
    """Each key that the policy asks for, with the decision that stands on the head."""
    standing = {r.key: r for r in given if r.revision == submission.head_revision}
    current = {key: r for key, r in standing.items() if r.decision != "reverse"}
    wanted = dict.fromkeys([*required_keys(submission), *current])
    return [KeyState(key, current.get(key)) for key in wanted]


@dataclass(frozen=True)
class Moment:
    at: datetime
    what: str
    who: str = ""


def _timeline(submission: Submission, runs: list[Run], given: list[Review]) -> list[Moment]:
    """What happened, newest first."""
    moments = [Moment(submission.created_at, "Offered", submission.contributor.username)]
    if submission.discussion is not None:
        pushes = submission.discussion.events.filter(kind=DiscussionEventKind.COMMIT)
        moments += [
            Moment(e.created_at, f"Commit: {e.data.get('subject') or e.text}", e.author.username)
            for e in pushes.select_related("author").order_by("-id")[:20]
        ]
    for run in runs:
        if run.finished_at:
            ended = "finished" if run.status == RunStatus.SUCCEEDED else run.status
            what = f"{run.get_kind_display()} {ended}"
            moments.append(Moment(run.finished_at, what))
    for review in given:
        what = f"{review.get_key_display().capitalize()} key: {review.get_decision_display()}"
        moments.append(Moment(review.created_at, what, review.reviewer.username))
    return sorted(moments, key=lambda moment: moment.at, reverse=True)


def _buttons(user: User | None, submission: Submission, runs: list[Run]) -> dict[str, Any]:
    """What may be offered to this person in this state; the services decide again."""
    may = user is not None and (
        user == submission.contributor or can_write(user, submission.repository)
    )
    if not may:
        return {}
    status = SubmissionStatus(submission.status)
    active = any(not RunStatus(run.status).is_over for run in runs)
    choosing = status is SubmissionStatus.NEEDS_TRACK
    return {
        "any": True,
        "cancel": active,
        "rerun": not active and status in {SubmissionStatus.FAILED, SubmissionStatus.CANCELLED},
        "draft": status is SubmissionStatus.DRAFT,
        "withdraw": not status.is_final,
        "track_form": TrackForm(submission) if choosing else None,
    }
