"""Lines of lists that show a gain, all on one scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contributions.models import Comparison, Submission
from contributions.web.charts import Interval, Scale


@dataclass(frozen=True)
class SubmissionLine:
    submission: Submission
    gain: Interval | None


def submission_lines(submissions: Iterable[Submission]) -> list[SubmissionLine]:
    """Needs `Submission.objects.listed()`, which loads the gains."""
    listed = [(submission, newest_gain(submission)) for submission in submissions]
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
