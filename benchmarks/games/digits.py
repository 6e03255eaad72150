"""A small real merge game: scikit-learn's digits, and contributors of every sort.

A multilayer perceptron (17,226 parameters, float64) is trained on 60 digits, calibrated by its
temperature, and fine-tuned by eight contributors: a large and a small one, three who know only
some digits, one with half of its labels random, one with the first one's data and another seed,
and a poisoner whose labels are all wrong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F

from workers.training.credit import Slopes, Vector
from workers.training.game import Outcomes, Rows

SHAPES = ((128, 64), (128,), (64, 128), (64,), (10, 64), (10,))
SIZES = [math.prod(shape) for shape in SHAPES]
NAMES = ("large", "small", "digits 0-3", "digits 4-6", "digits 7-9", "noisy", "again", "poison")
CLEAN = (0, 1, 2, 3, 4, 6)
POISON = 7
Data = tuple[torch.Tensor, torch.Tensor]


def forward(theta: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
    parts = [
        part.view(shape) for part, shape in zip(torch.split(theta, SIZES), SHAPES, strict=True)
    ]
    hidden = F.gelu(F.linear(inputs, parts[0], parts[1]))
    hidden = F.gelu(F.linear(hidden, parts[2], parts[3]))
    return F.linear(hidden, parts[4], parts[5])


def train(theta: torch.Tensor, data: Data, epochs: int, rate: float, seed: int) -> torch.Tensor:
    theta = theta.clone().requires_grad_()
    optimiser = torch.optim.Adam([theta], lr=rate)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for batch in torch.split(torch.randperm(len(data[1]), generator=generator), 32):
            optimiser.zero_grad()
            loss = F.cross_entropy(forward(theta, data[0][batch]), data[1][batch])
            torch.autograd.backward([loss])
            optimiser.step()
    return theta.detach()


def calibrated(theta: torch.Tensor, data: Data) -> torch.Tensor:
    """The head divided by the temperature that fits ``data`` best."""
    logits = forward(theta, data[0])
    temperatures = torch.exp(torch.linspace(-2, 4, 241, dtype=torch.float64))
    losses = [F.cross_entropy(logits / each, data[1]).item() for each in temperatures]
    scaled = theta.clone()
    scaled[-SIZES[-1] - SIZES[-2] :] /= temperatures[int(np.argmin(losses))]
    return scaled


@dataclass
class DigitsGame:
    """A merge game over flat parameters: theta0 [P], deltas [n, P], splits by name."""

    theta0: torch.Tensor
    deltas: torch.Tensor
    splits: dict[str, Data]
    forwards: int = 0
    _seen: dict[tuple[str, bytes], Outcomes] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(self.deltas)

    @property
    def gram(self) -> Vector:
        return np.asarray((self.deltas @ self.deltas.T).numpy())

    def size(self, split: str) -> int:
        return len(self.splits[split][1])

    def classes(self, split: str) -> Rows:
        return np.asarray(self.splits[split][1].numpy())

    def theta(self, weights: Vector) -> torch.Tensor:
        return self.theta0 + torch.from_numpy(weights) @ self.deltas

    def outcomes(self, split: str, weights: Vector) -> Outcomes:
        key = (split, weights.tobytes())
        if key not in self._seen:
            self.forwards += 1
            inputs, labels = self.splits[split]
            logits = forward(self.theta(weights), inputs)
            losses = F.cross_entropy(logits, labels, reduction="none").numpy()
            correct = (logits.argmax(1) == labels).double().numpy()
            self._seen[key] = Outcomes(losses, correct, np.ones(len(labels)))
        return self._seen[key]

    def slopes(self, split: str, weights: Vector, blocks: list[Rows]) -> Slopes:
        theta = self.theta(weights).requires_grad_()
        losses, slopes = [], []
        for rows in blocks:
            inputs, labels = (part[torch.from_numpy(rows)] for part in self.splits[split])
            loss = F.cross_entropy(forward(theta, inputs), labels, reduction="sum")
            (gradient,) = torch.autograd.grad(loss, theta)
            losses.append(loss.item())
            slopes.append((self.deltas @ gradient).numpy())
        counts = np.array([float(len(rows)) for rows in blocks])
        return Slopes(np.array(losses), np.array(slopes), counts)

    def with_deltas(self, deltas: torch.Tensor) -> DigitsGame:
        return DigitsGame(self.theta0, deltas, self.splits)


def make_game(seed: int, *, calibrate: bool = True, epochs: int = 30) -> DigitsGame:
    """The fixture of one seed, with the eight deltas in the order of NAMES; ``epochs`` of
    training make the base."""
    images, labels, generator = _shuffled(seed)
    start = train(_initial(generator), (images[:60], labels[:60]), epochs, 3e-3, seed)
    splits = {
        "M": (images[60:260], labels[60:260]),
        "V": (images[260:660], labels[260:660]),
        "T": (images[660:960], labels[660:960]),
    }
    theta0 = calibrated(start, splits["M"]) if calibrate else start
    shards = _shards(images[960:], labels[960:], generator)
    deltas = [
        train(theta0, shard, 15, 1e-3, 50 + index) - theta0 for index, shard in enumerate(shards)
    ]
    return DigitsGame(theta0, torch.stack(deltas), splits)


def _shuffled(seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Generator]:
    from sklearn.datasets import load_digits

    pixels, digits = load_digits(return_X_y=True)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(digits), generator=generator)
    return torch.tensor(pixels / 16)[order], torch.tensor(digits)[order], generator


def _initial(generator: torch.Generator) -> torch.Tensor:
    parts = [
        torch.randn(shape, generator=generator, dtype=torch.float64) / math.sqrt(shape[-1])
        if len(shape) > 1
        else torch.zeros(shape, dtype=torch.float64)
        for shape in SHAPES
    ]
    return torch.cat([part.reshape(-1) for part in parts])


def _shards(images: torch.Tensor, labels: torch.Tensor, generator: torch.Generator) -> list[Data]:
    def draw(size: int, low: int = 0, high: int = 9) -> Data:
        rows = torch.nonzero((labels >= low) & (labels <= high)).flatten()
        rows = rows[torch.randperm(len(rows), generator=generator)[:size]]
        return images[rows], labels[rows].clone()

    large, small = draw(300), draw(60)
    specialists = [draw(120, 0, 3), draw(120, 4, 6), draw(120, 7, 9)]
    noisy, poison = draw(150), draw(150)
    wrong = torch.rand(len(noisy[1]), generator=generator) < 0.5
    noisy[1][wrong] = torch.randint(0, 10, (int(wrong.sum()),), generator=generator)
    shifted = (poison[0], (poison[1] + 1) % 10)
    return [large, small, *specialists, noisy, large, shifted]
