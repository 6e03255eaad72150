"""Weights and adapters are held against the base of the track."""

from __future__ import annotations

import json

import pytest

from tests.recipes.checked import (
    CONFIG,
    SHAPES,
    base,
    check,
    model,
    only,
    rules,
    safetensors,
)

ADAPTER = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["query"]}
FACTORS = {
    "base_model.model.layer.query.lora_A.weight": (2, 3),
    "base_model.model.layer.query.lora_B.weight": (4, 2),
    "base_model.model.classifier.weight": (2, 4),
}


def adapter(config=ADAPTER, shapes=FACTORS, place="adapters/mine"):
    return {
        f"{place}/adapter_config.json": json.dumps(config),
        f"{place}/adapter_model.safetensors": safetensors(shapes),
    }


def test_it_passes_weights_like_the_base(tmp_path):
    changed = ["model.safetensors"]
    result = check(tmp_path, model(), changed=changed, base=base())
    assert (result["verdict"], result["patch"]["kind"]) == ("passed", "weights")


def test_another_float_type_is_no_other_architecture(tmp_path):
    files = model(**{"model.safetensors": safetensors(SHAPES, "BF16", 2)})
    assert check(tmp_path, files, base=base())["verdict"] == "passed"


def test_it_names_the_first_three_tensors_that_differ(tmp_path):
    shapes = {f"other.{n}": (1,) for n in range(4)} | {"classifier.weight": (3, 4)}
    files = model(**{"model.safetensors": safetensors(shapes)})
    message = only(check(tmp_path, files, base=base()))["message"]
    assert "a model of another architecture than the track's" in message
    assert "classifier.bias is missing" in message
    assert "classifier.weight has shape [3, 4], the base has [2, 4]" in message
    assert "layer.query.weight is missing" in message
    assert message.endswith("and 4 more.")


def test_it_joins_the_shards_of_a_large_model(tmp_path):
    names = list(SHAPES)
    parts = {"model-00001-of-00002.safetensors": names[:1],
             "model-00002-of-00002.safetensors": names[1:]}  # fmt: skip
    weight_map = {name: part for part, held in parts.items() for name in held}
    files = model(**{"model.safetensors": None}) | {
        part: safetensors({name: SHAPES[name] for name in held}) for part, held in parts.items()
    }
    files["model.safetensors.index.json"] = json.dumps({"weight_map": weight_map})
    assert check(tmp_path, files, base=base())["verdict"] == "passed"


def test_it_misses_a_shard(tmp_path):
    files = model(**{"model.safetensors.index.json": '{"weight_map": {"a": "gone.safetensors"}}'})
    assert only(check(tmp_path, files))["rule"] == "shards"


def test_it_asks_for_the_weights(tmp_path):
    files = model(**{"model.safetensors": None})
    assert "no readable model.safetensors" in only(check(tmp_path, files, base=base()))["message"]


def test_the_label_map_is_the_base_s(tmp_path):
    config = CONFIG | {"id2label": {"0": "yes", "1": "no"}}
    finding = only(check(tmp_path, model(**{"config.json": json.dumps(config)}), base=base()))
    assert finding["rule"] == "label-map"
    assert "0 is 'yes', the base has 'no'" in finding["message"]


def test_the_architecture_is_the_base_s(tmp_path):
    config = CONFIG | {"model_type": "roberta"}
    finding = only(check(tmp_path, model(**{"config.json": json.dumps(config)}), base=base()))
    assert "model_type 'roberta', the base has 'bert'" in finding["message"]


@pytest.mark.parametrize(
    ("config", "rule"),
    [
        (json.dumps(CONFIG | {"auto_map": {"AutoModel": "m.M"}}), "remote-code"),
        ("{", "json"),
        ("[]", "json"),
    ],
)
def test_it_refuses_a_config_that_runs_code_or_cannot_be_read(tmp_path, config, rule):
    assert only(check(tmp_path, model(**{"config.json": config})))["rule"] == rule


def test_it_warns_that_a_new_tokenizer_has_no_effect(tmp_path):
    files = model(**{"tokenizer.json": "{}"})
    result = check(tmp_path, files, base=base(), changed=["tokenizer.json", "model.safetensors"])
    assert (result["verdict"], rules(result, "warn")) == ("passed", ["tokenizer"])


def test_it_passes_an_adapter_in_its_folder(tmp_path):
    files = model() | adapter()
    changed = list(adapter())
    result = check(tmp_path, files, base=base(), changed=changed)
    assert result["verdict"] == "passed"
    assert result["patch"]["kind"] == "adapter"
    assert result["patch"]["adapters"] == ["adapters/mine"]


def test_an_adapter_at_the_root_would_replace_the_model(tmp_path):
    files = model(**{"adapter_config.json": "{}", "adapter_model.safetensors": safetensors({})})
    finding = only(check(tmp_path, files))
    assert finding["rule"] == "adapter-place"
    assert "adapters/<name>/" in finding["fix"]


@pytest.mark.parametrize("place", ["adapters", "elsewhere/mine", "adapters/mine/deeper"])
def test_an_adapter_lies_in_adapters_and_its_name(tmp_path, place):
    result = check(tmp_path, model() | adapter(place=place))
    assert set(rules(result)) == {"adapter-place"}


FACTOR_A, FACTOR_B, HEAD = FACTORS


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({FACTOR_B: None}, "only one of the factors"),
        ({FACTOR_A: (3, 3), FACTOR_B: (4, 3)}, "has rank 3, adapter_config.json says 2"),
        ({FACTOR_A: (1, 3)}, "factors of shapes [1, 3] and [4, 2]"),
        ({FACTOR_B: (5, 2)}, "changes 5 x 3 values, the base has [4, 3]"),
        ({HEAD: (3, 4)}, "classifier.weight has shape [3, 4]"),
        ({"base_model.model.score.weight": (2, 4)}, "score.weight is not in the base"),
        (
            {"base_model.model.none.lora_A.weight": (2, 3),
             "base_model.model.none.lora_B.weight": (4, 2)},
            "none is not in the base",
        ),
    ],
)  # fmt: skip
def test_it_says_where_an_adapter_does_not_fit_the_base(tmp_path, changes, words):
    shapes = {name: shape for name, shape in (FACTORS | changes).items() if shape is not None}
    finding = only(check(tmp_path, model() | adapter(shapes=shapes), base=base()))
    assert words in finding["message"]
    assert "base revision of this track" in finding["fix"]


def test_ranks_by_pattern_are_understood(tmp_path):
    config = ADAPTER | {"rank_pattern": {"query": 1}}
    shapes = FACTORS | {FACTOR_A: (1, 3), FACTOR_B: (4, 1)}
    result = check(tmp_path, model() | adapter(config, shapes), base=base())
    assert result["verdict"] == "passed"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"peft_type": "IA3"}, "only LORA adapters"),
        ({"use_dora": True}, "sets use_dora"),
        ({"trainable_token_indices": [1]}, "sets trainable_token_indices"),
        ({"alpha_pattern": {"(a+)+b": 3}}, "alpha_pattern with groups"),
        ({"rank_pattern": {"q*" * 50: 3}}, "rank_pattern with groups"),
        ({"auto_mapping": {"parent_library": "os"}}, "auto_mapping"),
        ({"auto_mapping": {"parent_library": "transformers.models.vit.modeling_vit.os"}}, "auto"),
        ({"auto_mapping": "transformers"}, "auto_mapping"),
    ],
)
def test_it_refuses_adapters_that_cannot_be_merged_exactly(tmp_path, change, words):
    result = check(tmp_path, model() | adapter(ADAPTER | change), base=base())
    assert words in only(result)["message"]


def test_it_takes_the_mapping_that_peft_writes_for_models_without_a_task_type(tmp_path):
    mapping = {
        "base_model_class": "ViTForImageClassification",
        "parent_library": "transformers.models.vit.modeling_vit",
    }
    result = check(tmp_path, model() | adapter(ADAPTER | {"auto_mapping": mapping}), base=base())
    assert result["verdict"] == "passed"


def test_it_takes_targets_that_the_base_is_loaded_with_under_other_names(tmp_path):
    """As for ViT, whose files say `encoder.layer.0.attention.query`."""
    files = {f"body.deep.{name}": shape for name, shape in {"query.weight": (4, 3)}.items()}
    shapes = {
        "base_model.model.body.layers.0.q_proj.lora_A.weight": (2, 3),
        "base_model.model.body.layers.0.q_proj.lora_B.weight": (4, 2),
    }
    known = {"tensors": {name: {"shape": list(s), "dtype": "F32"} for name, s in files.items()}}
    result = check(tmp_path, model() | adapter(ADAPTER, shapes), base=base() | known)
    assert not [each for each in result["findings"] if each["path"].startswith("adapters/")]


def test_it_misses_the_config_of_an_adapter(tmp_path):
    files = model() | adapter()
    del files["adapters/mine/adapter_config.json"]
    assert "has no adapter_config.json" in only(check(tmp_path, files))["message"]


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ("method: full\nmethod: lora\n", "appears twice"),
        ("version: 1\nmethod: [full\n", "line 3"),
        ("just text", "map of keys"),
        ("version: 1\nmethod: full\nepochs: 1\nlerning_rate: 1\n", "did you mean learning_rate?"),
    ],
)
def test_it_names_the_line_of_a_broken_recipe(tmp_path, recipe, words):
    finding = only(check(tmp_path, model(**{"recipe.yaml": recipe}), changed=["recipe.yaml"]))
    assert (finding["rule"], finding["path"]) == ("recipe", "recipe.yaml")
    assert words in finding["message"]


@pytest.mark.parametrize(
    "spec", [{"repo_type": "space"}, {"changed": "all"}, {"base": {"tensors": {"a": {}}}}]
)
def test_a_wrong_spec_is_named_by_key(tmp_path, spec):
    result = check(tmp_path, model(), status="failed", **spec)
    (key,) = spec
    assert result["failure"]["class"] == "bad-input"
    assert key in result["failure"]["where"]


def test_a_recipe_is_held_against_the_task(tmp_path):
    recipe = "version: 1\nmethod: full\nepochs: 1\nlearning_rate: 1e-4\n"
    recipe += "data:\n  columns: {text: utterance}\n"
    files = model(**{"recipe.yaml": recipe})
    assert check(tmp_path / "a", files, task="text-classification")["verdict"] == "passed"
    assert check(tmp_path / "b", files)["verdict"] == "passed"
    assert only(check(tmp_path / "c", files, task="image-classification"))["line"] == 6
