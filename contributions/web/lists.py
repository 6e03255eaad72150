"""Lines of lists that show a gain, all on one scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contributions.models import Comparison, Submission
from contributions.services import access
from contributions.web.charts import Interval, Scale
from registry.models import User


@dataclass(frozen=True)
class SubmissionLine:
    submission: Submission
    gain: Interval | None


def submission_lines(
    submissions: Iterable[Submission], *, viewer: User | None
) -> list[SubmissionLine]:
    """Needs `Submission.objects.listed()`, which loads the gains."""
    shown = access.shown(viewer, submissions)
    listed = [(submission, newest_gain(submission)) for submission in shown]
    scale = Scale.over(b for _, gain in listed if gain for b in (gain.low, gain.high))
    return [
        SubmissionLine(
            submission, scale.interval(gain.difference, gain.low, gain.high) if gain else None
        )
        for submission, gain in listed
    ]


def newest_gain(submission: Submission) -> Comparison | None:
    gains: list[Comparison] = getattr(submission, "loss_gains", [])
    return gains[-1] if gains else None
