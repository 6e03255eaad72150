"""What a person may do to a submission in its present state, for its buttons.

Only what can be done is offered; the services decide again when a button is pressed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contributions.models import DiscussionStatus, Run, RunStatus, Submission, SubmissionStatus
from contributions.web.forms import TrackForm
from contributions.web.submission_forms import TitleForm
from registry.models import User
from registry.services.access import can_write

_S = SubmissionStatus
_AGAIN = frozenset({RunStatus.FAILED, RunStatus.CANCELLED})
_OVER = frozenset({_S.RELEASED, _S.PUBLISHED, _S.WITHDRAWN})


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
    rename: bool = False
    steps: frozenset[int] = frozenset()
    track_form: TrackForm | None = None
    title_form: TitleForm | None = None


def allowed(user: User | None, submission: Submission, runs: Sequence[Run]) -> Allowed:
    if user is None:
        return Allowed()
    own = user == submission.contributor
    if not own and not can_write(user, submission.repository):
        return Allowed()
    status, discussion = SubmissionStatus(submission.status), submission.discussion
    over = status in _OVER
    active = any(not RunStatus(run.status).is_over for run in runs)
    again = frozenset(run.pk for run in newest(runs) if run.status in _AGAIN and run.attempt)
    closed = discussion is not None and discussion.status == DiscussionStatus.CLOSED
    draft = discussion is not None and discussion.status == DiscussionStatus.DRAFT
    return Allowed(
        act=True,
        answer=own,
        cancel=active,
        rerun=bool(again) and not active and not over and not closed,
        open=(draft or closed) and not over,
        evaluate=draft and not submission.evaluate and not over,
        withdraw=not status.is_final,
        rename=discussion is not None,
        steps=frozenset() if over or closed else again,
        track_form=TrackForm(submission) if status is _S.NEEDS_TRACK else None,
        title_form=TitleForm(initial={"title": submission.title}) if discussion else None,
    )


def newest(runs: Sequence[Run]) -> list[Run]:
    """Of each kind and input, the newest run: only that can be repeated. `runs`: newest first."""
    found: dict[tuple[str, str], Run] = {}
    for run in runs:
        found.setdefault((run.kind, run.input_digest if run.kind != "check" else ""), run)
    return list(found.values())
