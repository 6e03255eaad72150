"""What merging asks of a pool of patches, whatever model is behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from workers.training.credit import Slopes, Vector

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Outcomes:
    """Of each example of a split: loss in nats summed over its labels, right labels, labels."""

    loss: Vector
    correct: Vector
    count: Vector

    @property
    def mean_loss(self) -> float:
        return float(self.loss.sum() / self.count.sum())

    @property
    def accuracy(self) -> float:
        return float(self.correct.sum() / self.count.sum())

    @property
    def confidence(self) -> Vector:
        """The probability given to the right label (for a sentence the geometric mean), times
        the labels: an accuracy without steps."""
        labelled = np.maximum(self.count, 1)
        return np.asarray(np.exp(-self.loss / labelled) * self.count)


class MergeGame(Protocol):
    """theta(c) = theta0 + sum_i c_i Delta_i for n patches, asked on the splits M, V and T."""

    @property
    def count(self) -> int: ...

    def size(self, split: str) -> int:
        """How many examples the split has."""
        ...

    def classes(self, split: str) -> Rows:
        """A number for the class of each example; of a sentence, for its rarest label."""
        ...

    def outcomes(self, split: str, weights: Vector) -> Outcomes: ...

    def slopes(self, split: str, weights: Vector, blocks: list[Rows]) -> Slopes: ...
