"""A real model in the place of every mixture of its patches: theta0 + sum_i c_i Delta_i."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from workers.training.credit import Slopes, Vector
from workers.training.delta import Parameters
from workers.training.encoding import Examples
from workers.training.game import Outcomes, Rows
from workers.training.model import Bundle
from workers.training.scoring import (
    ExampleLosses,
    batch_losses,
    batches,
    example_losses,
    predict_logits,
)

CHUNK = 16_384  # numbers that are summed in float32 before float64 takes over


class Mixture:
    """A merge game over a model. ``deltas`` is [n, P] float32; splits hold encoded examples."""

    def __init__(
        self,
        bundle: Bundle,
        deltas: torch.Tensor,
        splits: Mapping[str, Examples],
        *,
        batch_size: int = 64,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        self.bundle = bundle
        self.parameters = Parameters(bundle.model)
        self.theta0 = self.parameters.read().to(deltas.device)
        self.deltas = deltas
        self.splits = splits
        self.batch_size = batch_size
        self.tick = tick  # called after each pass over a split
        self._seen: dict[tuple[str, bytes], tuple[Outcomes, ExampleLosses]] = {}
        self._at: bytes | None = None
        bundle.model.eval()
        _differentiate_statistics(bundle.model)
        for slot in self.parameters.slots:
            slot.tensor.requires_grad_(True)

    @property
    def count(self) -> int:
        return len(self.deltas)

    def size(self, split: str) -> int:
        return len(self.splits[split])

    def classes(self, split: str) -> Rows:
        examples = self.splits[split]
        if examples.gold is None:
            return examples.targets()
        often = np.bincount(np.concatenate(examples.gold), minlength=1)
        return np.array([min(tags, key=lambda tag: often[tag]) for tags in examples.gold])

    @property
    def gram(self) -> Vector:
        """[n, n] inner products of the deltas, in float64."""
        rows = [self.products(row) for row in self.deltas]
        return np.array(rows).reshape(self.count, self.count)

    def products(self, vector: torch.Tensor) -> Vector:
        """[n]: <vector, Delta_i>, summed in float64 over short float32 sums."""
        total = torch.zeros(self.count, dtype=torch.float64, device=self.deltas.device)
        for start in range(0, self.deltas.shape[1], CHUNK):
            part = slice(start, start + CHUNK)
            total += (self.deltas[:, part] @ vector[part]).double()
        return np.asarray(total.cpu().numpy())

    def place(self, weights: Vector) -> None:
        """Sets the model to these weights."""
        key = weights.tobytes()
        if key == self._at:
            return
        chosen = torch.tensor(weights, dtype=torch.float32, device=self.deltas.device)
        with torch.no_grad():
            for slot in self.parameters.slots:
                part = slice(slot.start, slot.stop)
                moved = self.theta0[part] + chosen @ self.deltas[:, part]
                slot.tensor.copy_(moved.view_as(slot.tensor))
        self._at = key

    def place_exactly(self, weights: Vector) -> None:
        """As ``place``, summed in float64 and rounded once: the weights that are released."""
        chosen = torch.tensor(weights, dtype=torch.float64, device=self.deltas.device)
        with torch.no_grad():
            for slot in self.parameters.slots:
                part = slice(slot.start, slot.stop)
                moved = self.theta0[part].double() + chosen @ self.deltas[:, part].double()
                slot.tensor.copy_(moved.view_as(slot.tensor))
        self._at = None

    def outcomes(self, split: str, weights: Vector) -> Outcomes:
        return self._evaluated(split, weights)[0]

    def losses(self, split: str, weights: Vector) -> ExampleLosses:
        return self._evaluated(split, weights)[1]

    def _evaluated(self, split: str, weights: Vector) -> tuple[Outcomes, ExampleLosses]:
        key = (split, weights.tobytes())
        if key not in self._seen:
            self.place(weights)
            examples = self.splits[split]
            losses = example_losses(self.bundle, examples, self.batch_size)
            correct = _correct(examples, losses)
            counts = losses.count.astype(np.float64)
            self._seen[key] = (Outcomes(losses.loss_sum, correct, counts), losses)
            self.tick()
        return self._seen[key]

    def slopes(self, split: str, weights: Vector, blocks: list[Rows]) -> Slopes:
        """One backward pass a block serves all patches: then only inner products remain."""
        self.place(weights)
        examples = self.splits[split]
        losses, slopes = np.zeros(len(blocks)), np.zeros((len(blocks), self.count))
        for number, rows in enumerate(blocks):
            losses[number] = self._backward(examples, rows)
            slopes[number] = self.products(self._gradient())
        counts = np.array([float(examples.counts[rows].sum()) for rows in blocks])
        self.tick()
        return Slopes(losses, slopes, counts)

    def _backward(self, examples: Examples, rows: Rows) -> float:
        for slot in self.parameters.slots:
            slot.tensor.grad = None
        total = 0.0
        for batch in batches(examples, self.batch_size, rows):
            loss = batch_losses(predict_logits(self.bundle, batch), batch.labels).sum()
            torch.autograd.backward([loss])
            total += float(loss.detach())
        return total

    def _gradient(self) -> torch.Tensor:
        vector = torch.zeros_like(self.theta0)
        for slot in self.parameters.slots:
            if slot.tensor.grad is not None:
                vector[slot.start : slot.stop] = slot.tensor.grad.reshape(-1).to(vector.device)
        return vector


def _correct(examples: Examples, losses: ExampleLosses) -> Vector:
    """Right labels of each example, counted where the loss counts."""
    if isinstance(losses.predictions, list):
        assert examples.gold is not None
        pairs = zip(losses.predictions, examples.gold, strict=True)
        return np.array([float((found == gold).sum()) for found, gold in pairs])
    return np.asarray((losses.predictions == examples.targets()).astype(np.float64))


def _differentiate_statistics(model: nn.Module) -> None:
    """Makes the loss differentiable in batch normalisation's running statistics.

    They are part of a delta, but torch's kernel gives no slopes for them, so the credit would
    not add up to the gain.
    """

    for module in model.modules():
        if isinstance(module, _BatchNorm) and module.running_mean is not None:
            module.forward = partial(_normalised, module)  # type: ignore[method-assign]


def _normalised(module: _BatchNorm, values: torch.Tensor) -> torch.Tensor:
    """Batch normalisation in eval mode by plain operations; values are [b, channels, …]."""
    assert module.running_mean is not None
    assert module.running_var is not None
    scale = torch.rsqrt(module.running_var.clamp(min=0) + module.eps)
    if module.weight is not None:
        scale = scale * module.weight
    shift = -module.running_mean * scale
    if module.bias is not None:
        shift = shift + module.bias
    shape = (1, -1) + (1,) * (values.dim() - 2)
    return values * scale.view(shape) + shift.view(shape)
