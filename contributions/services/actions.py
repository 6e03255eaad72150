"""What a person may do to a submission in its present state: one rule for buttons and programs.

Only what can be done is offered; the services decide again when it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contributions.models import (
    Decision,
    DiscussionStatus,
    Review,
    Run,
    RunKind,
    RunStatus,
    Submission,
    SubmissionStatus,
)
from contributions.services import discussions, submission_runs, submissions
from registry.models import User
from registry.services.access import can_write
from registry.services.errors import Conflict


@dataclass(frozen=True)
class Allowed:
    """All False for whoever neither offered it nor may write to its repository."""

    act: bool = False
    answer: bool = False
    cancel: bool = False
    rerun: bool = False
    open: bool = False
    evaluate: bool = False
    withdraw: bool = False
    track: bool = False
    rename: bool = False
    steps: frozenset[int] = frozenset()


def allowed(
    user: User | None, submission: Submission, runs: Sequence[Run], question: Review | None
) -> Allowed:
    """`runs`: newest first; `question`: the open one of a reviewer, see `status.question`."""
    if user is None:
        return Allowed()
    answers = submission.is_offered_by(user) and _wants_words(question)
    if user.pk != submission.contributor_id and not can_write(user, submission.repository):
        return Allowed(answer=answers)
    over, discussion = SubmissionStatus(submission.status).is_final, submission.discussion
    at = discussion.status if discussion else None
    draft, closed = at == DiscussionStatus.DRAFT, at == DiscussionStatus.CLOSED
    active = any(not RunStatus(run.status).is_over for run in runs)
    again = submission_runs.repeatable(newest(submission, runs))
    steps = frozenset() if over or closed else frozenset(run.pk for run in again)
    return Allowed(
        act=True,
        answer=answers,
        cancel=active,
        rerun=bool(steps) and not active,
        open=(draft or closed) and not over,
        evaluate=draft and not submission.evaluate and not over,
        withdraw=not over,
        track=discussion is not None and not over,
        rename=discussion is not None,
        steps=steps,
    )


def _wants_words(question: Review | None) -> bool:
    """A request for changes wants a new revision instead."""
    return question is not None and question.decision == Decision.INFO


def newest(submission: Submission, runs: Sequence[Run]) -> list[Run]:
    """Of each kind and input of the current head, the newest run: only that can be repeated."""
    found: dict[tuple[str, str], Run] = {}
    for run in runs:
        check = run.kind == RunKind.CHECK
        same = check or run.track_id == submission.track_id
        if run.head_revision == submission.head_revision and same:
            found.setdefault((run.kind, "" if check else run.input_digest), run)
    return list(found.values())


# --- two that no other service knows ------------------------------------------------------------


def cancel(submission: Submission, *, actor: User) -> None:
    """Stop its runs, in whatever state they are."""
    for run in submission.runs.active():
        submissions.cancel_run(run, actor=actor)


def open_pull_request(submission: Submission, *, actor: User) -> None:
    if submission.discussion is None:
        raise Conflict("A first revision has no pull request to open.")
    discussions.set_status(submission.discussion, actor=actor, status=DiscussionStatus.OPEN)
