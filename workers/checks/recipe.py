"""The training recipe: recipe.yaml must be YAML, whatever it asks for."""

from __future__ import annotations

from collections.abc import Iterator

from workers.checks.findings import Finding, Severity
from workers.checks.tree import Tree
from workers.checks.yamltext import YamlError, read_yaml

PATH = "recipe.yaml"


def recipe_findings(tree: Tree) -> Iterator[Finding]:
    entry = tree.get(PATH)
    if entry is None:
        other = tree.get("recipe.yml")
        if other is not None:
            message = "recipe.yml is not read."
            yield Finding("recipe", Severity.BLOCK, message, f"Name it {PATH}.", other.path)
        return
    try:
        value = read_yaml(entry.file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        message = f"{PATH} is not UTF-8 (byte {error.start})."
        yield Finding("recipe", Severity.BLOCK, message, "Save it as UTF-8.", PATH)
        return
    except YamlError as error:
        message = f"{PATH} is not valid YAML, line {error.line}: {error}."
        yield Finding("recipe", Severity.BLOCK, message, "Correct that line.", PATH, error.line)
        return
    if not isinstance(value, dict):
        message = f"{PATH} must be a list of 'key: value' lines."
        fix = "Begin with `version: 1` and `method: full` or `method: lora`."
        yield Finding("recipe", Severity.BLOCK, message, fix, PATH, 1)
