"""Credit on games whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.training.clusters import find_clusters, spread_matrix
from workers.training.credit import (
    Slopes,
    aumann_shapley,
    block_intervals,
    by_mask,
    corners,
    exact_shapley,
    first_order,
    kappa,
    kernel_shap,
    needs_second_opinion,
    random_blocks,
)
from workers.training.weights import fit_weights, penalty


class Quadratic:
    """L(c) = L0 - b.c + c'Qc/2, with slopes shared out over blocks of uneven size."""

    def __init__(self, count, seed=0, blocks=7):
        random = np.random.default_rng(seed)
        root = random.normal(size=(count, count))
        self.curvature = root @ root.T / count
        self.pull = random.normal(size=count)
        self.counts = random.integers(1, 9, size=blocks).astype(float)

    def loss(self, c):
        return float(2 - self.pull @ c + c @ self.curvature @ c / 2)

    def slopes(self, c):
        gradient = -self.pull + self.curvature @ c
        losses = self.counts * self.loss(c)
        return Slopes(losses, np.outer(self.counts, gradient), self.counts)

    def gain(self, w):
        return self.loss(np.zeros_like(w)) - self.loss(w)

    def credit(self, w, **options):
        return aumann_shapley(self.slopes, w, self.gain(w), **options)

    def shapley(self, w):
        value_of = by_mask(lambda c: -self.loss(c), w, range(len(w)))
        return exact_shapley(value_of, len(w))


class Bent(Quadratic):
    """With a fourth power, so that the line and the cube tell different stories."""

    def loss(self, c):
        return super().loss(c) + float(self.pull @ c) ** 4

    def slopes(self, c):
        plain = super().slopes(c)
        bend = 4 * float(self.pull @ c) ** 3 * self.pull
        return Slopes(plain.losses, plain.slopes + np.outer(self.counts, bend), self.counts)


def weights(count, seed=1):
    return np.abs(np.random.default_rng(seed).normal(size=count)) + 0.1


@pytest.mark.parametrize("seed", range(5))
def test_on_a_quadratic_loss_it_is_the_shapley_value(seed):
    game, w = Quadratic(6, seed), weights(6, seed)
    credit = game.credit(w)
    assert credit.nodes == 2
    assert np.allclose(credit.amounts, game.shapley(w), atol=1e-12)
    found = corners(lambda c: -game.loss(c), w)
    assert np.allclose(found.middle, credit.amounts, atol=1e-12)
    assert kappa(credit.amounts, found.middle) < 1e-12
    assert not needs_second_opinion(credit.amounts, found.middle)


@pytest.mark.parametrize("seed", range(5))
def test_amounts_sum_to_the_gain(seed):
    game, w = Bent(5, seed), weights(5, seed) / 2
    credit = game.credit(w)
    assert credit.relative_gap <= 0.01
    assert abs(credit.amounts.sum() - game.gain(w)) <= 0.01 * np.abs(credit.amounts).sum()
    assert credit.gap == pytest.approx(abs(credit.amounts.sum() - game.gain(w)))


def test_it_takes_more_nodes_only_where_the_sum_misses_the_gain():
    class Steep(Quadratic):
        def loss(self, c):
            return super().loss(c) + float(np.exp(4 * c.sum()))

        def slopes(self, c):
            plain = super().slopes(c)
            steep = 4 * np.exp(4 * c.sum()) * np.ones(len(c))
            return Slopes(plain.losses, plain.slopes + np.outer(self.counts, steep), self.counts)

    w = np.array([0.7, 0.8])
    assert Quadratic(2).credit(w).nodes == 2
    credit = Steep(2).credit(w)
    assert credit.nodes > 2
    assert credit.relative_gap <= 0.01
    assert Steep(2).credit(w, tolerance=0, most_nodes=16).nodes == 16


def test_a_patch_without_weight_gets_exactly_nothing():
    w = weights(4)
    w[2] = 0.0
    credit = Bent(4).credit(w)
    assert str(credit.amounts[2]) == "0.0"
    assert first_order(Bent(4).slopes, w)[2] == 0


def test_a_patch_that_changes_nothing_gets_exactly_nothing():
    game = Bent(4)
    game.pull[1] = 0
    game.curvature[1], game.curvature[:, 1] = 0, 0
    credit = game.credit(weights(4))
    interval = block_intervals(credit.blocks, credit.counts, np.random.default_rng(0))
    assert (credit.amounts[1], interval.low[1], interval.high[1]) == (0, 0, 0)


@settings(max_examples=50, deadline=None)
@given(parts=st.lists(st.floats(0.05, 1), min_size=2, max_size=10), seed=st.integers(0, 99))
def test_splitting_a_patch_changes_nobody_s_total(parts, seed):
    """The same step handed in as several pieces: the loss depends on their sum only."""
    game, w = Bent(3, seed), weights(3, seed)
    shares = np.array(parts) / sum(parts)
    split = np.concatenate([shares * w[0], w[1:]])

    def joined(c):
        return np.concatenate([[c[: len(shares)].sum()], c[len(shares) :]])

    def slopes(c):
        plain = game.slopes(joined(c))
        first = np.repeat(plain.slopes[:, :1], len(shares), axis=1)
        return Slopes(
            plain.losses, np.concatenate([first, plain.slopes[:, 1:]], axis=1), plain.counts
        )

    whole = game.credit(w)
    pieces = aumann_shapley(slopes, split, game.gain(w))
    assert pieces.amounts[: len(shares)].sum() == pytest.approx(whole.amounts[0], rel=1e-9)
    assert np.allclose(pieces.amounts[len(shares) :], whole.amounts[1:], rtol=1e-9)


def test_the_first_order_value_is_the_slope_at_the_base_times_the_weight():
    game, w = Quadratic(3), weights(3)
    assert np.allclose(first_order(game.slopes, w), game.pull * w)


@pytest.mark.parametrize("count", [1, 3, 6])
def test_kernel_shap_with_enough_merges_is_exact(count):
    game, w = Bent(count), weights(count)
    value_of = by_mask(lambda c: -game.loss(c), w, range(count))
    found = kernel_shap(value_of, count, 2**count, np.random.default_rng(0))
    assert np.allclose(found, game.shapley(w))


def test_kernel_shap_needs_no_more_merges_than_it_was_given():
    game, w = Quadratic(10), weights(10)
    asked = []
    value_of = by_mask(lambda c: -game.loss(c), w, range(10))

    def counted(mask):
        asked.append(mask)
        return value_of(mask)

    found = kernel_shap(counted, 10, 80, np.random.default_rng(0))
    assert len(set(asked)) <= 80
    assert np.allclose(found, game.shapley(w), atol=1e-8)  # regression is exact on pairs
    assert found.sum() == pytest.approx(game.gain(w))


def test_kappa_raises_the_alarm_where_the_line_no_longer_tells_all():
    game, w = Bent(4), 1.5 * weights(4)
    found = corners(lambda c: -game.loss(c), w)
    assert needs_second_opinion(game.credit(w).amounts, found.middle)


def test_another_order_of_the_first_three_raises_the_alarm_too():
    assert needs_second_opinion(np.array([3.0, 2.9, 2.8]), np.array([2.9, 3.0, 2.8]))


def test_blocks_hold_every_example_once():
    blocks = random_blocks(103, 20, np.random.default_rng(0))
    assert len(blocks) == 20
    assert sorted(np.concatenate(blocks)) == list(range(103))
    assert {len(block) for block in blocks} == {5, 6}


def test_intervals_cover_the_truth_as_often_as_they_say():
    """Uneven blocks of noisy sums around 0.5 a label, 20 blocks as in the default."""
    random, covered = np.random.default_rng(0), 0
    for _ in range(300):
        counts = random.integers(20, 60, size=20).astype(float)
        noise = random.normal(size=(20, 1)) * np.sqrt(counts)[:, None]
        interval = block_intervals(0.5 * counts[:, None] + noise, counts, random, draws=400)
        covered += interval.low[0] <= 0.5 <= interval.high[0]
    assert 0.91 <= covered / 300 <= 0.985


def test_weights_minimise_the_penalised_loss():
    game = Quadratic(5, 3)
    gram = np.eye(5)

    def objective(w):
        return game.loss(w), game.slopes(w).gradient

    fit = fit_weights(objective, gram, 100, np.full(5, 0.2))
    assert (fit.weights >= 0).all()
    slope = game.slopes(fit.weights).gradient + penalty(gram, 100) @ fit.weights
    assert np.abs(slope[fit.weights > 0]).max() < 0.02
    assert (slope[fit.weights == 0] > -0.02).all()


def test_where_the_merge_goes_does_not_depend_on_who_holds_a_delta():
    """The same three directions, mixed into five accounts: one optimum in delta space."""
    game = Quadratic(3, 4)
    game.pull = np.abs(game.pull) + 1
    start = np.full(3, 0.1)
    plain = fit_weights(lambda w: (game.loss(w), game.slopes(w).gradient), np.eye(3), 100, start)
    mix = np.array([[1, 0, 0, 1, 0.5], [0, 1, 0, 0, 0.5], [0, 0, 1, 0, 0.0]])

    def objective(w):
        return game.loss(mix @ w), mix.T @ game.slopes(mix @ w).gradient

    many = fit_weights(objective, mix.T @ mix, 100, np.full(5, 0.06))
    assert many.loss == pytest.approx(plain.loss, abs=1e-3)


def gram_of(*deltas):
    matrix = np.array(deltas, dtype=float)
    return matrix @ matrix.T


def test_copies_join_the_cluster_of_whoever_came_first():
    gram = gram_of([1, 0, 0], [0, 1, 0], [10, 0, 0.1], [0, 0, 0])
    clusters = find_clusters(gram, order=[5, 1, 2, 3])
    assert [(cluster.leaders, cluster.followers) for cluster in clusters] == [
        ((1,), ()),
        ((2,), (0,)),
        ((3,), ()),
    ]
    spread = spread_matrix(clusters, 4)
    assert spread[:, 1].tolist() == [0, 0, 1, 0]


def test_copies_that_arrive_together_share_equally():
    clusters = find_clusters(gram_of([1, 0], [1, 0], [0, 1]), order=[1, 1, 1])
    assert clusters[0].leaders == (0, 1)
    assert spread_matrix(clusters, 3)[:, 0].tolist() == [0.5, 0.5, 0]


def test_a_chain_of_small_steps_is_no_cluster():
    angles = [0, 0.3, 0.6, 0.9]
    clusters = find_clusters(gram_of(*[[np.cos(a), np.sin(a)] for a in angles]), [0, 1, 2, 3])
    assert [cluster.members for cluster in clusters] == [(0, 1), (2, 3)]
