"""Credit against the exact Shapley value, on eight contributors and all 256 merges.

    python -m benchmarks.credit [--seeds 10]

Baselines: the source article's first-order value for errors, 256 merges for cost (one forward
pass over V = 1, forward and backward = 3), equal weights for copies and for the merge's quality.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from benchmarks import say
from benchmarks.games.digits import NAMES, DigitsGame, make_game
from workers.training.credit import Vector, by_mask, exact_shapley, kernel_shap
from workers.training.options import MergeOptions
from workers.training.release import plan_merge
from workers.training.valuation import Valuation, value

COUNT = len(NAMES)
BENCHMARK = "credit"
Numbers = dict[str, list[float]]


@dataclass(frozen=True)
class Comparison:
    """Of one game and seed: our credit, the exact values, and how much each cost."""

    found: Valuation
    exact: Vector
    sampled: Vector  # KernelSHAP at 16 merges
    seconds: float
    exact_seconds: float


def compare(game: DigitsGame, weights: Vector, seed: int) -> Comparison:
    fresh = game.with_deltas(game.deltas)
    started = time.perf_counter()
    found = value(fresh, weights, MergeOptions(kappa=float("inf")), np.random.default_rng(seed))
    seconds = time.perf_counter() - started
    members = [int(index) for index in np.flatnonzero(weights)]
    value_of = by_mask(lambda c: -game.outcomes("V", c).mean_loss, weights, members)
    started = time.perf_counter()
    exact, sampled = np.zeros(len(weights)), np.zeros(len(weights))
    exact[members] = exact_shapley(value_of, len(members))
    exact_seconds = time.perf_counter() - started
    sampled[members] = kernel_shap(value_of, len(members), 16, np.random.default_rng(seed))
    return Comparison(found, exact, sampled, seconds, exact_seconds)


def relative_error(found: Vector, exact: Vector) -> float:
    return float(np.abs(found - exact).sum() / np.abs(exact).sum())


def correlation(found: Vector, exact: Vector) -> float:
    used = exact != 0
    return float(np.corrcoef(found[used], exact[used])[0, 1]) if used.sum() > 1 else 1.0


def attribution(games: list[DigitsGame]) -> None:
    for name, weight in (("w=1/8", 1 / COUNT), ("w=0.3", 0.3)):
        compared = [compare(game, np.full(COUNT, weight), seed) for seed, game in enumerate(games)]
        _report_game(name, compared)


def fitted_attribution(games: list[DigitsGame]) -> None:
    weights = [fitted(game) for game in games]
    compared = [
        compare(game, w, seed) for seed, (game, w) in enumerate(zip(games, weights, strict=True))
    ]
    _report_game("fitted w", compared)


def _report_game(name: str, compared: list[Comparison]) -> None:
    ours = [each.found.credit.amounts for each in compared]
    first = [each.found.first_order for each in compared]
    exact = [each.exact for each in compared]

    def mean(measure: Callable[[Vector, Vector], float], values: list[Vector]) -> float:
        return float(np.mean([measure(a, b) for a, b in zip(values, exact, strict=True)]))

    sampled = [each.sampled for each in compared]
    say(BENCHMARK, f"{name}: Pearson to exact", mean(correlation, ours), mean(correlation, first))
    say(
        BENCHMARK,
        f"{name}: relative L1 error, against first order",
        mean(relative_error, ours),
        mean(relative_error, first),
    )
    say(
        BENCHMARK,
        f"{name}: relative L1 error, against KernelSHAP at 16 merges",
        mean(relative_error, ours),
        mean(relative_error, sampled),
    )
    gap = max(each.found.credit.relative_gap for each in compared)
    say(BENCHMARK, f"{name}: largest gap to the gain / sum |A|", gap, 0.01)
    nodes = float(np.mean([each.found.credit.nodes for each in compared]))
    say(BENCHMARK, f"{name}: cost in forward passes", 3 * nodes, 2**COUNT)
    say(
        BENCHMARK,
        f"{name}: seconds, with kappa and intervals",
        float(np.mean([each.seconds for each in compared])),
        float(np.mean([each.exact_seconds for each in compared])),
    )
    say(BENCHMARK, f"{name}: kappa", float(np.mean([each.found.kappa for each in compared])), 0.15)


def fitted(game: DigitsGame) -> Vector:
    order = list(range(game.count))
    return plan_merge(game, game.gram, order, MergeOptions(), np.random.default_rng(0)).weights


def amounts(game: DigitsGame, weights: Vector) -> Vector:
    return value(game, weights, MergeOptions(), np.random.default_rng(0)).credit.amounts


def axioms(games: list[DigitsGame]) -> None:
    """A zero delta, a delta split in ten, and a delta uploaded twice."""
    zeros, splits, copies, naive = [], [], [], []
    for game in games:
        zero = game.with_deltas(torch.cat([game.deltas, torch.zeros_like(game.deltas[:1])]))
        zeros.append(abs(amounts(zero, np.full(COUNT + 1, 0.3))[-1]))
        whole = amounts(game, np.full(COUNT, 0.3))[0]
        pieces = game.with_deltas(torch.cat([game.deltas[1:], game.deltas[:1].repeat(10, 1) / 10]))
        splits.append(amounts(pieces, np.full(COUNT + 9, 0.3))[COUNT - 1 :].sum() / whole)
        twice = game.with_deltas(torch.cat([game.deltas, game.deltas[:1]]))
        mine = [0, COUNT]
        copies.append(amounts(twice, fitted(twice))[mine].sum() / amounts(game, fitted(game))[0])
        equal = amounts(twice, np.full(COUNT + 1, 1 / (COUNT + 1)))[mine].sum()
        naive.append(equal / amounts(game, np.full(COUNT, 1 / COUNT))[0])
    say(BENCHMARK, "largest credit of a zero delta", max(zeros))
    say(BENCHMARK, "split in ten: total credit / whole", float(np.mean(splits)), 1.0)
    worst = max(copies, key=lambda ratio: abs(ratio - 1))
    say(BENCHMARK, "uploaded twice: worst total credit / single", worst, float(np.mean(naive)))


def quality(games: list[DigitsGame]) -> None:
    """The merge on T, where nothing was fitted, valued or chosen."""
    made, uniform, single = [], [], []
    for game in games:
        made.append(game.outcomes("T", fitted(game)))
        uniform.append(game.outcomes("T", np.full(COUNT, 1 / COUNT)))
        best = min(np.eye(COUNT), key=lambda w: game.outcomes("M", w).mean_loss)
        single.append(game.outcomes("T", best))
    for name, others in (("equal weights", uniform), ("best single on M", single)):
        for measure in ("mean_loss", "accuracy"):
            say(
                BENCHMARK,
                f"merge on T: {measure.replace('_', ' ')}, against {name}",
                float(np.mean([getattr(each, measure) for each in made])),
                float(np.mean([getattr(each, measure) for each in others])),
            )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.credit", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args()
    torch.set_num_threads(1)
    games = [make_game(seed) for seed in range(options.seeds)]
    attribution(games)
    fitted_attribution(games)
    axioms(games)
    quality(games)


if __name__ == "__main__":
    main()
