"""Every task's loss has the slopes that credit and weights rest on."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
import torch

from workers.recipes import example_texts, merge
from workers.recipes.example import write_example
from workers.training.credit import random_blocks
from workers.training.data import read_table
from workers.training.encoding import encode
from workers.training.mixture import Mixture
from workers.training.model import load_model
from workers.training.spec import run_program
from workers.training.tasks import Task


@pytest.fixture(scope="module", params=list(Task))
def mixture(request, tmp_path_factory):
    """The example model of the task with three random deltas, on 60 of its examples."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp(request.param.value) / "job"
    write_example(folder, request.param)
    bundle = load_model(folder / "in" / "model", request.param)
    table = read_table(folder / "in" / "data" / "eval", None, request.param)
    examples = encode(table.select(range(min(60, len(table)))), bundle)
    size = sum(parameter.numel() for parameter in bundle.model.parameters())
    deltas = 0.02 * torch.randn((3, size), generator=torch.Generator().manual_seed(1))
    return Mixture(bundle, deltas, {"V": examples}, batch_size=16)


def test_slopes_are_the_derivatives_of_the_loss(mixture):
    at, step = np.array([0.5, 0.3, 0.2]), 0.02
    blocks = random_blocks(mixture.size("V"), 20, np.random.default_rng(0))
    found = mixture.slopes("V", at, blocks)
    assert found.loss == pytest.approx(mixture.outcomes("V", at).mean_loss, rel=1e-5)
    for index in range(3):
        move = np.eye(3)[index] * step
        above = mixture.outcomes("V", at + move).mean_loss
        below = mixture.outcomes("V", at - move).mean_loss
        assert found.gradient[index] == pytest.approx((above - below) / (2 * step), rel=0.05)


def test_a_label_weighs_the_same_in_every_example(mixture):
    """A sentence of forty words counts forty times; blocks add up to the whole."""
    at = np.zeros(3)
    outcomes = mixture.outcomes("V", at)
    examples = mixture.splits["V"]
    assert outcomes.count.sum() == examples.counts.sum()
    assert outcomes.mean_loss == pytest.approx(outcomes.loss.sum() / examples.counts.sum())
    assert (outcomes.correct <= outcomes.count).all()
    whole = mixture.slopes("V", at, [np.arange(len(examples))])
    parts = mixture.slopes("V", at, random_blocks(len(examples), 20, np.random.default_rng(0)))
    assert parts.counts.sum() == whole.counts.sum()
    assert np.allclose(parts.gradient, whole.gradient, rtol=1e-3, atol=1e-6)


def test_no_weight_is_exactly_the_base(mixture):
    mixture.place(np.array([1.0, 0.0, 0.0]))
    mixture.place(np.zeros(3))
    assert torch.equal(mixture.parameters.read(), mixture.theta0)


def test_every_example_has_a_class(mixture):
    classes = mixture.classes("V")
    assert classes.shape == (mixture.size("V"),)
    assert classes.min() >= 0


def test_the_entities_of_sentences_can_be_merged(tmp_path):
    """A token task from spec to artifact, on one patch that is a little training away."""
    write_example(tmp_path, Task.TOKENS)
    model = tmp_path / "in" / "model"
    bundle = load_model(model, Task.TOKENS)
    rows = example_texts.sentences(random.Random(3), 120)
    (tmp_path / "in" / "benchmark.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    table = read_table(tmp_path / "in" / "data" / "train", None, Task.TOKENS)
    trained = Mixture(bundle, torch.zeros((0, 0)), {"train": encode(table, bundle)})
    optimizer = torch.optim.Adam(bundle.model.parameters(), lr=2e-3)
    random_rows = np.random.default_rng(0)
    for _ in range(30):
        trained._backward(trained.splits["train"], random_rows.integers(0, len(table), 16))
        optimizer.step()
    bundle.model.save_pretrained(tmp_path / "in" / "patch")
    bundle.preprocessor.save_pretrained(tmp_path / "in" / "patch")
    spec = {
        "format": 1, "kind": "merge", "task": "token-classification", "base": "in/model",
        "patches": [{"id": "p", "kind": "weights", "path": "in/patch", "order": 1}],
        "data": {
            "path": "in/benchmark.jsonl",
            "splits": {"M": list(range(40)), "V": list(range(40, 120))},
        },
        "device": "cpu",
        "options": {"norm_cap": 10.0},
    }  # fmt: skip
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    assert run_program("merge", merge.main, [str(tmp_path)]) == 0
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["admitted"] == ["p"]
    assert result["losses"]["V"]["merged"] < result["losses"]["V"]["base"]
    load_model(tmp_path / "out" / "model", Task.TOKENS)
