"""A recipe is read strictly, and every fault of it is told at once."""

from __future__ import annotations

import pytest

from tests.recipes.folders import JobFolder
from workers.training.errors import BadInput
from workers.training.recipe import read_recipe
from workers.training.tasks import Task

GOOD = "version: 1\nmethod: full\nepochs: 2\nlearning_rate: 1e-4\n"


def refusal(text: str) -> BadInput:
    with pytest.raises(BadInput) as caught:
        read_recipe(text, Task.TEXT, shown="in/recipe.yaml")
    return caught.value


def test_a_small_recipe_is_enough() -> None:
    recipe = read_recipe(GOOD, Task.TEXT, shown="in/recipe.yaml")
    assert recipe.learning_rate == 1e-4
    assert recipe.epochs == 2
    assert recipe.batch_size == 16


def test_every_fault_is_told_at_once_with_its_key_and_line() -> None:
    text = (
        "version: 1\n"
        "method: fulll\n"
        "learning_rat: 1e-4\n"
        "batch_size: 0\n"
        "lora: {r: 0, rank: 3}\n"
        "epochs: 1\n"
        "max_steps: 3\n"
    )
    refused = refusal(text)
    for part in (
        "method (line 2) is 'fulll' and must be one of full, lora",
        "learning_rat (line 3) is not a key of a recipe; did you mean learning_rate?",
        "batch_size (line 4) is 0 and must be a whole number from 1 to 4096",
        "lora.r (line 5) is 0 and must be a whole number from 1 to 1024",
        "lora.rank (line 5) is not a key of a recipe",
        "epochs or max_steps (line 7) must be given, and not both",
        "learning_rate is missing",
        "lora (line 5) is only read with method: lora",
    ):
        assert part in refused.message
    assert refused.message.startswith("The recipe has 8 faults: ")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("batch_sise: 8", "did you mean batch_size?"),
        ("batch_size: 8.5", "is 8.5 and must be a whole number from 1 to 4096"),
        ("batch_size: true", "is True and must be a whole number"),
        ("warmup_ratio: 1", "is 1 and must be a number from 0 to below 1"),
        ("weight_decay: -0.1", "is -0.1 and must be a number from 0 to 1"),
        ("scheduler: polynomial", "must be one of linear, cosine, constant"),
        ("precision: fp16", "must be one of fp32, bf16"),
        ("label_smoothing: .nan", "is nan and must be a number"),
        ("max_grad_norm: .inf", "is inf and must be a number"),
        ("max_length: 1", "must be a whole number from 4"),
        ("freeze: embeddings", "is 'embeddings' and must be a list of texts"),
        ("lora: 8", "must be a map of r, alpha, dropout"),
        ("data: {columns: {txt: x}}", "must be a map from text and label to names of columns"),
        ("data: {rows: 3}", "data.rows (line 5) is not a key of a recipe; known are columns"),
        ("seed: -1", "is -1 and must be a whole number"),
        ("epochs: 3", "epochs (line 5) stands twice, first on line 3"),
    ],
)
def test_a_fault_names_its_line_and_what_is_allowed(line: str, says: str) -> None:
    refused = refusal(GOOD + line + "\n")
    assert says in refused.message
    assert refused.where == "in/recipe.yaml, line 5"


def test_another_version_is_refused() -> None:
    assert "version (line 1) is 2 and must be 1" in refusal(GOOD.replace("1\n", "2\n", 1)).message


def test_broken_yaml_names_the_line() -> None:
    refused = refusal("version: 1\nmethod: [full\n")
    assert refused.message.startswith("The recipe is not YAML: ")
    assert refused.where == "in/recipe.yaml, line 3"


@pytest.mark.parametrize("text", ["", "- 1\n", "full\n"])
def test_a_recipe_that_is_no_map_is_refused(text: str) -> None:
    assert refusal(text).message == "The recipe is not a map of keys to values"


def test_an_alias_is_refused_before_it_can_grow() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{after}: &{after} [{', '.join(['*' + before] * 9)}]" for before, after in
              zip("abcdefgh", "bcdefghi", strict=True)]  # fmt: skip
    assert "aliases are not allowed" in refusal("\n".join(lines)).message


def test_deep_nesting_is_refused() -> None:
    assert refusal("a: " + "[" * 9_000).message.startswith("The recipe is not YAML")


def test_the_program_reports_a_bad_recipe_where_the_contributor_looks(
    text_job: JobFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    (text_job / "in/recipe.yaml").write_text(GOOD + "batch_sise: 8\n")
    failure = text_job.fail()
    assert failure["class"] == "bad-input"
    assert failure["where"] == "in/recipe.yaml, line 5"
    log = capsys.readouterr()
    assert "did you mean batch_size?" in log.out.splitlines()[-1]
    assert "Traceback" not in log.out + log.err
