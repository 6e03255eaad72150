"""The merge program, from a job folder with real patches to a model folder."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
import transformers
from safetensors import safe_open
from safetensors.torch import load_file

from tests.recipes.releases import ALL, job, loaded, patch, write_release
from workers.training.delta import Parameters, adapter_delta


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    return write_release(tmp_path_factory.mktemp("release") / "job")


@pytest.fixture(scope="module")
def calibrated(prepared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("calibrated") / "job"
    return folder, job(folder, prepared, "merge", patches=None, calibrate=True)


@pytest.fixture(scope="module")
def merged(prepared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("merged") / "job"
    return folder, job(folder, prepared, "merge")


def test_it_admits_those_who_help_and_says_why_not_the_others(merged):
    _, result = merged
    assert {"ada", "bob"} == set(result["admitted"])
    assert result["weights"]["ada"] > 0
    reasons = {name: entry["reason"] for name, entry in result["gate"].items()}
    assert reasons["eve"] == "it copies a patch that came earlier"
    assert reasons["nobody"] == "it changes nothing"
    assert "another architecture" in reasons["otto"]
    for name in ("eve", "mallory", "nobody", "otto"):
        assert result["weights"][name] == 0
        assert not result["gate"][name]["admitted"]
    mallory = result["gate"]["mallory"]
    assert mallory["knowledge_bound"] <= 0
    assert result["clusters"] == [["ada", "eve"]]


def test_the_merge_is_better_on_every_split(merged):
    _, result = merged
    for split in ("M", "V", "T"):
        assert result["losses"][split]["merged"] < result["losses"][split]["base"]


def test_the_artifact_is_the_base_plus_the_weighted_deltas(merged, prepared):
    folder, result = merged
    base = load_file(prepared / "in" / "base" / "model.safetensors")
    ada = load_file(prepared / "in" / "patches" / "ada" / "model.safetensors")
    parameters = Parameters(loaded(prepared))
    theta0 = parameters.read()
    bob = adapter_delta(parameters, theta0, prepared / "in" / "patches" / "bob")
    made = load_file(folder / result["artifact"]["path"] / "model.safetensors")
    weights = result["weights"]
    assert made.keys() == base.keys()
    for slot in parameters.slots:
        change = weights["ada"] * (ada[slot.name].double() - base[slot.name].double())
        change += weights["bob"] * bob[slot.start : slot.stop].view_as(slot.tensor).double()
        expected = (base[slot.name].double() + change).float()
        assert torch.allclose(made[slot.name], expected, rtol=0, atol=1e-6), slot.name


def test_the_artifact_is_a_complete_model_folder(merged, prepared):
    folder, result = merged
    path = folder / result["artifact"]["path"]
    model = transformers.AutoModelForSequenceClassification.from_pretrained(path)
    transformers.AutoTokenizer.from_pretrained(path)
    assert model.dtype == torch.float32
    config = json.loads((prepared / "in" / "base" / "config.json").read_text())
    assert model.config.id2label == {int(key): name for key, name in config["id2label"].items()}
    with safe_open(path / "model.safetensors", "pt") as file:
        assert file.metadata() == {"format": "pt"}
    assert not list(path.parent.glob(".*"))


def test_the_same_job_gives_the_same_bytes(merged, prepared, tmp_path):
    _, first = merged
    again = job(tmp_path / "again", prepared, "merge")
    for key in ("weights", "gate", "losses", "artifact"):
        assert again[key] == first[key]


def test_calibration_divides_the_head_by_the_temperature(calibrated, prepared):
    folder, result = calibrated
    base = load_file(prepared / "in" / "base" / "model.safetensors")
    made = load_file(folder / "out" / "model" / "model.safetensors")
    for name, tensor in base.items():
        factor = 1 / result["temperature"] if name.startswith("classifier.") else 1.0
        assert torch.allclose(made[name], tensor * factor)
    assert result["losses"]["M"]["merged"] <= result["losses"]["M"]["base"]


def test_a_calibrated_base_has_temperature_one(calibrated, prepared, tmp_path):
    folder, _ = calibrated
    whole = tmp_path / "whole"
    shutil.copytree(folder / "out" / "model", whole / "in" / "base")
    shutil.copy(prepared / "in" / "benchmark.jsonl", whole / "in")
    result = job(tmp_path / "job", whole, "merge", patches=None, calibrate=True)
    assert result["temperature"] == pytest.approx(1, abs=0.01)


def test_a_release_of_poison_only_leaves_the_base_as_it_was(prepared, tmp_path):
    result = job(tmp_path / "job", prepared, "merge", patches=[patch("mallory", 1)])
    assert result["admitted"] == []
    base = load_file(prepared / "in" / "base" / "model.safetensors")
    made = load_file(tmp_path / "job" / "out" / "model" / "model.safetensors")
    assert all(torch.equal(made[name], base[name]) for name in base)


def test_a_patch_longer_than_the_cap_is_left_out(prepared, tmp_path):
    options = {"norm_cap": 0.001}
    result = job(tmp_path / "job", prepared, "merge", patches=ALL[:1], options=options)
    assert "times as long as the base; at most 0.001" in result["gate"]["ada"]["reason"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"patches": None}, "nothing to merge"),
        ({"calibrate": True}, "before anybody's patch"),
        ({"patches": [{"id": "x"}]}, "has no path"),
        ({"patches": [patch("ada", 1, "recipe")]}, "of kind 'recipe'"),
        ({"patches": [patch("ada", 1), patch("ada", 2)]}, "stands twice"),
        ({"patches": [patch("ada", "first")]}, "lacks an id or a whole number"),
        ({"options": {"norm_cpa": 1}}, "'norm_cpa' is not known"),
        ({"options": {"steps": 0.5}}, "steps is 0.5"),
        ({"data": {"path": "in/benchmark.jsonl", "splits": {"M": [1]}}}, "no split V"),
        (
            {"data": {"path": "in/benchmark.jsonl", "splits": {"M": [1], "V": [1]}}},
            "Row 1 stands twice",
        ),
    ],
)
def test_it_names_what_is_wrong_with_the_spec(prepared, tmp_path, changes, words):
    result = job(tmp_path / "job", prepared, "merge", status="failed", **changes)
    assert result["failure"]["class"] == "bad-input"
    assert words in result["failure"]["message"]
    assert result["failure"]["next"]


def test_a_missing_patch_is_left_out_and_the_others_are_merged(prepared, tmp_path):
    patches = [patch("ada", 1), patch("gone", 2)]
    result = job(tmp_path / "job", prepared, "merge", patches=patches)
    assert "does not exist" in result["gate"]["gone"]["reason"]
    assert result["admitted"] == ["ada"]
