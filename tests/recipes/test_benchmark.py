"""The benchmark measures two models on the same examples and keeps what each example did."""

from __future__ import annotations

import json
import shutil
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.recipes.conftest import MakeJob
from tests.recipes.folders import JobFolder

SPLITS = {"V": list(range(0, 40, 2)), "T": list(range(1, 40, 2))}


def benchmark(job: JobFolder, candidate: str = "in/model", **changes: Any) -> JobFolder:
    """Turns a fine-tuning folder into a benchmark of ``candidate`` against the base."""
    job.spec(
        kind="benchmark",
        models={"candidate": {"path": candidate}, "reference": {"path": "in/model"}},
        data={"path": "in/data/eval", "splits": SPLITS},
    )
    job.spec(**changes)
    return job


def trained(job: JobFolder, steps: int = 40) -> JobFolder:
    job.recipe(max_steps=steps)
    job.succeed()
    shutil.move(job / "out/model", job / "in/trained")
    return benchmark(job, "in/trained")


def outcomes(job: JobFolder, role: str, split: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((job / f"out/outcomes.{role}.{split}.json").read_text())
    return found


@pytest.mark.parametrize(
    ("task", "metric"),
    [
        ("text-classification", "accuracy"),
        ("token-classification", "f1"),
        ("image-classification", "f1_macro"),
    ],
)
def test_training_shows_as_a_gain_with_its_interval(
    make_job: MakeJob, task: str, metric: str
) -> None:
    result = trained(make_job(task), steps=60).succeed("benchmark")
    assert result["provenance"]["device"] == "cpu"
    for split in ("V", "T"):
        loss = result["comparisons"][split]["loss"]
        assert 0 < loss["low"] < loss["difference"] < loss["high"]
        gain = result["comparisons"][split][metric]
        both = [result["scores"][role][split] for role in ("candidate", "reference")]
        difference = both[0]["metrics"][metric] - both[1]["metrics"][metric]
        assert gain["difference"] == pytest.approx(difference)
        assert gain["low"] <= gain["difference"] <= gain["high"]
        assert both[0]["n"] == 20


def test_a_model_gains_nothing_over_itself(text_job: JobFolder) -> None:
    result = benchmark(text_job).succeed("benchmark")
    for gain in result["comparisons"]["V"].values():
        assert gain == {"difference": 0.0, "low": 0.0, "high": 0.0}


def test_losses_are_the_cross_entropy_of_each_example(text_job: JobFolder) -> None:
    from workers.training.model import load_model
    from workers.training.tasks import Task

    benchmark(text_job).succeed("benchmark")
    bundle = load_model(text_job / "in/model", Task.TEXT)
    lines = (text_job / "in/data/eval/part-0.jsonl").read_text().splitlines()
    found = outcomes(text_job, "candidate", "V")
    for place, row in enumerate(SPLITS["V"]):
        example = json.loads(lines[row])
        with torch.no_grad():
            inputs = bundle.preprocessor([example["text"]], return_tensors="pt")
            logits = bundle.model(**inputs).logits
        gold = torch.tensor([bundle.label_ids[example["label"]]])
        assert found["loss"][place] == pytest.approx(float(F.cross_entropy(logits, gold)), abs=1e-5)
        guess = bundle.labels[int(logits.argmax())]
        assert found["predicted"][place] == guess
        assert found["correct"][place] == int(guess == example["label"])


def test_the_corpus_loss_of_tokens_comes_from_the_sentences(token_job: JobFolder) -> None:
    result = benchmark(token_job).succeed("benchmark")
    found = outcomes(token_job, "candidate", "V")
    loss = result["scores"]["candidate"]["V"]["loss"]
    assert loss == pytest.approx(sum(found["loss_sum"]) / sum(found["count"]))
    means = np.array(found["loss_sum"]) / np.array(found["count"])
    assert found["loss"] == pytest.approx(list(means))
    assert found["count"] == [len(tags) for tags in found["gold"]]
    same = [int(a == b) for a, b in zip(found["predicted"], found["gold"], strict=True)]
    assert found["correct"] == same


def test_the_size_of_batches_changes_no_score(token_job: JobFolder) -> None:
    losses = []
    for batch_size in (1, 7, 64):
        benchmark(token_job, batch_size=batch_size).succeed("benchmark")
        losses.append(outcomes(token_job, "candidate", "T")["loss"])
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)
    assert losses[0] == pytest.approx(losses[2], abs=1e-5)


def test_the_same_spec_gives_the_same_numbers(text_job: JobFolder) -> None:
    benchmark(text_job)
    first, again = text_job.succeed("benchmark"), text_job.succeed("benchmark")
    assert first == again


def keep(job: JobFolder, split: str, measured_on: str) -> str:
    """Put what the reference did on one split back as an input."""
    name = f"in/reference.{split}.json"
    (job / name).write_text(json.dumps(outcomes(job, "reference", measured_on)))
    return name


def test_the_reference_may_be_an_earlier_measurement(text_job: JobFolder) -> None:
    job = trained(text_job)
    measured = job.succeed("benchmark")
    earlier = {split: keep(job, split, split) for split in SPLITS}
    benchmark(job, models={"candidate": {"path": "in/trained"}, "reference": {"outcomes": earlier}})
    again = job.succeed("benchmark")
    assert again["comparisons"] == measured["comparisons"]
    assert again["scores"] == measured["scores"]


def test_an_earlier_measurement_of_other_examples_is_refused(text_job: JobFolder) -> None:
    job = benchmark(text_job)
    job.succeed("benchmark")
    swapped = {"V": keep(job, "V", "T"), "T": keep(job, "T", "V")}
    job.spec(models={"candidate": {"path": "in/model"}, "reference": {"outcomes": swapped}})
    failure = job.fail("benchmark")
    assert failure["class"] == "bad-input"
    assert "outcomes on V are of other examples" in failure["message"]


def test_an_earlier_measurement_must_have_every_split(text_job: JobFolder) -> None:
    job = benchmark(text_job)
    job.succeed("benchmark")
    earlier = {"V": keep(job, "V", "V")}
    job.spec(models={"candidate": {"path": "in/model"}, "reference": {"outcomes": earlier}})
    failure = job.fail("benchmark")
    assert failure["where"] == "spec.json, models.reference.outcomes"


def test_a_first_model_needs_no_reference(text_job: JobFolder) -> None:
    benchmark(text_job, models={"candidate": {"path": "in/model"}})
    result = text_job.succeed("benchmark")
    assert result["comparisons"] is None
    assert set(result["scores"]) == {"candidate"}


def test_words_beyond_the_models_reach_count_as_outside(token_job: JobFolder) -> None:
    long = {"tokens": ["Ada"] * 100, "tags": ["B-PER"] * 100}
    (token_job / "in/data/eval/part-0.jsonl").write_text(json.dumps(long) + "\n")
    benchmark(token_job, data={"path": "in/data/eval"})
    token_job.succeed("benchmark")
    found = outcomes(token_job, "candidate", "all")
    assert len(found["predicted"][0]) == 100
    assert set(found["predicted"][0][62:]) == {"O"}
    assert found["count"] == [62]


def test_labels_numbered_by_the_data_are_not_read_with_the_models_order(
    text_job: JobFolder,
) -> None:
    """``datasets`` stores a class as a number with its own list of names."""
    import datasets

    lines = (text_job / "in/data/eval/part-0.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    names = ["cancel", "delivery", "password", "refund"]  # the model begins with refund
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=names)}
    )
    numbered = [row | {"label": names.index(row["label"])} for row in rows]
    stored = datasets.Dataset.from_list(numbered, features=features)
    stored.to_parquet(text_job / "in/numbered.parquet")
    benchmark(text_job).succeed("benchmark")
    by_name = outcomes(text_job, "candidate", "V")
    benchmark(text_job, data={"path": "in/numbered.parquet", "splits": SPLITS})
    text_job.succeed("benchmark")
    assert outcomes(text_job, "candidate", "V") == by_name


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metric": "bleu"}, "The metric 'bleu' is not one of text-classification"),
        ({"bootstrap": 10}, '"bootstrap" is 10'),
        ({"confidence": 95}, '"confidence" is 95'),
        ({"batch_size": 0}, '"batch_size" is 0'),
        ({"data": {"path": "in/data/eval", "splits": []}}, "The splits are no map"),
        ({"data": {"path": "in/data/eval", "splits": {"V": []}}}, 'The split "V" is not a list'),
        ({"data": {"path": "in/data/eval", "splits": {"../V": [1]}}}, "is not a list"),
        (
            {"data": {"path": "in/data/eval", "splits": {"V": [80]}}},
            "Row 80 does not exist: the data has rows 0 to 79",
        ),
        (
            {"data": {"path": "in/data/eval", "splits": {"V": [1, 2], "T": [2]}}},
            "Row 2 stands twice: in V and in T",
        ),
        ({"models": {}}, 'The spec names no "models.candidate.path"'),
    ],
)
def test_a_wrong_spec_is_refused(
    text_job: JobFolder, changes: dict[str, Any], message: str
) -> None:
    failure = benchmark(text_job, **changes).fail("benchmark")
    assert failure["class"] == "bad-input"
    assert message in failure["message"]


def test_a_model_that_overflows_is_a_scoring_error(text_job: JobFolder) -> None:
    shutil.copytree(text_job / "in/model", text_job / "in/overflows")
    weights = text_job.weights()
    weights["classifier.weight"] = weights["classifier.weight"].sign() * 3e38
    text_job.write_weights(weights, "in/overflows/model.safetensors")
    failure = benchmark(text_job, "in/overflows").fail("benchmark")
    assert failure["class"] == "scoring-error"
    assert "The candidate gives a loss that is not finite" in failure["message"]


def test_pixels_are_those_of_the_models_own_processor(image_job: JobFolder) -> None:
    from io import BytesIO

    from PIL import Image

    from workers.training.data import read_table
    from workers.training.encoding import encode
    from workers.training.model import load_model
    from workers.training.tasks import Task

    bundle = load_model(image_job / "in/model", Task.IMAGE)
    table = read_table(image_job / "in/data/eval", None, Task.IMAGE)
    batch = encode(table, bundle).gather(np.arange(20))
    pictures = [Image.open(BytesIO(value["bytes"])) for value in table.columns["image"][:20]]
    expected = bundle.preprocessor(pictures, return_tensors="pt")["pixel_values"]
    torch.testing.assert_close(batch.inputs["pixel_values"], expected, atol=1e-6, rtol=0)
