"""A whole pool of contributors, honest and not, over five seeds of a small real model."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.games.digits import NAMES, POISON, make_game
from workers.training.credit import by_mask, exact_shapley
from workers.training.options import MergeOptions
from workers.training.release import plan_merge
from workers.training.valuation import value

SEEDS = range(5)
ALL = len(NAMES)


@pytest.fixture(scope="module")
def games():
    torch.set_num_threads(1)
    return {seed: make_game(seed) for seed in SEEDS}


def plan(game, order=None, seed=0):
    order = order or list(range(game.count))
    return plan_merge(game, game.gram, order, MergeOptions(), np.random.default_rng(seed))


def worth(game, weights):
    return value(game, weights, MergeOptions(), np.random.default_rng(0))


@pytest.mark.parametrize("seed", SEEDS)
def test_wrong_labels_are_never_admitted_and_clean_patches_are(games, seed):
    made = plan(games[seed])
    admitted = dict(zip(NAMES, made.verdicts, strict=True))
    for name in ("poison", "noisy"):
        verdict = admitted[name]
        assert not verdict.admitted
        assert verdict.lower_bound <= 0
    assert admitted["poison"].knowledge_bound <= 0
    assert admitted["large"].admitted
    assert admitted["small"].admitted
    assert made.weights[POISON] == 0
    assert worth(games[seed], made.weights).credit.amounts[POISON] == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_the_merge_beats_the_base_and_the_plain_average_where_nobody_looked(games, seed):
    game = games[seed]
    merged = game.outcomes("T", plan(game).weights)
    base = game.outcomes("T", np.zeros(ALL))
    average = game.outcomes("T", np.full(ALL, 1 / ALL))
    assert merged.mean_loss < min(base.mean_loss, average.mean_loss)
    assert merged.accuracy > max(base.accuracy, average.accuracy)


@pytest.mark.parametrize("seed", SEEDS)
def test_amounts_sum_to_the_measured_gain(games, seed):
    game = games[seed]
    weights = plan(game).weights
    found = worth(game, weights)
    gain = game.outcomes("V", np.zeros(ALL)).mean_loss - game.outcomes("V", weights).mean_loss
    assert found.credit.gain == pytest.approx(gain, abs=1e-12)
    assert abs(found.credit.amounts.sum() - gain) <= 0.01 * np.abs(found.credit.amounts).sum()
    assert (found.interval.low <= found.credit.amounts).all()
    assert (found.interval.high >= found.credit.amounts).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_amounts_are_close_to_the_exact_shapley_values(games, seed):
    """All 256 merges against two gradients, at equal weights."""
    game, weights = games[seed], np.full(ALL, 1 / ALL)
    found = worth(game, weights)
    exact = exact_shapley(
        by_mask(lambda c: -game.outcomes("V", c).mean_loss, weights, range(ALL)), ALL
    )
    assert np.corrcoef(found.credit.amounts, exact)[0, 1] > 0.99
    assert np.abs(found.credit.amounts - exact).sum() / np.abs(exact).sum() < 0.05
    assert found.kappa < 0.15


@pytest.mark.parametrize("copies", [1, 2])
@pytest.mark.parametrize("together", [True, False])
def test_copies_bring_a_contributor_nothing_more(games, copies, together):
    """Whether they come at once (and share) or later (and stay empty)."""
    game = games[1]
    single = worth(game, plan(game).weights).credit.amounts[0]
    crowd = game.with_deltas(torch.cat([game.deltas, game.deltas[:1].repeat(copies, 1)]))
    order = list(range(ALL)) + ([0] * copies if together else list(range(ALL, ALL + copies)))
    made = plan(crowd, order)
    amounts = worth(crowd, made.weights).credit.amounts
    mine = [0, *range(ALL, ALL + copies)]
    assert amounts[mine].sum() == pytest.approx(single, rel=0.01)
    if together:
        assert np.allclose(amounts[mine], amounts[0])
    else:
        assert (amounts[ALL:] == 0).all()
        assert made.verdicts[ALL].reason == "it copies a patch that came earlier"


def test_a_copy_blown_up_tenfold_is_still_a_copy(games):
    game = games[2]
    crowd = game.with_deltas(torch.cat([game.deltas, 10 * game.deltas[:1]]))
    made = plan(crowd)
    assert made.weights[ALL] == 0
    assert made.weights[0] == pytest.approx(plan(game).weights[0], rel=0.01)


def test_who_uploads_nothing_gets_nothing(games):
    game = games[3]
    crowd = game.with_deltas(torch.cat([game.deltas, torch.zeros_like(game.deltas[:1])]))
    made = plan(crowd)
    assert made.verdicts[ALL].reason == "it changes nothing"
    assert made.weights[ALL] == 0
    amounts = worth(crowd, np.full(ALL + 1, 0.1)).credit.amounts
    assert str(amounts[ALL]) == "0.0"


def test_poison_alone_is_not_merged(games):
    game = games[4].with_deltas(games[4].deltas[POISON:])
    made = plan(game)
    assert not made.verdicts[0].admitted
    assert made.weights.tolist() == [0.0]


def test_an_uncalibrated_base_pays_for_softening_but_the_gate_holds():
    """Exact Shapley itself pays a poisoner there; the bound on the right label's probability
    does not let it in."""
    torch.set_num_threads(1)
    for seed in (0, 1):
        game = make_game(seed, calibrate=False)
        verdicts = plan(game).verdicts
        assert not verdicts[POISON].admitted
        assert not verdicts[NAMES.index("noisy")].admitted
        assert verdicts[0].admitted


@pytest.mark.parametrize("epochs", [0, 1, 3, 6])
def test_wrong_labels_are_not_admitted_to_a_base_that_hardly_knows_anything(epochs):
    """Right in 15 to 49 of 100: a pinch of anything helps such a base, poison included."""
    verdicts = plan(make_game(3, epochs=epochs)).verdicts
    assert not verdicts[POISON].admitted
    assert verdicts[0].admitted


def test_the_same_seed_gives_the_same_plan(games):
    first, second = plan(games[0]), plan(make_game(0))
    assert first.weights.tolist() == second.weights.tolist()
    assert first.verdicts == second.verdicts


@pytest.mark.parametrize("size", [1.0, 10.0])
def test_a_wild_patch_is_left_out_and_the_others_are_merged(games, size):
    """Noise far longer than the base, as if no cap had stopped it: nobody else loses by it."""
    game = games[0]
    noise = torch.randn(game.deltas[:1].shape, generator=torch.Generator().manual_seed(0))
    made = plan(game.with_deltas(torch.cat([game.deltas, size * noise.double()])))
    assert not made.verdicts[ALL].admitted
    assert made.weights[ALL] == 0
    assert made.verdicts[0].admitted
    loss = game.outcomes("T", made.weights[:ALL]).mean_loss
    assert loss == pytest.approx(game.outcomes("T", plan(game).weights).mean_loss, abs=0.05)
