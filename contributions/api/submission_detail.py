"""One submission with all that belongs to it, in a number of queries that no data changes."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Max, QuerySet

from contributions.api import run_shapes
from contributions.models import (
    Comparison,
    Credit,
    DiscussionEvent,
    DiscussionEventKind,
    Finding,
    Release,
    Review,
    Run,
    Submission,
)
from contributions.services import access, actions, findings, status
from registry.services.access import Caller, can_write

RUNS_SHOWN = 24
_ACTIONS = ("cancel", "rerun", "withdraw", "open", "evaluate", "track", "answer")


def version(submission: Submission, caller: Caller) -> tuple[object, ...]:
    """Changes whenever the answer would: a few small queries instead of a dozen."""
    runs = submission.runs.values_list("pk", "status", "attempt", "heartbeat_at").order_by("pk")
    given = submission.reviews.aggregate(last=Max("pk"), answered=Max("answer"))
    state = (submission.status, submission.status_since, submission.status_reason)
    facts = (submission.title, submission.evaluate, submission.track_id, submission.head_revision)
    discussion = submission.discussion.status if submission.discussion else ""
    described = _opening(submission).values_list("pk", "edited_at", "hidden").first()
    [shown] = access.shown(caller.user, [copy(submission)])
    seen = (shown.track and shown.track.name, status.required_keys(shown))
    about = (submission.pk, state, facts, discussion, described, given, seen)
    return (*about, *_rights(submission, caller), *runs)


def _rights(submission: Submission, caller: Caller) -> tuple[object, ...]:
    """What `actions` follow from."""
    user = caller.user
    writes = user is not None and can_write(user, submission.repository)
    return (user and user.pk, writes, caller.may_write_scope)


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
        release__in=Release.objects.open_to(caller.user).values("pk")
    )
    question = status.question(stands.values())
    runs = _runs(submission, caller)
    submission.shown = Shown(  # type: ignore[attr-defined]
        runs=runs,
        reviews=given,
        question=question,
        actions=_actions(submission, caller, runs, question),
        keys=_keys(submission, stands),
        description=_description(submission),
        findings=list(findings.of_head(submission)),
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
    return _opening(submission).values_list("text", flat=True).first() or ""


def _opening(submission: Submission) -> QuerySet[DiscussionEvent]:
    """The first comment of its pull request; one that was hidden has no text any more."""
    kind = DiscussionEventKind.COMMENT
    return DiscussionEvent.objects.filter(discussion=submission.discussion_id, kind=kind)


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
    """What may be offered to this caller, for a token that may write or a session."""
    if not caller.may_write_scope:
        return []
    may = actions.allowed(caller.user, submission, runs, question)
    return [name for name in _ACTIONS if getattr(may, name)]
