"""The credit of a merge's patches with everything that goes beside it, on any merge game."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from workers.training.credit import (
    Corners,
    Credit,
    Interval,
    Slopes,
    Vector,
    aumann_shapley,
    block_intervals,
    by_mask,
    corners,
    first_order,
    kappa,
    kernel_shap,
    needs_second_opinion,
    random_blocks,
)
from workers.training.errors import ScoringError
from workers.training.game import MergeGame
from workers.training.options import MergeOptions

FEWEST_BLOCKS = 20
MERGES_A_PATCH = 8  # for the Shapley value, in pairs of complementary coalitions


@dataclass(frozen=True)
class Valuation:
    """All by patch [n]. ``shapley`` is there when the alarm kappa asks for it."""

    credit: Credit
    interval: Interval
    first_order: Vector
    corners: Corners
    accuracy: Vector
    kappa: float
    shapley: Vector | None
    base_loss: float
    merged_loss: float


def value(
    game: MergeGame,
    weights: Vector,
    options: MergeOptions,
    random: np.random.Generator,
    *,
    blocks: int = FEWEST_BLOCKS,
) -> Valuation:
    """Credit on the split V at fixed weights."""
    rows = random_blocks(game.size("V"), max(blocks, FEWEST_BLOCKS), random)

    def slopes_at(chosen: Vector) -> Slopes:
        return game.slopes("V", chosen, rows)

    base_loss, merged_loss = _loss(game, np.zeros_like(weights)), _loss(game, weights)
    gain = base_loss - merged_loss
    credit = aumann_shapley(
        slopes_at, weights, gain, tolerance=options.gap, most_nodes=options.nodes
    )
    found = corners(lambda chosen: -_loss(game, chosen), weights)
    right = corners(lambda chosen: game.outcomes("V", chosen).accuracy, weights)
    second = needs_second_opinion(credit.amounts, found.middle, options.kappa)
    return Valuation(
        credit,
        block_intervals(credit.blocks, credit.counts, random),
        first_order(slopes_at, weights),
        found,
        right.middle,
        kappa(credit.amounts, found.middle),
        _shapley(game, weights, random) if second else None,
        base_loss,
        merged_loss,
    )


def _loss(game: MergeGame, weights: Vector) -> float:
    loss = game.outcomes("V", weights).mean_loss
    if not math.isfinite(loss):
        parts = ", ".join(f"{weight:.3g}" for weight in weights)
        raise ScoringError(
            "The loss of a merge is not finite",
            where=f"split V, weights {parts}",
            next="Merge again without the patch that overflows.",
        )
    return loss


def _shapley(game: MergeGame, weights: Vector, random: np.random.Generator) -> Vector | None:
    members = [int(index) for index in np.flatnonzero(weights)]
    if not members:
        return None
    values = np.zeros_like(weights)
    values[members] = kernel_shap(
        by_mask(lambda chosen: -_loss(game, chosen), weights, members),
        len(members),
        MERGES_A_PATCH * len(members),
        random,
    )
    return values
