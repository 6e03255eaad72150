"""Merge weights, fitted on the split M.

Minimises the loss of the merge plus a penalty on its length, over weights w >= 0:
    f(w) = L_M(theta0 + sum_i w_i Delta_i) + |sum_i w_i Delta_i|^2 / (2 m r^2),
with m labels in M and r the typical length of a delta: a Gaussian prior of one typical delta.
Steps are measured in the space of the deltas (by their Gram matrix), not in the weights: who
holds a delta, and in how many pieces, does not change where the merge goes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from workers.training.credit import Vector

MOST_STEPS = 40
FIRST_STEP = 0.25  # of a typical delta
ENOUGH = 1e-5  # nats that the next step is expected to bring

LossAndSlopes = Callable[[Vector], tuple[float, Vector]]


@dataclass(frozen=True)
class Fit:
    weights: Vector
    loss: float
    steps: int
    evaluations: int


def typical_length(gram: Vector) -> float:
    lengths: Vector = np.sqrt(np.diag(gram))
    return float(np.median(lengths[lengths > 0])) if (lengths > 0).any() else 1.0


def penalty(gram: Vector, labels: int) -> Vector:
    """The matrix Q of the penalty w'Qw / 2."""
    return np.asarray(gram / (typical_length(gram) ** 2 * max(labels, 1)))


@dataclass(frozen=True)
class _Point:
    """Weights with the penalised loss there, and its slopes."""

    weights: Vector
    value: float
    slope: Vector


def fit_weights(
    objective: LossAndSlopes,
    gram: Vector,
    labels: int,
    start: Vector,
    *,
    most_steps: int = MOST_STEPS,
    report: Callable[[int, float], None] = lambda step, loss: None,
) -> Fit:
    """A quasi-Newton method whose first metric is the Gram matrix; each step solves a small
    non-negative least-squares problem, so that w >= 0 holds exactly."""
    quadratic = penalty(gram, labels)
    evaluations = 0

    def evaluate(weights: Vector) -> _Point:
        nonlocal evaluations
        evaluations += 1
        loss, slope = objective(weights)
        pulled = quadratic @ weights
        return _Point(weights, loss + float(weights @ pulled) / 2, slope + pulled)

    point = evaluate(start)
    while not math.isfinite(point.value) and point.weights.max(initial=0.0) > 1e-9:
        point = evaluate(point.weights / 4)  # a patch may overflow where the fit begins
    metric = _first_metric(gram, point.slope)
    steps = 0
    while steps < most_steps:
        move = _best_point(metric, point.slope, point.weights) - point.weights
        after = _search(evaluate, point, move)
        if after is None:
            break
        metric = _updated(metric, after.weights - point.weights, after.slope - point.slope)
        point = after
        steps += 1
        report(steps, point.value)
    loss = point.value - float(point.weights @ quadratic @ point.weights) / 2
    return Fit(point.weights, loss, steps, evaluations)


def _search(evaluate: Callable[[Vector], _Point], point: _Point, move: Vector) -> _Point | None:
    """The first of shorter and shorter steps that keeps enough of what it promised."""
    promise = -float(point.slope @ move)
    if promise < 2 * ENOUGH:
        return None
    scale = 1.0
    while scale > 0.01:
        trial = evaluate(np.maximum(point.weights + scale * move, 0.0))
        if trial.value <= point.value - 1e-4 * scale * promise:
            return trial
        scale /= 3
    return None


def _first_metric(gram: Vector, slope: Vector) -> Vector:
    """The Gram matrix, scaled so that the first free step is a quarter of a typical delta."""
    length = typical_length(gram)
    ridge = 1e-6 * length**2 * np.eye(len(gram))
    pull = math.sqrt(max(float(slope @ np.linalg.solve(gram + ridge, slope)), 1e-30))
    return np.asarray((gram + ridge) * pull / (FIRST_STEP * length))


def _best_point(metric: Vector, slope: Vector, point: Vector) -> Vector:
    """The x >= 0 that minimises slope'(x - p) + (x - p)' B (x - p) / 2."""
    root = np.linalg.cholesky(metric).T  # B = root' root
    target = root @ point - np.linalg.solve(root.T, slope)
    return np.asarray(nnls(root, target)[0])


def _updated(metric: Vector, moved: Vector, turned: Vector) -> Vector:
    """The BFGS update with Powell's damping, which keeps the metric positive definite."""
    along = metric @ moved
    old = float(moved @ along)
    if old <= 0:
        return metric
    seen = float(moved @ turned)
    if seen < 0.2 * old:
        share = 0.8 * old / (old - seen)
        turned = share * turned + (1 - share) * along
        seen = float(moved @ turned)
    fresh = metric - np.outer(along, along) / old + np.outer(turned, turned) / seen
    return np.asarray((fresh + fresh.T) / 2 + 1e-12 * np.trace(fresh) * np.eye(len(fresh)))
