"""Who brought how much of a merge's gain, in nats: the mathematics, without any model.

A merge of n patches is theta(c) = theta0 + sum_i c_i Delta_i. Everything here happens in the
n numbers c, so a game is known by two questions: the loss at c, and its slopes dL/dc_i.

Credit is the Aumann-Shapley value on the line from the base (c = 0) to the merge (c = w):
    A_i = - w_i * integral over t from 0 to 1 of dL/dc_i at c = t w,
by Gauss-Legendre quadrature. The sum is the gain L(0) - L(w), up to a gap that is measured and
ends the refinement; a zero delta gets exactly 0; splitting a delta changes nobody's total.
(Billera and Heath 1982, Mirman and Tauman 1982; as integrated gradients: Sundararajan 2017.)

Sums, not means, travel through this module: a block holds the sum over its labels and how many
they are, so that a sentence of forty words weighs forty times a sentence of one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
FIRST_NODES = 2
MOST_NODES = 16
GAP_TOLERANCE = 0.01
KAPPA_ALARM = 0.15


@dataclass(frozen=True)
class Slopes:
    """Of each of B blocks: sums over its labels of the loss [B] and of dL/dc [B, n]."""

    losses: Vector
    slopes: Vector
    counts: Vector

    @property
    def loss(self) -> float:
        return float(self.losses.sum() / self.counts.sum())

    @property
    def gradient(self) -> Vector:
        return np.asarray(self.slopes.sum(axis=0) / self.counts.sum())


SlopesAt = Callable[[Vector], Slopes]
LossAt = Callable[[Vector], float]


@dataclass(frozen=True)
class Credit:
    """Amounts [n] in nats, how they were integrated, and their parts by block [B, n] (sums)."""

    amounts: Vector
    gain: float
    nodes: int
    gap: float
    blocks: Vector
    counts: Vector

    @property
    def relative_gap(self) -> float:
        total = float(np.abs(self.amounts).sum())
        return self.gap / total if total else 0.0


def aumann_shapley(
    slopes_at: SlopesAt,
    weights: Vector,
    gain: float,
    *,
    tolerance: float = GAP_TOLERANCE,
    most_nodes: int = MOST_NODES,
) -> Credit:
    """Doubles the nodes from 2 until the amounts sum to the gain within the tolerance."""
    nodes = FIRST_NODES
    while True:
        credit = _integrate(slopes_at, weights, gain, nodes)
        if credit.relative_gap <= tolerance or 2 * nodes > most_nodes:
            return credit
        nodes *= 2


def _integrate(slopes_at: SlopesAt, weights: Vector, gain: float, nodes: int) -> Credit:
    places, shares = np.polynomial.legendre.leggauss(nodes)
    blocks = np.zeros(0)
    counts = np.zeros(0)
    for place, share in zip((places + 1) / 2, shares / 2, strict=True):
        at = slopes_at(place * weights)
        part = -share * at.slopes * weights
        blocks = part if blocks.size == 0 else blocks + part
        counts = at.counts
    # A patch of weight 0 must get 0 and not the -0.0 of the product.
    amounts = blocks.sum(axis=0) / counts.sum() + 0.0
    return Credit(amounts, gain, nodes, abs(float(amounts.sum()) - gain), blocks, counts)


def first_order(slopes_at: SlopesAt, weights: Vector) -> Vector:
    """The source article's value: the slope at the base times the weight. No amount: it
    promises what the first step would bring if the loss were a straight line."""
    return -weights * slopes_at(np.zeros_like(weights)).gradient + 0.0


@dataclass(frozen=True)
class Corners:
    """Values [n] of every patch on its own, and of the merge less the merge without it."""

    alone: Vector
    leave_one_out: Vector

    @property
    def middle(self) -> Vector:
        """The Shapley value where patches interact in pairs only."""
        return (self.alone + self.leave_one_out) / 2


def corners(value_at: LossAt, weights: Vector) -> Corners:
    """From 2n + 2 values; ``value_at`` grows with quality (a gain, or an accuracy)."""
    base, merged = value_at(np.zeros_like(weights)), value_at(weights)
    alone, left_out = np.zeros(len(weights)), np.zeros(len(weights))
    for index in np.flatnonzero(weights):
        single = np.zeros_like(weights)
        single[index] = weights[index]
        alone[index] = value_at(single) - base
        left_out[index] = merged - value_at(weights - single)
    return Corners(alone, left_out)


def kappa(amounts: Vector, middle: Vector) -> float:
    """How far the game is from pairwise: 0 is exact, above 0.15 the line no longer tells all."""
    total = float(np.abs(amounts).sum())
    return float(np.abs(amounts - middle).sum() / total) if total else 0.0


def needs_second_opinion(amounts: Vector, middle: Vector, alarm: float = KAPPA_ALARM) -> bool:
    top = min(3, len(amounts))
    same_order = list(np.argsort(-amounts, kind="stable")[:top]) == list(
        np.argsort(-middle, kind="stable")[:top]
    )
    return kappa(amounts, middle) > alarm or not same_order


def exact_shapley(value_of: Callable[[int], float], count: int) -> Vector:
    """All 2^n coalitions; bit i of the argument says whether patch i is in."""
    values = np.array([value_of(mask) for mask in range(1 << count)])
    masks = np.arange(1 << count)
    sizes = np.array([mask.bit_count() for mask in range(1 << count)])
    share = np.array(
        [
            math.factorial(size) * math.factorial(count - 1 - size) / math.factorial(count)
            for size in range(count)
        ]
    )
    found = np.zeros(count)
    for index in range(count):
        without = masks[(masks >> index) & 1 == 0]
        found[index] = share[sizes[without]] @ (values[without | (1 << index)] - values[without])
    return found


def kernel_shap(
    value_of: Callable[[int], float], count: int, merges: int, random: np.random.Generator
) -> Vector:
    """Shapley by weighted regression on coalitions drawn in complementary pairs."""
    full = (1 << count) - 1
    if count == 1 or 2**count <= merges:
        return exact_shapley(value_of, count)
    sizes = np.arange(1, count)
    odds = (count - 1) / (sizes * (count - sizes))
    drawn: list[int] = []
    while len(set(drawn)) + 4 <= merges:
        size = int(random.choice(sizes, p=odds / odds.sum()))
        members = random.choice(count, size, replace=False)
        mask = sum(1 << int(member) for member in members)
        drawn += [mask, full ^ mask]
    base, total = value_of(0), value_of(full) - value_of(0)
    design = np.array([[(mask >> i) & 1 for i in range(count)] for mask in drawn], dtype=float)
    target = np.array([value_of(mask) for mask in drawn]) - base
    # The last value follows from the sum, which the regression must keep.
    reduced = design[:, :-1] - design[:, -1:]
    solution = np.linalg.lstsq(reduced, target - design[:, -1] * total, rcond=None)[0]
    return np.append(solution, total - solution.sum())


@dataclass(frozen=True)
class Interval:
    low: Vector
    high: Vector
    error: Vector  # standard error


def block_intervals(
    blocks: Vector, counts: Vector, random: np.random.Generator, *, draws: int = 2000
) -> Interval:
    """95 % intervals of sums over blocks [B, n] divided by their counts [B], by resampling blocks.

    Resampling few blocks comes out too narrow; the spread is widened by Student's factor.
    """
    count = len(blocks)
    picks = random.integers(0, count, size=(draws, count))
    times = np.stack([np.bincount(pick, minlength=count) for pick in picks]).astype(float)
    means = (times @ blocks) / (times @ counts)[:, None]
    centre = blocks.sum(axis=0) / counts.sum()
    widening = _student(count) * math.sqrt(count / max(count - 1, 1))
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    error = means.std(axis=0) * math.sqrt(count / max(count - 1, 1))
    return Interval(centre + (low - centre) * widening, centre + (high - centre) * widening, error)


def _student(count: int) -> float:
    """The 97.5 % quantile of Student's t with count - 1 degrees over the normal one."""
    from scipy.stats import norm, t

    return float(t.ppf(0.975, max(count - 1, 1)) / norm.ppf(0.975))


def random_blocks(
    size: int, count: int, random: np.random.Generator
) -> list[npt.NDArray[np.int64]]:
    """At most ``count`` blocks of nearly equal size that together hold every example once."""
    order = random.permutation(size)
    return [np.sort(part) for part in np.array_split(order, min(count, size))]


def by_mask(value_at: LossAt, weights: Vector, members: Sequence[int]) -> Callable[[int], float]:
    """A value by coalition of the patches ``members``, whose weights stay as they are."""

    def value_of(mask: int) -> float:
        chosen = np.zeros_like(weights)
        for bit, member in enumerate(members):
            if (mask >> bit) & 1:
                chosen[member] = weights[member]
        return value_at(chosen)

    return value_of
