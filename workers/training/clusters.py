"""Deltas that are copies of one another, found by the angle between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workers.training.credit import Vector

COSINE = 0.95


@dataclass(frozen=True)
class Cluster:
    """``leaders`` came first (several when they came at once) and share weight and credit
    equally; ``followers`` came later with the same change and add nothing."""

    leaders: tuple[int, ...]
    followers: tuple[int, ...] = ()

    @property
    def members(self) -> tuple[int, ...]:
        return tuple(sorted(self.leaders + self.followers))


def cosines(gram: Vector) -> Vector:
    """[n, n] from the inner products of the deltas; a zero delta has cosine 0 with everything."""
    norms = np.sqrt(np.diag(gram))
    safe = np.where(norms > 0, norms, 1.0)
    return np.asarray(gram / np.outer(safe, safe))


def find_clusters(gram: Vector, order: Sequence[int], cosine: float = COSINE) -> list[Cluster]:
    """Each delta joins the first earlier cluster whose first delta it resembles.

    Comparing with the first only keeps chains of small steps from joining everything. A copier
    gains nothing: whoever came first keeps weight and credit.
    """
    similar = cosines(gram)
    arrival = sorted(range(len(order)), key=lambda index: (order[index], index))
    groups: list[list[int]] = []
    for index in arrival:
        for group in groups:
            if similar[index, group[0]] >= cosine:
                group.append(index)
                break
        else:
            groups.append([index])
    return [_cluster(group, order) for group in groups]


def _cluster(group: list[int], order: Sequence[int]) -> Cluster:
    first = order[group[0]]
    leaders = tuple(index for index in group if order[index] == first)
    return Cluster(leaders, tuple(index for index in group if order[index] != first))


def spread_matrix(clusters: Sequence[Cluster], count: int) -> Vector:
    """[n, k]: how a weight of each cluster is spread over the patches."""
    matrix = np.zeros((count, len(clusters)))
    for column, cluster in enumerate(clusters):
        for leader in cluster.leaders:
            matrix[leader, column] = 1 / len(cluster.leaders)
    return matrix
