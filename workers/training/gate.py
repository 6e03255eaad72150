"""Which patches a release takes: those shown, on examples nobody fitted, to help.

A patch is compared with its absence in up to three ways, on the same examples of V: the merge
with and without it (leave one out); the mean of that and the patch on its own (its share); and
its share in the merge that weighs all alike, where another patch with the same knowledge cannot
crowd it out. It is admitted when, in one comparison,
  1. the loss falls, by a one-sided 95 % bound, and
  2. right labels become more probable, on average;
and when, besides,
  3. at full strength it makes right labels more probable, by a one-sided 95 % bound, for the
     classes that it knows.
The probability of the right label is the accuracy that credit asks for, without its steps: at a
weight of 0.1 few answers flip. A patch trained on wrong labels can lower the loss by softening
an over-confident model, which no bound on the loss refuses; 2 and 3 do. And to a weak base a
pinch of anything helps, even of wrong labels; only 3 refuses that. The classes that a patch knows
(most answers right, and more than the base's) are chosen on one half of V and tested on the
other, so that a specialist passes who ruins all other classes; chance does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from workers.training.credit import Vector
from workers.training.game import MergeGame, Outcomes, Rows

Mask = npt.NDArray[np.bool_]
CONFIDENCE = 0.95
DRAWS = 2000
FEWEST = 5  # examples of classes that a patch knows
KNOWS_NOTHING = "at full strength it makes right labels more probable for no class it answers well"
NOT_FINITE = "with it the model gives losses that are not finite"
NO_WEIGHT = "it has no weight beside the others"


@dataclass(frozen=True)
class Verdict:
    """Gains a label: of the loss in nats, of the right label's probability, of right answers.

    Admission needs ``loss_bound`` (one-sided), ``probability_gain`` and ``knowledge_bound``
    above 0.
    """

    admitted: bool
    reason: str
    gain: float = 0.0
    loss_bound: float = 0.0
    probability_gain: float = 0.0
    knowledge_bound: float = 0.0
    accuracy_gain: float = 0.0
    basis: str = "none"

    @property
    def lower_bound(self) -> float:
        """Above 0 exactly for what is admitted: the bound of the loss, in nats, unless something
        else refuses the patch, whose value this is then."""
        if self.admitted:
            return self.loss_bound
        return min(self.loss_bound, self.probability_gain, self.knowledge_bound)

    def as_dict(self) -> dict[str, object]:
        return {**vars(self), "lower_bound": self.lower_bound}


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
        self.deviations = float(norm.ppf(confidence))
        self.classes = game.classes("V")
        self.half = _halves(self.classes, random)

    def verdicts(
        self,
        fitted: Vector,
        alike: Vector,
        full: Vector,
        report: Callable[[int], None] = lambda judged: None,
    ) -> list[Verdict]:
        """At the fitted weights first; at equal ones for those whom these do not admit.
        ``full`` is the weight at which each patch is judged on its own."""
        found = []
        for index in range(self.game.count):
            verdict = self._compare(fitted, index, ("leave-one-out", "share"))
            if not verdict.admitted:
                verdict = _stronger([verdict, self._compare(alike, index, ("equal weights",))])
            if verdict.basis != "none":
                verdict = self._held_to_knowledge(verdict, index, full[index])
            found.append(verdict)
            report(len(found))
        return found

    def _held_to_knowledge(self, verdict: Verdict, index: int, strength: float) -> Verdict:
        bound = self._knowledge(index, strength)
        if bound > 0 or not verdict.admitted:
            return replace(verdict, knowledge_bound=bound)
        return replace(verdict, knowledge_bound=bound, admitted=False, reason=KNOWS_NOTHING)

    def _knowledge(self, index: int, strength: float) -> float:
        """The lower bound of the gain in the right label's probability, on the half of V that
        did not choose the classes."""
        single = np.zeros(self.game.count)
        single[index] = strength
        after = self.game.outcomes("V", single)
        gains = _better(self.base, after)
        tested = []
        for half in (0, 1):
            known = self._known(gains, after, self.half == half)
            tested.append(gains.probability[(self.half != half) & known[self.classes]])
        values = np.concatenate(tested)
        if len(values) < FEWEST or not np.isfinite(values).all():
            return 0.0
        error = float(values.std(ddof=1)) / math.sqrt(len(values))
        return float(values.mean()) - self.deviations * error

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
        if not np.isfinite(loss).all():
            return Verdict(False, NOT_FINITE, basis=basis)
        bound = float(np.percentile(loss, self.percent))
        gain = float(differences.probability.sum() / counts.sum())
        return Verdict(
            admitted=bound > 0 and gain > 0,
            reason=_reason(bound, gain),
            gain=float(differences.loss.sum() / counts.sum()),
            loss_bound=bound,
            probability_gain=gain,
            accuracy_gain=float(differences.correct.sum() / counts.sum()),
            basis=basis,
        )

    def _known(self, gains: _Differences, after: Outcomes, chosen: Mask) -> Mask:
        """Of each class: whether most of its chosen examples are answered rightly, and it is
        answered better than by the base. Probabilities alone do not tell with a weak base, where
        they may rise while every answer turns wrong."""
        count = int(self.classes.max()) + 1

        def summed(values: Vector) -> Vector:
            sums = np.bincount(self.classes[chosen], values[chosen], minlength=count)
            return sums.astype(np.float64)

        mostly_right = summed(after.correct) >= summed(after.count) / 2
        better = summed(gains.probability + gains.correct) > 0
        return np.asarray(mostly_right & better)


def _halves(classes: Rows, random: np.random.Generator) -> Rows:
    """0 or 1 for every example, alternating within each class."""
    half = np.zeros(len(classes), dtype=np.int64)
    for number in np.unique(classes):
        members = random.permutation(np.flatnonzero(classes == number))
        half[members] = np.arange(len(members)) % 2
    return half


def _stronger(verdicts: list[Verdict]) -> Verdict:
    """The one that comes closest to admission; one without a comparison only if alone."""
    compared = [verdict for verdict in verdicts if verdict.basis != "none"]
    return max(
        compared or verdicts,
        key=lambda verdict: (verdict.admitted, verdict.loss_bound),
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


def _reason(bound: float, probability_gain: float) -> str:
    if bound > 0 and probability_gain > 0:
        return "it lowers the loss and makes right labels more probable"
    if bound > 0:
        return "it lowers the loss only by softening the model: right labels grow less probable"
    return "it is not shown to help on examples that nobody fitted"
