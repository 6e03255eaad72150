"""A step is one mean over its labels, however it is cut into batches."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from tests.recipes.conftest import MakeJob


@pytest.mark.parametrize("task", ["text-classification", "token-classification"])
def test_two_batches_of_four_train_as_one_batch_of_eight(make_job: MakeJob, task: str) -> None:
    cut, whole = make_job(task, "cut"), make_job(task, "whole")
    for job in (cut, whole):
        job.config(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    cut.recipe(batch_size=4, gradient_accumulation=2)
    whole.recipe(batch_size=8, gradient_accumulation=1)
    losses = [[point["loss"] for point in job.succeed()["curve"]] for job in (cut, whole)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)
    weights = [load_file(job / "out/model/model.safetensors") for job in (cut, whole)]
    for name, value in weights[0].items():
        torch.testing.assert_close(value, weights[1][name], atol=5e-5, rtol=0)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_first_loss_is_the_cross_entropy_of_the_untrained_model(
    make_job: MakeJob, smoothing: float
) -> None:
    from workers.training.data import read_table
    from workers.training.model import load_model
    from workers.training.tasks import Task

    job = make_job("token-classification")
    job.config(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    rows = job.train_rows()[:8]
    job.write_train_rows(rows)
    job.recipe(batch_size=3, gradient_accumulation=3, max_steps=1, label_smoothing=smoothing)
    loss = job.succeed()["curve"][0]["loss"]

    bundle = load_model(job / "in/model", Task.TOKENS)
    table = read_table(job / "in/data/train", None, Task.TOKENS)
    total, labels = 0.0, 0
    for tokens, tags in zip(table.columns["tokens"], table.columns["tags"], strict=True):
        encoded = bundle.preprocessor([tokens], is_split_into_words=True, return_tensors="pt")
        firsts = [encoded.word_ids(0).index(word) for word in range(len(tokens))]
        with torch.no_grad():
            logits = bundle.model(**encoded).logits[0, firsts]
        gold = torch.tensor([bundle.label_ids[tag] for tag in tags])
        entropy = F.cross_entropy(logits, gold, reduction="sum", label_smoothing=smoothing)
        total, labels = total + float(entropy), labels + len(tags)
    assert loss == pytest.approx(total / labels, abs=1e-5)


def test_every_example_is_seen_once_an_epoch() -> None:
    import numpy as np

    from workers.training.order import steps_per_epoch, training_steps

    lengths = np.random.default_rng(0).integers(3, 60, size=103)
    plan = training_steps(lengths, batch_size=4, accumulation=2, seed=5)
    steps = steps_per_epoch(103, 8)
    epochs = [
        np.concatenate([index for _ in range(steps) for index in next(plan)]) for _ in range(2)
    ]
    for epoch in epochs:
        assert sorted(epoch) == list(range(103))
    assert list(epochs[0]) != list(epochs[1])


def test_examples_of_a_batch_are_of_like_length() -> None:
    import numpy as np

    from workers.training.order import training_steps

    lengths = np.random.default_rng(0).integers(3, 300, size=2000)
    plan = training_steps(lengths, batch_size=16, accumulation=1, seed=0)
    batches = [next(plan)[0] for _ in range(125)]
    padded = sum(int(lengths[index].max()) * len(index) for index in batches)
    assert padded < 1.1 * lengths.sum()
