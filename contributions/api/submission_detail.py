"""One submission with all that belongs to it, in a number of queries that no data changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, Max, Value, When

from contributions.api import run_shapes
from contributions.models import (
    Comparison,
    Credit,
    Decision,
    DiscussionEventKind,
    DiscussionStatus,
    Finding,
    Release,
    Review,
    Run,
    RunKind,
    RunStatus,
    Severity,
    Submission,
    SubmissionStatus,
)
from contributions.services import access, reviews, status
from registry.models import User
from registry.services.access import Caller, can_write

RUNS_SHOWN = 24
_SEVERITY = Case(
    When(severity=Severity.BLOCK, then=Value(0)),
    When(severity=Severity.WARN, then=Value(1)),
    default=Value(2),
)


def version(submission: Submission, user: User | None) -> tuple[object, ...]:
    """Changes whenever the answer would: three small queries instead of a dozen."""
    runs = submission.runs.values_list("pk", "status", "attempt", "heartbeat_at").order_by("pk")
    given = submission.reviews.aggregate(last=Max("pk"), answered=Max("answer"))
    state = (submission.status, submission.status_since, submission.status_reason)
    facts = (submission.title, submission.evaluate, submission.track_id, submission.head_revision)
    discussion = submission.discussion.status if submission.discussion else ""
    return (submission.pk, user and user.pk, state, facts, discussion, given, *runs)


@dataclass(frozen=True)
class Shown:
    """What `SubmissionSerializer` reads beside the submission's own fields."""

    runs: list[Run]
    reviews: list[Review]
    question: Review | None
    actions: list[str]
    keys: list[dict[str, Any]]
    description: str
    findings: list[Finding] = field(default_factory=list)
    scores: list[Comparison] = field(default_factory=list)
    credit: list[Credit] = field(default_factory=list)


def whole(submission: Submission, caller: Caller) -> Submission:
    """The submission with `shown`."""
    given = list(submission.reviews.select_related("reviewer", "answer").order_by("id"))
    stands = status.stands(submission, given)
    access.shown(caller.user, [submission])
    credit = submission.credits.select_related("release__track", "contributor").filter(
        release__in=Release.objects.visible_to(caller.user).values("pk")
    )
    question = reviews.open_question(submission) if given else None
    runs = _runs(submission, caller)
    submission.shown = Shown(  # type: ignore[attr-defined]
        runs=runs,
        reviews=given,
        question=question,
        actions=_actions(submission, caller, runs, question),
        keys=_keys(submission, stands),
        description=_description(submission),
        findings=_findings(submission),
        scores=_scores(submission),
        credit=list(credit.order_by("-id")),
    )
    return submission


def new(submission: Submission, caller: Caller, *, description: str) -> Submission:
    """One that was made a moment ago: nothing but its check belongs to it yet."""
    runs = list(run_shapes.lines(submission.runs.all())[:RUNS_SHOWN])
    submission.shown = Shown(  # type: ignore[attr-defined]
        runs=runs,
        reviews=[],
        question=None,
        actions=_actions(submission, caller, runs, None),
        keys=_keys(submission, {}),
        description=description,
    )
    return submission


def _runs(submission: Submission, caller: Caller) -> list[Run]:
    seen = submission.runs.on_tracks_visible_to(caller.user)
    return list(run_shapes.lines(seen)[:RUNS_SHOWN])


def _description(submission: Submission) -> str:
    if submission.discussion is None:
        return ""
    opening = submission.discussion.events.filter(kind=DiscussionEventKind.COMMENT, hidden=False)
    return opening.values_list("text", flat=True).first() or ""


def _findings(submission: Submission) -> list[Finding]:
    check = Run.objects.filter(
        submission=submission, kind=RunKind.CHECK, head_revision=submission.head_revision
    ).order_by("-id")
    found = Finding.objects.filter(run__in=check.values("pk")[:1])
    return list(found.order_by(_SEVERITY, "path", "id"))


def _scores(submission: Submission) -> list[Comparison]:
    measured = Comparison.objects.filter(
        submission=submission,
        run__head_revision=submission.head_revision,
        run__track=submission.track,
    )
    newest = measured.order_by("-run_id").values("run_id")[:1]
    found = measured.filter(run_id__in=newest).select_related("candidate", "reference")
    return list(found.order_by("split", "measure"))


def _keys(submission: Submission, stands: Mapping[str, Review]) -> list[dict[str, Any]]:
    """Each key that the policy asks for, with the decision that stands on the head."""
    return [
        {
            "key": key,
            "decision": stands[key].decision if key in stands else None,
            "reviewer": stands[key].reviewer.username if key in stands else None,
        }
        for key in dict.fromkeys([*status.required_keys(submission), *stands])
    ]


def _actions(
    submission: Submission, caller: Caller, runs: list[Run], question: Review | None
) -> list[str]:
    """What may be offered in this state; the services decide again."""
    user, discussion = caller.user, submission.discussion
    if user is None or not caller.may_write_scope:
        return []
    own = user == submission.contributor
    if not own and not can_write(user, submission.repository):
        return []
    state = SubmissionStatus(submission.status)
    active = any(not RunStatus(run.status).is_over for run in runs)
    stopped = state in {SubmissionStatus.FAILED, SubmissionStatus.CANCELLED}
    draft = discussion is not None and discussion.status == DiscussionStatus.DRAFT
    possible = {
        "cancel": active,
        "rerun": stopped and not active,
        "withdraw": not state.is_final,
        "open": draft,
        "evaluate": draft and not submission.evaluate and not state.is_final,
        "track": discussion is not None and not state.is_final,
        "answer": own and question is not None and question.decision == Decision.INFO,
    }
    return [name for name, may in possible.items() if may]
