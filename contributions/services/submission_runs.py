"""The runs of a submission together: stopping what is under way, repeating what has ended."""

from __future__ import annotations

from collections.abc import Iterable

from contributions.models import DiscussionStatus, Run, RunKind, RunStatus, Submission
from contributions.services import runs, status
from registry.models import User
from registry.services.errors import Conflict


def cancel(
    submission: Submission, *, actor: User | None, reason: str, but: str = "", checks: bool = True
) -> None:
    """Cancel what is queued or at work; `but`: runs of this head go on."""
    active = Run.objects.filter(submission=submission).active()
    if but:
        active = active.exclude(head_revision=but)
    if not checks:
        active = active.exclude(kind=RunKind.CHECK)
    for run in active.order_by("pk"):
        runs.cancel(run, actor=actor, reason=reason)


def repeatable(newest: Iterable[Run]) -> list[Run]:
    """One that failed before its first attempt would fail again: planning found no way to it."""
    ended = [run for run in newest if run.status in {RunStatus.FAILED, RunStatus.CANCELLED}]
    return [run for run in ended if run.attempt or run.status != RunStatus.FAILED]


def repeat(submission: Submission, over: set[RunStatus], *, only: Run | None = None) -> list[Run]:
    """Queue again the newest run of each kind and input that ended so."""
    discussion = submission.discussion
    if discussion is not None and discussion.status == DiscussionStatus.CLOSED:
        raise Conflict(
            "Its pull request is closed.",
            where=f"submission {submission.pk}",
            next="Open the pull request again first.",
        )
    again = [r for r in repeatable(status.newest_runs(submission).values()) if r.status in over]
    again = [run for run in again if only in {None, run}]
    return [
        runs.enqueue(
            kind=RunKind(run.kind),
            contributor=run.contributor,
            submission=submission,
            track=run.track,
            plan=run.plan,
            head_revision=run.head_revision,
            input_digest=run.input_digest,
        )
        for run in again
    ]
