"""Which patches a merge takes and with what weight, on any merge game."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from workers.training.clusters import Cluster, find_clusters, spread_matrix
from workers.training.credit import Vector
from workers.training.game import MergeGame, Rows
from workers.training.gate import Judge, Verdict
from workers.training.options import MergeOptions
from workers.training.weights import Fit, fit_weights, typical_length

REDUNDANT = "it helps, but the others already bring what it brings, so its weight is 0"


@dataclass(frozen=True)
class Plan:
    """Weights [n] of the merge, with the verdicts and clusters they follow from."""

    weights: Vector
    verdicts: list[Verdict]
    clusters: list[Cluster]
    fitted: Vector  # before the gate
    steps: int


def plan_merge(
    game: MergeGame,
    gram: Vector,
    order: Sequence[int],
    options: MergeOptions,
    random: np.random.Generator,
    report: Callable[[str, int, float | None], None] = lambda stage, step, loss: None,
) -> Plan:
    """Fits one weight for each cluster of copies, judges the patches, and fits the admitted
    ones once more. ``order`` tells who came first."""
    clusters = find_clusters(gram, order, options.cluster_cosine)
    rows = _sample(game.size("M"), options.fit_examples, random)
    changing = [cluster for cluster in clusters if gram[cluster.leaders[0], cluster.leaders[0]] > 0]
    first = _fit(game, gram, changing, rows, options, partial(report, "fit"))
    fitted = spread_matrix(changing, game.count) @ first.weights
    alike = spread_matrix(changing, game.count).sum(axis=1) / max(len(changing), 1)
    judge = Judge(game, random, confidence=options.confidence, draws=options.bootstrap)
    verdicts = judge.verdicts(
        fitted, alike, _full_strength(gram), lambda judged: report("gate", judged, None)
    )
    verdicts = _explained(verdicts, clusters, gram)
    kept = [
        cluster
        for cluster in changing
        if any(verdicts[leader].admitted for leader in cluster.leaders)
    ]
    weights, steps = fitted, first.steps
    if len(kept) < len(changing):
        again = _fit(game, gram, kept, rows, options, partial(report, "refit"))
        weights = spread_matrix(kept, game.count) @ again.weights
        steps += again.steps
    return Plan(weights, _with_redundant(verdicts, weights), clusters, fitted, steps)


def _sample(size: int, most: int, random: np.random.Generator) -> Rows:
    """The examples that weights are fitted on: all of them, or as many as may be used."""
    return np.sort(random.permutation(size)[:most]) if size > most else np.arange(size)


def _full_strength(gram: Vector) -> Vector:
    """Weight 1; for a patch shorter than is typical the weight that makes it so, because a tiny
    step hides what the patch teaches."""
    lengths = np.sqrt(np.diag(gram))
    return np.maximum(1.0, typical_length(gram) / np.where(lengths > 0, lengths, 1.0))


def _fit(
    game: MergeGame,
    gram: Vector,
    clusters: Sequence[Cluster],
    rows: Rows,
    options: MergeOptions,
    report: Callable[[int, float], None],
) -> Fit:
    if not clusters:
        return Fit(np.zeros(0), 0.0, 0, 0)
    spread = spread_matrix(clusters, game.count)

    def objective(weights: Vector) -> tuple[float, Vector]:
        slopes = game.slopes("M", spread @ weights, [rows])
        return slopes.loss, spread.T @ slopes.gradient

    labels = int(game.outcomes("M", np.zeros(game.count)).count[rows].sum())
    start = np.full(len(clusters), 1 / len(clusters))
    return fit_weights(
        objective,
        spread.T @ gram @ spread,
        labels,
        start,
        most_steps=options.steps,
        report=report,
    )


def _explained(verdicts: list[Verdict], clusters: Sequence[Cluster], gram: Vector) -> list[Verdict]:
    """Copies and empty patches get their own reason for having no weight."""
    found = list(verdicts)
    for index in np.flatnonzero(np.diag(gram) == 0):
        found[index] = Verdict(False, "it changes nothing")
    for cluster in clusters:
        for follower in cluster.followers:
            found[follower] = Verdict(False, "it copies a patch that came earlier")
    return found


def _with_redundant(verdicts: list[Verdict], weights: Vector) -> list[Verdict]:
    return [
        replace(verdict, reason=REDUNDANT) if verdict.admitted and weight == 0 else verdict
        for verdict, weight in zip(verdicts, weights, strict=True)
    ]
