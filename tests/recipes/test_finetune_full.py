"""Full fine-tuning leaves a whole model folder that learnt, and the same one each time."""

from __future__ import annotations

import json

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from tests.recipes.conftest import MakeJob
from tests.recipes.folders import JobFolder


@pytest.mark.parametrize(
    ("task", "metric", "at_least"),
    [
        ("text-classification", "accuracy", 0.9),
        ("token-classification", "f1", 0.7),
        ("image-classification", "accuracy", 0.6),
    ],
)
def test_it_learns_the_example_of_every_task(
    make_job: MakeJob, task: str, metric: str, at_least: float
) -> None:
    job = make_job(task)
    job.recipe(max_steps=None, epochs=6)
    result = job.succeed()
    assert result["curve"][-1]["loss"] < result["curve"][0]["loss"]
    assert result["eval"]["metrics"][metric] > at_least
    assert result["curve"][-1]["step"] == result["train"]["steps"]
    assert len(result["curve"]) <= 200


def test_it_writes_a_model_folder_that_transformers_loads(text_job: JobFolder) -> None:
    result = text_job.succeed()
    assert result["artifact"] == {"kind": "weights", "path": "out/model"}
    trained = text_job / "out/model"
    model = AutoModelForSequenceClassification.from_pretrained(trained)
    tokenizer = AutoTokenizer.from_pretrained(trained)
    logits = model(**tokenizer("where is my lamp", return_tensors="pt")).logits
    assert logits.shape == (1, 4)
    assert model.config.id2label[0] == "refund"


def test_only_the_weights_differ_from_the_base(text_job: JobFolder) -> None:
    text_job.succeed()
    base, trained = text_job / "in/model", text_job / "out/model"
    assert {path.name for path in trained.iterdir()} == {path.name for path in base.iterdir()}
    for path in base.iterdir():
        same = path.read_bytes() == (trained / path.name).read_bytes()
        assert same == (path.name != "model.safetensors"), path.name
    before, after = text_job.weights(), text_job.weights("out/model/model.safetensors")
    assert {name: value.shape for name, value in before.items()} == {
        name: value.shape for name, value in after.items()
    }


def test_the_config_of_a_half_precision_base_names_the_precision_of_the_result(
    text_job: JobFolder,
) -> None:
    text_job.config(dtype="bfloat16")
    text_job.succeed()
    assert json.loads((text_job / "out/model/config.json").read_text())["dtype"] == "float32"
    model = AutoModelForSequenceClassification.from_pretrained(text_job / "out/model")
    assert model.dtype == torch.float32


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(make_job: MakeJob) -> None:
    jobs = [make_job(name=name) for name in ("first", "again", "other")]
    jobs[2].spec(seed=1)
    results = [job.succeed() for job in jobs]
    digests = [job.digest("out/model/model.safetensors") for job in jobs]
    assert digests[0] == digests[1] != digests[2]
    assert results[0]["curve"] == results[1]["curve"] != results[2]["curve"]


def test_the_seed_of_the_recipe_counts_where_the_spec_names_none(text_job: JobFolder) -> None:
    text_job.recipe(seed=7)
    assert text_job.succeed()["provenance"]["seed"] == 0
    text_job.spec(seed=None)
    assert text_job.succeed()["provenance"]["seed"] == 7


def test_a_frozen_parameter_keeps_its_values(text_job: JobFolder) -> None:
    text_job.recipe(freeze=["bert.embeddings.*"])
    text_job.succeed()
    before = text_job.weights()
    after = text_job.weights("out/model/model.safetensors")
    for name, value in before.items():
        assert torch.equal(value, after[name]) == name.startswith("bert.embeddings."), name


def test_a_frozen_pattern_that_matches_nothing_is_refused(text_job: JobFolder) -> None:
    text_job.recipe(freeze=["bert.embedings.*"])
    failure = text_job.fail()
    assert failure["class"] == "bad-input"
    assert 'freeze: "bert.embedings.*" matches no parameter' in failure["message"]


def test_the_head_learns_at_its_own_rate(text_job: JobFolder) -> None:
    text_job.recipe(learning_rate=1e-9, head_learning_rate=0.01)
    text_job.succeed()
    before = text_job.weights()
    after = text_job.weights("out/model/model.safetensors")
    moved = {name: float((after[name] - before[name]).abs().max()) for name in before}
    assert min(moved["classifier.weight"], moved["classifier.bias"]) > 1e-3
    assert max(value for name, value in moved.items() if "classifier" not in name) < 1e-5


def test_half_precision_trains_too(text_job: JobFolder) -> None:
    text_job.recipe(precision="bf16")
    result = text_job.succeed()
    assert result["provenance"]["precision"] == "bf16"
    saved = text_job.weights("out/model/model.safetensors")
    assert {value.dtype for value in saved.values()} == {torch.float32}


def test_a_recipe_may_stand_in_the_spec_itself(text_job: JobFolder) -> None:
    recipe = {"version": 1, "method": "full", "max_steps": 3, "learning_rate": 1e-3}
    text_job.spec(recipe=recipe)
    assert text_job.succeed()["train"]["steps"] == 3


def test_a_loss_that_is_not_a_number_says_at_which_step(text_job: JobFolder) -> None:
    text_job.recipe(learning_rate=1.0, weight_decay=0.0, max_grad_norm=None, warmup_ratio=0.0)
    weights = text_job.weights()
    weights["classifier.weight"] = weights["classifier.weight"].sign() * 3e38
    text_job.write_weights(weights)
    failure = text_job.fail()
    assert failure["class"] == "bad-input"
    assert "at step 1" in failure["message"]
    assert "Lower learning_rate" in failure["next"]
    assert not (text_job / "out/model").exists()
