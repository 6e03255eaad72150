"""LoRA fine-tuning leaves an adapter that PEFT loads back onto the untouched base."""

from __future__ import annotations

import json
import shutil

import torch
from peft import PeftModel
from transformers import AutoModelForSequenceClassification

from tests.recipes.conftest import MakeJob
from tests.recipes.folders import JobFolder

ADAPTER = "in/adapter/adapter_model.safetensors"


def use_lora(job: JobFolder, **lora: object) -> None:
    job.recipe(method="lora", learning_rate=0.01, lora={"r": 4, "alpha": 8, **lora})


def test_it_writes_only_an_adapter(text_job: JobFolder) -> None:
    use_lora(text_job)
    result = text_job.succeed()
    assert result["artifact"] == {"kind": "adapter", "path": "out/adapter"}
    names = {path.name for path in (text_job / "out/adapter").iterdir()}
    assert names == {"adapter_config.json", "adapter_model.safetensors"}
    assert not (text_job / "out/model").exists()


def test_the_adapter_names_no_path_of_the_worker(text_job: JobFolder) -> None:
    use_lora(text_job)
    text_job.succeed()
    config = json.loads((text_job / "out/adapter/adapter_config.json").read_text())
    assert config["base_model_name_or_path"] is None
    assert config["r"] == 4
    assert "classifier" in config["modules_to_save"]


def test_peft_and_the_benchmark_load_the_same_model(text_job: JobFolder) -> None:
    from workers.training.model import load_model
    from workers.training.tasks import Task

    use_lora(text_job)
    text_job.succeed()
    base = AutoModelForSequenceClassification.from_pretrained(text_job / "in/model")
    wrapped = PeftModel.from_pretrained(base, text_job / "out/adapter").eval()
    merged = load_model(text_job / "in/model", Task.TEXT, adapter=text_job / "out/adapter")
    plain = load_model(text_job / "in/model", Task.TEXT)
    inputs = merged.preprocessor(["cancel my order of the tent"], return_tensors="pt")
    with torch.no_grad():
        expected = wrapped(**inputs).logits
        torch.testing.assert_close(merged.model(**inputs).logits, expected, atol=1e-5, rtol=1e-5)
        assert not torch.allclose(plain.model(**inputs).logits, expected, atol=1e-3)
    assert list(merged.model.state_dict()) == list(plain.model.state_dict())


def test_the_benchmark_measures_an_adapter_as_training_did(text_job: JobFolder) -> None:
    use_lora(text_job)
    trained = text_job.succeed()
    shutil.copytree(text_job / "out/adapter", text_job / "in/adapter")
    text_job.spec(
        kind="benchmark",
        models={"candidate": {"path": "in/model", "adapter": "in/adapter"}},
        data={"path": "in/data/eval"},
    )
    measured = text_job.succeed("benchmark")["scores"]["candidate"]["all"]
    assert abs(measured["loss"] - trained["eval"]["loss"]) < 1e-5
    assert measured["metrics"] == trained["eval"]["metrics"]


def test_the_same_seed_gives_the_same_adapter(make_job: MakeJob) -> None:
    jobs = [make_job("image-classification", name) for name in ("first", "again")]
    for job in jobs:
        use_lora(job, dropout=0.1)
        job.succeed()
    name = "out/adapter/adapter_model.safetensors"
    assert jobs[0].digest(name) == jobs[1].digest(name)


def test_target_modules_that_the_model_lacks_are_refused_with_those_it_has(
    text_job: JobFolder,
) -> None:
    use_lora(text_job, target_modules=["q_proj"])
    failure = text_job.fail()
    assert failure["class"] == "bad-input"
    assert failure["message"] == 'lora.target_modules: the model has no module "q_proj"'
    assert "query" in failure["next"]


def benchmark_of_adapter(job: JobFolder) -> None:
    use_lora(job)
    job.succeed()
    shutil.copytree(job / "out/adapter", job / "in/adapter")
    job.spec(
        kind="benchmark",
        models={"candidate": {"path": "in/model", "adapter": "in/adapter"}},
        data={"path": "in/data/eval"},
    )


def test_an_adapter_with_a_tensor_too_few_is_refused_by_its_name(text_job: JobFolder) -> None:
    benchmark_of_adapter(text_job)
    weights = text_job.weights(ADAPTER)
    lost = next(name for name in weights if "query.lora_B" in name)
    weights.pop(lost)
    text_job.write_weights(weights, ADAPTER)
    failure = text_job.fail("benchmark")
    assert failure["class"] == "bad-input"
    assert "layer.0.attention.self.query.lora_B" in failure["message"]


def test_an_adapter_with_a_foreign_tensor_is_refused_by_its_name(text_job: JobFolder) -> None:
    benchmark_of_adapter(text_job)
    stranger = {"base_model.model.stranger": torch.zeros(2)}
    text_job.write_weights(text_job.weights(ADAPTER) | stranger, ADAPTER)
    failure = text_job.fail("benchmark")
    assert failure["class"] == "bad-input"
    assert "stranger" in failure["message"]


def test_a_pickled_adapter_is_never_opened(text_job: JobFolder) -> None:
    benchmark_of_adapter(text_job)
    weights = text_job.weights(ADAPTER)
    (text_job / ADAPTER).unlink()
    torch.save(weights, text_job / "in/adapter/adapter_model.bin")
    failure = text_job.fail("benchmark")
    assert failure["class"] == "bad-input"
    assert "as safetensors" in failure["next"]


def test_an_adapter_that_asks_to_import_a_module_is_refused(text_job: JobFolder) -> None:
    benchmark_of_adapter(text_job)
    path = text_job / "in/adapter/adapter_config.json"
    config = json.loads(path.read_text())
    asks = config | {"megatron_config": {"a": 1}, "megatron_core": "os"}
    path.write_text(json.dumps(asks))
    failure = text_job.fail("benchmark")
    assert failure["class"] == "bad-input"
    assert "megatron_config" in failure["message"]


def test_an_adapter_of_another_base_is_refused(text_job: JobFolder) -> None:
    benchmark_of_adapter(text_job)
    wider = {
        name: torch.zeros(value.shape[0], 999) if "query.lora_A" in name else value
        for name, value in text_job.weights(ADAPTER).items()
    }
    text_job.write_weights(wider, ADAPTER)
    failure = text_job.fail("benchmark")
    assert failure["class"] == "bad-input"
    assert "does not fit the model" in failure["message"]
    assert "query.lora_A" in failure["message"]
