"""The credit of a merge's patches with everything that goes beside it, on any merge game."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.training.credit import (
    Corners,
    Credit,
    Interval,
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

    def loss_at(chosen: Vector) -> float:
        return game.outcomes("V", chosen).mean_loss

    base_loss, merged_loss = loss_at(np.zeros_like(weights)), loss_at(weights)
    credit = aumann_shapley(
        lambda chosen: game.slopes("V", chosen, rows),
        weights,
        base_loss - merged_loss,
        tolerance=options.gap,
        most_nodes=options.nodes,
    )
    found = corners(lambda chosen: -loss_at(chosen), weights)
    right = corners(lambda chosen: game.outcomes("V", chosen).accuracy, weights)
    members = [int(index) for index in np.flatnonzero(weights)]
    shapley = None
    if members and needs_second_opinion(credit.amounts, found.middle, options.kappa):
        shapley = np.zeros_like(weights)
        shapley[members] = kernel_shap(
            by_mask(lambda chosen: base_loss - loss_at(chosen), weights, members),
            len(members),
            MERGES_A_PATCH * len(members),
            random,
        )
    return Valuation(
        credit,
        block_intervals(credit.blocks, credit.counts, random),
        first_order(lambda chosen: game.slopes("V", chosen, rows), weights),
        found,
        right.middle,
        kappa(credit.amounts, found.middle),
        shapley,
        base_loss,
        merged_loss,
    )
