"""The training recipe: recipe.yaml must be YAML, and a recipe the training program takes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workers.checks.findings import Finding, Severity
from workers.checks.tree import Tree
from workers.checks.yamltext import YamlError, read_yaml
from workers.training.errors import BadInput
from workers.training.recipe import read_recipe
from workers.training.tasks import Task

PATH = "recipe.yaml"


def recipe_findings(tree: Tree, task: Task | None) -> Iterator[Finding]:
    """Without a task, names of columns cannot be judged; the rest of the recipe can."""
    entry = tree.get(PATH)
    if entry is None:
        if tree.get("recipe.yml") is not None:
            yield _fault("recipe.yml is not read.", f"Name it {PATH}.")
        return
    try:
        text = entry.file.read_text(encoding="utf-8-sig")
        value = read_yaml(text)
    except UnicodeDecodeError as error:
        yield _fault(f"{PATH} is not UTF-8 (byte {error.start}).", "Save it as UTF-8.")
        return
    except YamlError as error:
        message = f"{PATH} is not valid YAML, line {error.line}: {error}."
        yield _fault(message, "Correct that line.", error.line)
        return
    if task is None and isinstance(value, dict) and "data" in value:
        return
    try:
        read_recipe(text, task or Task.TEXT, shown=PATH)
    except BadInput as error:
        line = re.search(r"line (\d+)", error.where)
        yield _fault(f"{error.message}.", error.next, int(line[1]) if line else None)


def _fault(message: str, fix: str, line: int | None = None) -> Finding:
    return Finding("recipe", Severity.BLOCK, message, fix, PATH, line)
