"""What a model makes of examples: logits, a loss in nats for each example, predictions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from workers.training.encoding import IGNORED, Batch, Examples, Integers
from workers.training.errors import JobError, ScoringError, as_job_error
from workers.training.model import Bundle
from workers.training.tasks import Task


@dataclass
class ExampleLosses:
    """Of each example: the summed loss in nats, the labels it is summed over, the prediction.

    The corpus loss is loss_sum.sum() / count.sum(). Predictions are label ids [n]; for tokens
    one array a sentence with an id for each word, -1 where the word was cut off.
    """

    loss_sum: npt.NDArray[np.float64]  # [n]
    count: Integers  # [n]
    predictions: Integers | list[Integers]

    @property
    def mean(self) -> float:
        return float(self.loss_sum.sum() / max(self.count.sum(), 1))


def batches(examples: Examples, batch_size: int, rows: Integers | None = None) -> Iterator[Batch]:
    """Batches of examples of like length, longest first, so that a lack of memory shows early."""
    chosen = np.arange(len(examples)) if rows is None else rows
    order = chosen[np.argsort(-examples.lengths[chosen], kind="stable")]
    for start in range(0, len(order), batch_size):
        yield examples.gather(order[start : start + batch_size])


def predict_logits(bundle: Bundle, batch: Batch) -> torch.Tensor:
    """Logits in float32: [b, labels], for tokens [b, length, labels]. Differentiable."""
    try:
        logits: torch.Tensor = bundle.model(**batch.inputs).logits
    except Exception as error:  # whatever the architecture raises
        if type(as_job_error(error)) is not JobError:
            raise
        raise ScoringError(
            f"The model fails on its inputs: {type(error).__name__}: {str(error)[:200]}",
            where=str(bundle.folder.name),
            next="Run the saved model on one example, and correct its config.json.",
        ) from error
    return logits.float()


def batch_losses(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The cross entropy of each example [b] in nats, summed over its labels. Differentiable."""
    # Flat, because the two-dimensional kernel is not deterministic on CUDA.
    losses = F.cross_entropy(
        logits.flatten(0, -2), labels.flatten(), reduction="none", ignore_index=IGNORED
    )
    return losses.view(len(labels), -1).sum(dim=1)


@torch.inference_mode()
def example_losses(bundle: Bundle, examples: Examples, batch_size: int = 64) -> ExampleLosses:
    bundle.model.eval()
    order, losses, predicted, labelled = [], [], [], []
    for batch in batches(examples, batch_size):
        logits = predict_logits(bundle, batch)
        order.append(batch.index)
        losses.append(batch_losses(logits, batch.labels))
        predicted.append(logits.argmax(dim=-1).flatten())
        labelled.append((batch.labels != IGNORED).flatten())
    places = np.concatenate(order)
    loss_sum = np.empty(len(examples), dtype=np.float64)
    loss_sum[places] = torch.cat(losses).double().cpu().numpy()
    flat = torch.cat(predicted)[torch.cat(labelled)].cpu().numpy()
    if bundle.task is Task.TOKENS:
        return ExampleLosses(loss_sum, examples.counts, _by_word(examples, places, flat))
    predictions = np.empty(len(examples), dtype=np.int64)
    predictions[places] = flat
    return ExampleLosses(loss_sum, examples.counts, predictions)


def _by_word(examples: Examples, places: Integers, flat: Integers) -> list[Integers]:
    """Spreads the predictions at labelled positions over the words of their sentences."""
    assert examples.gold is not None
    assert examples.words is not None
    tags = [np.full(len(words), -1, dtype=np.int64) for words in examples.gold]
    cuts = np.cumsum(examples.counts[places])
    for place, part in zip(places, np.split(flat, cuts[:-1]), strict=True):
        start, length = examples.starts[place], examples.lengths[place]
        words = examples.words[start : start + length]
        tags[place][words[words >= 0]] = part
    return tags
