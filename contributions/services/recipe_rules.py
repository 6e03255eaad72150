"""What a recipe.yaml may say, for forms and previews on the site.

The training program decides (it reads the file itself, and this package may not import it); a
test holds the two to the same verdicts.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from contributions.models import Task
from contributions.services.recipe_fields import FIELDS, LORA, REQUIRED, VERSION, Field

PATH = "recipe.yaml"
LONGEST = 16_384
DEEPEST = 8
COLUMNS = {
    Task.TEXT_CLASSIFICATION: ("text", "label"),
    Task.TOKEN_CLASSIFICATION: ("tokens", "tags"),
    Task.IMAGE_CLASSIFICATION: ("image", "label"),
}
MAPS = ("lora", "data")


@dataclass(frozen=True)
class Fault:
    """`key`: the entry, as `lora.r` for one inside another; `line` in the file, if known."""

    key: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        line = f" (line {self.line})" if self.line else ""
        return f"{self.key}{line} {self.message}"


def faults(text: str, task: Task | None = None) -> list[Fault]:
    """Everything that is wrong with the file, at once."""
    try:
        values, lines, found = _read(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        return [Fault(PATH, f"is not YAML: {problem}.", mark.line + 1 if mark else None)]
    except _Refused as refused:
        return [refused.fault]
    found += _entries(values, lines)
    found += _data(values.get("data"), lines, task) if "data" in values else []
    return sorted([*found, *_missing(values, lines)], key=lambda fault: fault.line or 0)


def values_of(text: str) -> dict[str, Any]:
    """What the file says, as far as it can be read; {} if it cannot."""
    try:
        return _read(text)[0]
    except (yaml.YAMLError, _Refused):
        return {}


class _Refused(Exception):
    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.fault = Fault(PATH, message, line)


def _read(text: str) -> tuple[dict[str, Any], dict[str, int], list[Fault]]:
    """Values, the line of each key, and keys that stand twice."""
    if len(text) > LONGEST:
        raise _Refused(f"has {len(text)} characters; keep it below {LONGEST}.")
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else None
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise _Refused("holds an alias (*name), which is not allowed.", line)
        if depth > DEEPEST:
            raise _Refused("has lists and maps nested too deep.", line)
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(node, yaml.MappingNode):
        raise _Refused("is not a list of “key: value” lines.")
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    twice: list[Fault] = []
    for name, line, value in _pairs(node, ""):
        if name in lines:
            twice.append(Fault(name, f"stands twice, first on line {lines[name]}.", line))
        lines[name] = line
        if "." not in name:
            values[name] = _plain(value)
    return values, lines, twice


def _pairs(node: yaml.MappingNode, prefix: str) -> Iterator[tuple[str, int, yaml.Node]]:
    for key, value in node.value:
        name = f"{prefix}{key.value}"
        yield name, key.start_mark.line + 1, value
        if not prefix and name in MAPS and isinstance(value, yaml.MappingNode):
            yield from _pairs(value, f"{name}.")


def _plain(node: yaml.Node) -> Any:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(node)
    except (yaml.YAMLError, ValueError):
        return None
    finally:
        loader.dispose()


def _entries(values: dict[str, Any], lines: dict[str, int]) -> list[Fault]:
    known = {**{field.key: field for field in FIELDS}, "lora": None, "data": None}
    found = []
    for key, value in values.items():
        if key not in known:
            found.append(Fault(key, _unknown(key, list(known)), lines.get(key)))
        elif key == "lora":
            found += _lora(value, lines)
        elif (field := known[key]) is not None:
            found += _value(field, key, value, lines)
    return found


def _lora(value: Any, lines: dict[str, int]) -> list[Fault]:
    fields = {field.key: field for field in LORA}
    if not isinstance(value, dict):
        return [Fault("lora", f"must be a map of {', '.join(fields)}.", lines.get("lora"))]
    found = []
    for key, inner in value.items():
        name = f"lora.{key}"
        if key in fields:
            found += _value(fields[key], name, inner, lines)
        else:
            found.append(Fault(name, _unknown(str(key), list(fields)), lines.get(name)))
    return found


def _value(field: Field, name: str, value: Any, lines: dict[str, int]) -> list[Fault]:
    if field.takes(value):
        return []
    shown = repr(value)[:60]
    return [Fault(name, f"is {shown} and must be {field.words}.", lines.get(name))]


def _data(value: Any, lines: dict[str, int], task: Task | None) -> list[Fault]:
    """Names of columns, which depend on the task: without one they are not judged."""
    if not isinstance(value, dict):
        return [Fault("data", "must be a map of columns.", lines.get("data"))]
    found = [
        Fault(f"data.{key}", _unknown(str(key), ["columns"]), lines.get(f"data.{key}"))
        for key in value
        if key != "columns"
    ]
    if "columns" in value and task is not None:
        roles, columns = COLUMNS[task], value["columns"]
        if not isinstance(columns, dict) or not all(
            role in roles and isinstance(name, str) for role, name in columns.items()
        ):
            wanted = f"must be a map from {' and '.join(roles)} to names of columns."
            found.append(Fault("data.columns", wanted, lines.get("data.columns")))
    return found


def _unknown(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}."
    return f"is not a key of a recipe; {hint}"


def _missing(values: dict[str, Any], lines: dict[str, int]) -> Iterator[Fault]:
    for key in REQUIRED:
        if key not in values:
            line = f"version: {VERSION}" if key == "version" else f"{key}: …"
            yield Fault(key, f"is missing; write for example “{line}”.")
    lengths = [key for key in ("epochs", "max_steps") if key in values]
    if len(lengths) != 1:
        line_of = lines.get(lengths[1]) if lengths else None
        yield Fault("epochs or max_steps", "must be given, and not both.", line_of)
    if "lora" in values and "method" in values and values["method"] != "lora":
        yield Fault("lora", "is only read with method: lora.", lines.get("lora"))
