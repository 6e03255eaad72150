"""What is happening to a submission, what comes next, and whose turn it is: one clear answer."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from contributions.models import (
    Decision,
    PatchKind,
    Review,
    Run,
    RunKind,
    RunStatus,
    Submission,
    SubmissionStatus,
)

_S = SubmissionStatus


class Turn(enum.Enum):
    MACHINE = _("a machine of this site")
    AUTHOR = _("the contributor")
    REVIEWER = _("a reviewer")
    MAINTAINER = _("a maintainer of the track")
    NOBODY = _("nobody: it is settled")


@dataclass(frozen=True)
class Standing:
    now: str
    next: str
    turn: Turn

    @property
    def whose(self) -> str:
        return str(self.turn.value)


# Status → what happens now, what comes next, whose turn it is.
_ANSWERS: dict[SubmissionStatus, tuple[Any, Any, Turn]] = {
    _S.DRAFT: (
        _("It is a draft: checked, and not offered yet."),
        _("Open the pull request, or have the draft evaluated as it is."),
        Turn.AUTHOR,
    ),
    _S.CHECKING: (
        _("Its files are checked."),
        _("Within seconds every fault is named at once, or it goes on to be measured."),
        Turn.MACHINE,
    ),
    _S.REFUSED: (
        _("The check refused it."),
        _("Mend what the check found and push again: every new commit is checked at once."),
        Turn.AUTHOR,
    ),
    _S.NEEDS_TRACK: (
        _("It needs a track to be measured on."),
        _("Choose one of the tracks; measuring starts at once."),
        Turn.AUTHOR,
    ),
    _S.QUEUED: (
        _("It waits for a worker."),
        _("A worker takes its next run; nothing has to be done for that."),
        Turn.MACHINE,
    ),
    _S.TRAINING: (
        _("A worker fine-tunes it."),
        _("After that it is measured beside its reference, on the same examples."),
        Turn.MACHINE,
    ),
    _S.BENCHMARKING: (
        _("A worker measures it."),
        _("After that the scores stand here, and reviewers turn their keys."),
        Turn.MACHINE,
    ),
    _S.FAILED: (
        _("A run failed."),
        _("Read why in its run; run it again, or push a commit that mends it."),
        Turn.AUTHOR,
    ),
    _S.IN_REVIEW: (
        _("It waits for people who turn its keys."),
        _("When every key is turned it is approved, and waits for the next release."),
        Turn.REVIEWER,
    ),
    _S.NEEDS_INFO: (
        _("A reviewer asks a question."),
        _("With the answer the review goes on."),
        Turn.AUTHOR,
    ),
    _S.CHANGES_REQUESTED: (
        _("A reviewer asks for changes."),
        _("Push the changes: the new commit is checked and reviewed."),
        Turn.AUTHOR,
    ),
    _S.REJECTED: (
        _("A reviewer rejected it."),
        _("A second reviewer may take that back; a changed version is a new pull request."),
        Turn.NOBODY,
    ),
    _S.APPROVED: (
        _("It is approved."),
        _("The next release decides with which weight it is merged."),
        Turn.MAINTAINER,
    ),
    _S.NOT_ADMITTED: (
        _("It was measured, and the last release did not admit it."),
        _("Push a version that brings more; the next release looks at it again."),
        Turn.AUTHOR,
    ),
    _S.RELEASED: (
        _("It is merged, with its weight and credit."),
        _("A maintainer may publish the release to a Hub."),
        Turn.MAINTAINER,
    ),
    _S.PUBLISHED: (_("It is merged and published."), "", Turn.NOBODY),
    _S.WITHDRAWN: (_("Its contributor withdrew it."), "", Turn.NOBODY),
    _S.CANCELLED: (
        _("It was stopped."),
        _("Run it again, or open its pull request again, to go on."),
        Turn.AUTHOR,
    ),
}


def standing(submission: Submission) -> Standing:
    now, after, turn = _ANSWERS[SubmissionStatus(submission.status)]
    if submission.kind == PatchKind.BASE and submission.status == _S.APPROVED:
        after = _("A track may take it as its base.")
    if submission.kind == PatchKind.BASE and submission.status == _S.IN_REVIEW:
        after = _("When every key is turned a worker calibrates it, and its track opens.")
    return Standing(str(now), str(after), turn)


class StepState(enum.Enum):
    """The sign differs too, so that nobody needs the colour."""

    DONE = _("done")
    NOW = _("at work")
    TURN = _("waits for people")
    FAILED = _("stopped here")
    TO_COME = _("to come")
    SKIPPED = _("not needed")


@dataclass(frozen=True)
class Step:
    name: str
    state: StepState

    @property
    def sign(self) -> str:
        return self.state.name.lower().replace("_", "-")

    @property
    def words(self) -> str:
        return str(self.state.value)


def steps(
    submission: Submission,
    runs: Sequence[Run],
    keys: Sequence[tuple[str, Review | None]],
    *,
    measured: bool,
) -> list[Step]:
    """The whole way from the check to the Hub, with how far this one is."""
    kind = submission.patch_kind
    unknown = kind is PatchKind.UNKNOWN
    return [
        Step(gettext("Check"), _check(submission, runs)),
        Step(gettext("Train"), _machine(runs, RunKind.FINETUNE, kind.needs_training, unknown)),
        Step(
            pgettext("step", "Measure"),
            StepState.DONE
            if measured
            else _machine(runs, RunKind.BENCHMARK, kind.is_measured, unknown),
        ),
        *(Step(key_name(key), _key(submission, review)) for key, review in keys),
        Step(pgettext("step", "Release"), _release(submission)),
        Step(
            pgettext("step", "Published"),
            StepState.DONE if submission.status == _S.PUBLISHED else StepState.TO_COME,
        ),
    ]


def key_name(key: str) -> str:
    return {
        "licence": gettext("Licence key"),
        "privacy": gettext("Privacy key"),
        "technical": gettext("Technical key"),
    }.get(key, key)


def _check(submission: Submission, runs: Sequence[Run]) -> StepState:
    if submission.status == _S.REFUSED:
        return StepState.FAILED
    return _machine(runs, RunKind.CHECK, True, False, begun=submission.status == _S.CHECKING)


def _machine(
    runs: Sequence[Run], kind: RunKind, needed: bool, unknown: bool, *, begun: bool = False
) -> StepState:
    if not needed:
        return StepState.TO_COME if unknown else StepState.SKIPPED
    statuses = {run.status for run in runs if run.kind == kind}
    if statuses & {RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.CANCELLING} or begun:
        return StepState.NOW
    newest = next((run.status for run in runs if run.kind == kind), None)
    if newest in {RunStatus.FAILED, RunStatus.CANCELLED}:
        return StepState.FAILED
    return StepState.DONE if newest == RunStatus.SUCCEEDED else StepState.TO_COME


def _key(submission: Submission, review: Review | None) -> StepState:
    if review is not None and review.decision == Decision.APPROVE:
        return StepState.DONE
    if review is not None and review.decision == Decision.REJECT:
        return StepState.FAILED
    asked = review is not None or submission.status == _S.IN_REVIEW
    return StepState.TURN if asked else StepState.TO_COME


def _release(submission: Submission) -> StepState:
    return {
        _S.RELEASED: StepState.DONE,
        _S.PUBLISHED: StepState.DONE,
        _S.NOT_ADMITTED: StepState.FAILED,
        _S.APPROVED: StepState.TURN,
    }.get(SubmissionStatus(submission.status), StepState.TO_COME)
