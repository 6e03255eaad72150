"""The site and the training program judge a recipe alike."""

from __future__ import annotations

import pytest
import yaml

from contributions.models import Task
from contributions.services import recipe_rules
from contributions.services.recipe_fields import FIELDS, LORA, REQUIRED
from workers.training import recipe_fields as trained
from workers.training.errors import BadInput
from workers.training.recipe import DEEPEST, LONGEST, read_recipe
from workers.training.tasks import Task as TrainedTask

GOOD = {"version": 1, "method": "full", "learning_rate": 0.001, "epochs": 2}
VALUES = [
    None, True, False, -1, 0, 1, 2, 3, 4, 7, 8, 64, 1000, 1001, 1024, 1025, 4096, 4097, 10_000,
    10_001, 131_072, 131_073, 10_000_000, 10_000_001, 2**32 - 1, 2**32, 0.0, 0.5, 0.999, 1.0, 1.5,
    1e6, 1e7, float("inf"), float("nan"), "full", "lora", "linear", "cosine", "constant", "fp32",
    "bf16", "all-linear", "1e-4", "nan", "x", "", [], ["a"], ["a", 1], {}, {"a": 1},
]  # fmt: skip


def same_verdict(text, task=Task.TEXT_CLASSIFICATION):
    try:
        read_recipe(text, TrainedTask(task.value), shown="recipe.yaml")
        refusal = ""
    except BadInput as refused:
        refusal = str(refused)
    assert bool(recipe_rules.faults(text, task)) == bool(refusal), (text, refusal)
    return not refusal


def test_the_same_keys_are_known():
    assert {field.key for field in FIELDS} == trained.FIELDS.keys() - {"lora", "data"}
    assert {field.key for field in LORA} == trained.FIELDS["lora"].keys()
    assert (REQUIRED, LONGEST, DEEPEST) == (
        trained.REQUIRED,
        recipe_rules.LONGEST,
        recipe_rules.DEEPEST,
    )
    for task in Task:
        assert recipe_rules.COLUMNS[task] == tuple(TrainedTask(task.value).columns)


@pytest.mark.parametrize("key", sorted(trained.FIELDS))
def test_every_value_is_judged_alike(key):
    seen = {same_verdict(yaml.safe_dump({**GOOD, key: value})) for value in VALUES}
    assert True in seen or key in {"lora", "max_steps", "data"}


@pytest.mark.parametrize("key", sorted(trained.FIELDS["lora"]))
def test_every_value_of_lora_is_judged_alike(key):
    good = {**GOOD, "method": "lora"}
    seen = {same_verdict(yaml.safe_dump({**good, "lora": {key: value}})) for value in VALUES}
    assert seen == {True, False}


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "a: [1", "version: 1\nversion: 1\n", "x: &a 1\ny: *a\n", "a: [[[[[[[[[1]]]]]]]]]",
        "version: 1\nmethod: full\nlearning_rate: 0.1\nepochs: 1\nmax_steps: 1\n",
        "version: 1\nmethod: full\nlearning_rate: 1e-4\nmax_steps: 1\n",
        "version: 1\nmethod: full\nlearning_rate: 1e-4\nmax_steps: 1\nlora: {r: 4}\n",
        "version: 1\nmethod: full\nlearning_rate: 1e-4\nepochs: 1\ndata: {columns: {label: y}}\n",
        "version: 1\nmethod: full\nlearning_rate: 1e-4\nepochs: 1\ndata: {columns: {tags: y}}\n",
        "version: 1\nmethod: full\nlearning_rate: 1e-4\nepochs: 1\ndata: {rows: 3}\n",
        "version: 1\nmethod: full\nlearning_rate: 1e-4\nepochs: 1\nlora: {r: 1, r: 2}\n",
        "version: 1\nmethod: full\nlearning_rate: 1e-4\nepochs: 1\nepoch: 3\n",
        "x: " + "y" * 20_000,
    ],
)  # fmt: skip
def test_every_text_is_judged_alike(text):
    for task in Task:
        same_verdict(text, task)


def test_a_fault_names_the_line_and_the_nearest_key():
    (fault,) = recipe_rules.faults(yaml.safe_dump(GOOD, sort_keys=False) + "epoch: 3\n")
    assert str(fault) == "epoch (line 5) is not a key of a recipe; did you mean epochs?"
