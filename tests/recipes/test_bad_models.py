"""A model that is not what its task needs is refused by the name of what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import torch

from tests.recipes.folders import JobFolder

Weights = dict[str, torch.Tensor]


def change_weights(job: JobFolder, change: Callable[[Weights], object]) -> None:
    weights = job.weights()
    change(weights)
    job.write_weights(weights)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda weights: weights.pop("classifier.bias"), "classifier.bias is missing"),
        (
            lambda weights: weights.update(stranger=torch.zeros(2)),
            "stranger is not part of the model",
        ),
        (
            lambda weights: weights.update({"classifier.weight": torch.zeros(7, 64)}),
            "classifier.weight has shape [7, 64] and should have [4, 64]",
        ),
    ],
)
def test_tensors_that_do_not_fit_are_named(
    text_job: JobFolder, change: Callable[[Weights], object], message: str
) -> None:
    change_weights(text_job, change)
    failure = text_job.fail()
    assert failure["class"] == "bad-input"
    assert message in failure["message"]
    assert failure["where"] == "model/model.safetensors"


def test_values_that_are_not_finite_are_refused_by_the_tensors_name(text_job: JobFolder) -> None:
    change_weights(text_job, lambda weights: weights["classifier.bias"].fill_(float("nan")))
    assert "classifier.bias holds values that are not finite" in text_job.fail()["message"]


def test_a_pickle_is_never_opened(text_job: JobFolder) -> None:
    torch.save(text_job.weights(), text_job / "in/model/pytorch_model.bin")
    (text_job / "in/model/model.safetensors").unlink()
    failure = text_job.fail()
    assert failure["class"] == "bad-input"
    assert failure["message"] == "The model has no safetensors weights"


def test_a_pickle_named_safetensors_is_never_opened(text_job: JobFolder) -> None:
    torch.save(text_job.weights(), text_job / "in/model/model.safetensors")
    failure = text_job.fail()
    assert failure["class"] == "bad-input"
    assert "cannot be loaded" in failure["message"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"auto_map": {"AutoModel": "evil.Model"}}, "asks to run code of its own"),
        ({"quantization_config": {"bits": 4}}, "is quantised"),
        ({"id2label": {}}, "no complete label map"),
        ({"id2label": {"0": "a", "2": "b"}}, "no complete label map"),
        ({"id2label": {"0": "a", "1": "a"}}, "no complete label map"),
        ({"model_type": "no-such-model"}, "cannot be loaded for text-classification"),
        ({"model_type": "vit"}, "cannot be loaded for text-classification"),
    ],
)
def test_a_config_that_cannot_be_used_says_why(
    text_job: JobFolder, changes: dict[str, object], message: str
) -> None:
    text_job.config(**changes)
    failure = text_job.fail()
    assert failure["class"] == "bad-input"
    assert message in failure["message"]


def test_a_model_that_fails_on_its_inputs_is_a_scoring_error(text_job: JobFolder) -> None:
    from transformers import GPT2Config, GPT2ForSequenceClassification

    labels = json.loads((text_job / "in/model/config.json").read_text())["id2label"]
    config = GPT2Config(n_embd=8, n_layer=1, n_head=1, num_labels=4, id2label=labels)
    GPT2ForSequenceClassification(config).save_pretrained(text_job / "in/model")
    failure = text_job.fail()
    assert failure["class"] == "scoring-error"
    assert "no padding token is defined" in failure["message"]


def test_a_folder_without_a_config_is_no_model_folder(text_job: JobFolder) -> None:
    (text_job / "in/model/config.json").unlink()
    assert "is not a model folder" in text_job.fail()["message"]


def test_a_config_that_is_no_json_says_so(text_job: JobFolder) -> None:
    (text_job / "in/model/config.json").write_text("{")
    assert "config.json is not JSON" in text_job.fail()["message"]


def test_a_model_without_its_tokenizer_is_refused(text_job: JobFolder) -> None:
    for path in (text_job / "in/model").glob("tokenizer*"):
        path.unlink()
    failure = text_job.fail()
    assert failure["class"] == "bad-input"
    assert failure["message"] == "The model has no tokenizer"


def test_a_broken_tokenizer_is_refused(text_job: JobFolder) -> None:
    (text_job / "in/model/tokenizer.json").write_text("{}")
    failure = text_job.fail()
    assert failure["class"] == "bad-input"
    assert failure["message"].startswith("The preprocessor cannot be loaded")


def test_a_tokenizer_with_more_words_than_the_model_is_refused(text_job: JobFolder) -> None:
    words = "bert.embeddings.word_embeddings.weight"
    change_weights(text_job, lambda weights: weights.update({words: weights[words][:20].clone()}))
    text_job.config(vocab_size=20)
    failure = text_job.fail()
    assert failure["class"] == "bad-input"
    assert "tokenizer knows" in failure["message"]


def test_pictures_of_another_size_than_the_models_are_refused(image_job: JobFolder) -> None:
    path = image_job / "in/model/preprocessor_config.json"
    config = json.loads(path.read_text()) | {"size": {"height": 16, "width": 16}}
    path.write_text(json.dumps(config))
    failure = image_job.fail()
    assert failure["class"] == "bad-input"
    assert "(1, 16, 16)" in failure["message"]
    assert "(1, 8, 8)" in failure["message"]


def test_normalisation_of_another_number_of_channels_is_refused(image_job: JobFolder) -> None:
    path = image_job / "in/model/preprocessor_config.json"
    config = json.loads(path.read_text()) | {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    path.write_text(json.dumps(config))
    assert "normalises 3 channels and the model takes 1" in image_job.fail()["message"]
