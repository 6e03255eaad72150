"""Which examples a training step sees: shuffled by the seed, of like length."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from workers.training.encoding import Integers

POOL = 32  # steps whose examples are sorted by length together


def steps_per_epoch(examples: int, step_size: int) -> int:
    return math.ceil(examples / step_size)


def training_steps(
    lengths: Integers, batch_size: int, accumulation: int, seed: int
) -> Iterator[list[Integers]]:
    """For each step, without end, the batches whose gradients it adds up.

    Which examples a step sees depends on batch_size * accumulation only, so that accumulating
    small batches is the same training as one large batch.
    """
    step_size = batch_size * accumulation
    rng = np.random.default_rng(seed)
    while True:
        for step in _epoch(lengths, step_size, rng):
            yield [step[at : at + batch_size] for at in range(0, len(step), batch_size)]


def _epoch(lengths: Integers, step_size: int, rng: np.random.Generator) -> list[Integers]:
    shuffled = rng.permutation(len(lengths))
    steps = []
    for start in range(0, len(shuffled), step_size * POOL):
        pool = shuffled[start : start + step_size * POOL]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        steps.append([pool[at : at + step_size] for at in range(0, len(pool), step_size)])
    whole = list(itertools.chain.from_iterable(steps))
    return [whole[place] for place in rng.permutation(len(whole))]
