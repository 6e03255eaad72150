"""Which patches a release takes: those shown, on examples nobody fitted, to help.

A patch is compared with its absence in up to three ways, on the same examples of V: the merge
with and without it (leave one out); the mean of that and the patch on its own (its share); and
its share in the merge that weighs all alike, where another patch with the same knowledge cannot
crowd it out. It is admitted when one comparison shows, with a one-sided 95 % bound each,
  1. a lower loss, and
  2. a higher probability of the right label.
The second is the accuracy that credit asks for, without its steps: a patch trained on wrong
labels can lower the loss by softening an over-confident model, which no bound on the loss
refuses, but it never makes right labels more probable. Counting right answers instead would
refuse honest patches, too: at a weight of 0.1 few answers flip.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.training.credit import Vector
from workers.training.game import MergeGame, Outcomes

CONFIDENCE = 0.95
DRAWS = 2000
NO_WEIGHT = "it has no weight beside the others"


@dataclass(frozen=True)
class Verdict:
    """Gains a label: of the loss in nats, of the right label's probability, of right answers."""

    admitted: bool
    reason: str
    gain: float = 0.0
    lower_bound: float = 0.0
    probability_gain: float = 0.0
    probability_bound: float = 0.0
    accuracy_gain: float = 0.0
    basis: str = "none"

    def as_dict(self) -> dict[str, object]:
        return dict(vars(self))


@dataclass(frozen=True)
class _Differences:
    """Of each example: by how much the second outcomes are better than the first."""

    loss: Vector
    probability: Vector
    correct: Vector


class Judge:
    """Verdicts by the same resampled examples of V for every patch and comparison."""

    def __init__(
        self,
        game: MergeGame,
        random: np.random.Generator,
        *,
        confidence: float = CONFIDENCE,
        draws: int = DRAWS,
    ) -> None:
        self.game = game
        self.base = game.outcomes("V", np.zeros(game.count))
        size = len(self.base.count)
        self.times = random.multinomial(size, np.full(size, 1 / size), size=draws).astype(float)
        self.percent = 100 * (1 - confidence)

    def verdicts(self, fitted: Vector, alike: Vector) -> list[Verdict]:
        """At the fitted weights first; at equal ones for those whom these do not admit."""
        found = []
        for index in range(self.game.count):
            verdict = self._compare(fitted, index, ("leave-one-out", "share"))
            if not verdict.admitted:
                verdict = _stronger([verdict, self._compare(alike, index, ("equal weights",))])
            found.append(verdict)
        return found

    def _compare(self, weights: Vector, index: int, kinds: tuple[str, ...]) -> Verdict:
        if weights[index] == 0:
            return Verdict(False, NO_WEIGHT)
        merged = self.game.outcomes("V", weights)
        single = np.zeros(self.game.count)
        single[index] = weights[index]
        left_out = _better(self.game.outcomes("V", weights - single), merged)
        share = _middle(_better(self.base, self.game.outcomes("V", single)), left_out)
        return _stronger(
            [self._verdict(kind, left_out if kind == "leave-one-out" else share) for kind in kinds]
        )

    def _verdict(self, basis: str, differences: _Differences) -> Verdict:
        counts = self.base.count
        labels = self.times @ counts
        loss = (self.times @ differences.loss) / labels
        probability = (self.times @ differences.probability) / labels
        bounds = [float(np.percentile(each, self.percent)) for each in (loss, probability)]
        return Verdict(
            admitted=min(bounds) > 0,
            reason=_reason(*bounds),
            gain=float(differences.loss.sum() / counts.sum()),
            lower_bound=bounds[0],
            probability_gain=float(differences.probability.sum() / counts.sum()),
            probability_bound=bounds[1],
            accuracy_gain=float(differences.correct.sum() / counts.sum()),
            basis=basis,
        )


def _stronger(verdicts: list[Verdict]) -> Verdict:
    """The one that comes closest to admission; one without a comparison only if alone."""
    compared = [verdict for verdict in verdicts if verdict.basis != "none"]
    return max(
        compared or verdicts,
        key=lambda verdict: min(verdict.lower_bound, verdict.probability_bound),
    )


def _better(before: Outcomes, after: Outcomes) -> _Differences:
    return _Differences(
        before.loss - after.loss,
        after.confidence - before.confidence,
        after.correct - before.correct,
    )


def _middle(one: _Differences, other: _Differences) -> _Differences:
    return _Differences(
        (one.loss + other.loss) / 2,
        (one.probability + other.probability) / 2,
        (one.correct + other.correct) / 2,
    )


def _reason(loss_bound: float, probability_bound: float) -> str:
    if loss_bound > 0 and probability_bound > 0:
        return "it lowers the loss and makes right labels more probable"
    if loss_bound > 0:
        return (
            "it lowers the loss only by softening the model: right labels become no more probable"
        )
    if probability_bound > 0:
        return "right labels become more probable, but the loss is not shown to fall"
    return "it is not shown to help on examples that nobody fitted"
