"""What a model did on each example of a split, as a file that a later comparison reads back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workers.training.encoding import Examples, Integers
from workers.training.errors import BadInput, ScoringError
from workers.training.metrics import (
    OUTSIDE,
    Floats,
    Statistic,
    class_report,
    entity_report,
    entity_statistics,
    macro_f1,
    name_entities,
    ratio_of,
)
from workers.training.model import Bundle
from workers.training.scoring import ExampleLosses, example_losses
from workers.training.tasks import Task

Names = list[Any]  # label names: str an example, or list[str] a sentence


@dataclass
class Outcomes:
    """Losses in nats summed over ``count`` labels an example, and the predicted label names."""

    task: Task
    loss_sum: Floats
    count: Integers
    predicted: Names
    gold: Names

    def as_json(self) -> dict[str, Any]:
        pairs = zip(self.predicted, self.gold, strict=True)
        outcomes = {
            "task": self.task.value,
            "loss": (self.loss_sum / np.maximum(self.count, 1)).tolist(),
            "correct": [int(guess == truth) for guess, truth in pairs],
            "predicted": self.predicted,
            "gold": self.gold,
        }
        if self.task is Task.TOKENS:
            outcomes |= {"loss_sum": self.loss_sum.tolist(), "count": self.count.tolist()}
        return outcomes

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(self.as_json(), allow_nan=False), encoding="utf-8")


def measure(bundle: Bundle, examples: Examples, batch_size: int, what: str) -> Outcomes:
    """Runs the model over the examples; ``what`` names the model in messages."""
    losses = example_losses(bundle, examples, batch_size)
    broken = np.flatnonzero(~np.isfinite(losses.loss_sum))
    if len(broken):
        raise ScoringError(
            f"The {what} gives a loss that is not finite for {len(broken)} examples",
            where=f"first at example {broken[0]} of the split",
            next="Train again with a lower learning rate; the model overflows.",
        )
    return _named(bundle, examples, losses)


def _named(bundle: Bundle, examples: Examples, losses: ExampleLosses) -> Outcomes:
    names = bundle.labels
    predicted: Names
    gold: Names
    if examples.gold is not None:
        outside = OUTSIDE if OUTSIDE in names else ""  # for words that were cut off
        predicted = [
            [names[tag] if tag >= 0 else outside for tag in tags] for tags in losses.predictions
        ]
        gold = [[names[tag] for tag in tags] for tags in examples.gold]
    else:
        predicted = [names[label] for label in losses.predictions]
        gold = [names[label] for label in examples.targets()]
    return Outcomes(bundle.task, losses.loss_sum, losses.count, predicted, gold)


def read_outcomes(path: Path, shown: str) -> Outcomes:
    """Outcomes of one split that an earlier benchmark wrote."""
    try:
        return _from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(
            f"The outcomes cannot be read: {type(error).__name__}: {error}",
            where=shown,
            next="Give an outcomes file that the benchmark wrote, or the reference model.",
        ) from error


def _from_json(values: dict[str, Any]) -> Outcomes:
    count = values.get("count", [1] * len(values["loss"]))
    return Outcomes(
        Task(values["task"]),
        np.array(values.get("loss_sum", values["loss"]), dtype=np.float64),
        np.array(count, dtype=np.int64),
        values["predicted"],
        values["gold"],
    )


def statistics(outcomes: Outcomes) -> dict[str, Statistic]:
    """Every score of the task, ready for resampling."""
    loss = ratio_of(outcomes.loss_sum, outcomes.count, lower_is_better=True)
    if outcomes.task is not Task.TOKENS:
        numbers, labels = _numbered(outcomes.gold, outcomes.predicted)
        hits = numbers[0] == numbers[1]
        return {
            "loss": loss,
            "accuracy": ratio_of(hits, np.ones(len(hits))),
            "f1_macro": macro_f1(*numbers, len(labels)),
        }
    pairs = list(zip(outcomes.gold, outcomes.predicted, strict=True))
    right = [sum(a == b for a, b in zip(*pair, strict=True)) for pair in pairs]
    accuracy = ratio_of(np.array(right), np.array([len(truth) for truth, _ in pairs]))
    if not name_entities(outcomes.gold):
        return {"loss": loss, "accuracy": accuracy}
    entities = entity_statistics(outcomes.gold, outcomes.predicted)
    return {"loss": loss, **entities, "accuracy": accuracy}


def scores(outcomes: Outcomes) -> dict[str, Any]:
    """Loss, metrics and the full report per class, as result.json shows them."""
    values = {name: statistic.score() for name, statistic in statistics(outcomes).items()}
    return {
        "n": len(outcomes.gold),
        "loss": values.pop("loss"),
        "metrics": values,
        "report": report(outcomes),
    }


def report(outcomes: Outcomes) -> dict[str, Any]:
    gold, predicted = outcomes.gold, outcomes.predicted
    if outcomes.task is Task.TOKENS:
        if name_entities(gold):
            return entity_report(gold, predicted)
        gold = [tag for tags in gold for tag in tags]
        predicted = [tag for tags in predicted for tag in tags]
    numbers, labels = _numbered(gold, predicted)
    return class_report(*numbers, labels)


def _numbered(gold: Names, predicted: Names) -> tuple[tuple[Integers, Integers], Sequence[str]]:
    labels = sorted({*gold, *predicted})
    places = {label: number for number, label in enumerate(labels)}
    numbers = [
        np.array([places[name] for name in names], dtype=np.int64) for names in (gold, predicted)
    ]
    return (numbers[0], numbers[1]), labels
