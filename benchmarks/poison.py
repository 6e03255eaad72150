"""Who gets past the gate: wrong labels never, clean patches always.

    python -m benchmarks.poison [--seeds 5]

Three bases each: calibrated, over-confident, and one that hardly knows anything. The baseline of
each line is what a bound on the loss alone would admit.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
import torch

from benchmarks import say
from benchmarks.games.digits import NAMES, DigitsGame, make_game
from workers.training.gate import Verdict
from workers.training.options import MergeOptions
from workers.training.release import plan_merge

BENCHMARK = "poison"
GROUPS = {
    "wrong labels": ("poison",),
    "half wrong labels": ("noisy",),
    "clean": ("large", "small"),
    "clean, but knows some classes only": ("digits 0-3", "digits 4-6", "digits 7-9"),
}
BASES: dict[str, dict[str, object]] = {
    "calibrated base": {},
    "over-confident base": {"calibrate": False},
    "weak base": {"epochs": 3},
}


def verdicts(game: DigitsGame, seed: int) -> dict[str, Verdict]:
    order = list(range(game.count))
    plan = plan_merge(game, game.gram, order, MergeOptions(), np.random.default_rng(seed))
    return dict(zip(NAMES, plan.verdicts, strict=True))


def share(found: Sequence[dict[str, Verdict]], names: Sequence[str]) -> tuple[float, float]:
    """Admitted, and what the bound on the loss alone would admit, as shares."""
    each = [verdict[name] for verdict in found for name in names]
    ours = [verdict.admitted for verdict in each]
    loss_only = [verdict.loss_bound > 0 for verdict in each]
    return float(np.mean(ours)), float(np.mean(loss_only))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.poison", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for base, changes in BASES.items():
        found = [
            verdicts(make_game(seed, **changes), seed)  # type: ignore[arg-type]
            for seed in range(options.seeds)
        ]
        for group, names in GROUPS.items():
            ours, loss_only = share(found, names)
            say(BENCHMARK, f"{base}: {group}, share admitted", ours, loss_only)


if __name__ == "__main__":
    main()
