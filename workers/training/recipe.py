"""recipe.yaml: how to train. Strict, so that a typing error never trains something else."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from workers.training.errors import BadInput
from workers.training.recipe_fields import FIELDS, REQUIRED, Fields, Mismatch, column_names
from workers.training.tasks import Task

LONGEST = 16_384  # characters; far above any recipe
DEEPEST = 8  # maps and lists in each other; the parser's time grows with the square


@dataclass(frozen=True)
class Lora:
    r: int = 8
    alpha: int = 16
    dropout: float = 0.0
    target_modules: str | list[str] = "all-linear"
    modules_to_save: list[str] | None = None  # None: the output head


@dataclass(frozen=True)
class Recipe:
    """A checked recipe. Exactly one of ``epochs`` and ``max_steps`` is set."""

    version: int
    method: str
    learning_rate: float
    epochs: float | None = None
    max_steps: int | None = None
    batch_size: int = 16
    gradient_accumulation: int = 1
    head_learning_rate: float | None = None
    warmup_ratio: float = 0.0
    weight_decay: float = 0.0
    scheduler: str = "linear"
    max_length: int | None = None
    max_grad_norm: float | None = 1.0
    label_smoothing: float = 0.0
    precision: str = "fp32"
    seed: int | None = None
    freeze: list[str] = field(default_factory=list)
    lora: Lora = field(default_factory=Lora)
    columns: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """A value with the line it stands on; None where the recipe came inside the spec."""

    value: Any
    line: int | None


@dataclass(frozen=True)
class Fault:
    key: str
    line: int | None
    text: str

    def __str__(self) -> str:
        line = f" (line {self.line})" if self.line else ""
        return f"{self.key}{line} {self.text}"


def read_recipe(source: str | dict[str, Any], task: Task, *, shown: str) -> Recipe:
    """Checks the whole recipe and reports every fault at once.

    ``source`` is the text of a recipe.yaml, or the recipe itself where a spec holds it.
    """
    faults: list[Fault] = []
    if isinstance(source, str):
        entries = _entries(_compose(source, shown), shown, faults)
    else:
        entries = _entries_of(source)
    values = dict(_checked(entries, FIELDS | {"data": {"columns": column_names(task)}}, "", faults))
    faults.extend(_missing(entries))
    if faults:
        raise _refusal(faults, shown)
    lora = Lora(**values.pop("lora", {}))
    columns = values.pop("data", {}).get("columns", {})
    return Recipe(lora=lora, columns=columns, **values)


def _compose(text: str, shown: str) -> yaml.Node | None:
    if len(text) > LONGEST:
        raise BadInput(
            f"The recipe has {len(text)} characters", where=shown, next=f"Keep it below {LONGEST}."
        )
    try:
        _refuse_traps(text, shown)
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise _not_yaml(problem, shown, mark.line + 1 if mark else 0) from error


def _refuse_traps(text: str, shown: str) -> None:
    """Short texts that stand for huge values, or take minutes to read."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise _not_yaml("aliases are not allowed", shown, line)
        if depth > DEEPEST:
            raise _not_yaml("its lists and maps are nested too deep", shown, line)


def _not_yaml(problem: str, shown: str, line: int) -> BadInput:
    return BadInput(
        f"The recipe is not YAML: {problem}",
        where=f"{shown}, line {line}" if line else shown,
        next="Correct that line; python -m workers.recipes.example writes a whole recipe.",
    )


def _entries(node: yaml.Node | None, shown: str, faults: list[Fault]) -> dict[str, Entry]:
    """The top level of a YAML document, and the second where it is a map, with their lines."""
    if not isinstance(node, yaml.MappingNode):
        raise BadInput(
            "The recipe is not a map of keys to values", where=shown, next="Write key: value lines."
        )
    entries: dict[str, Entry] = {}
    for key_node, value_node in node.value:
        key, line = str(key_node.value), key_node.start_mark.line + 1
        if key in entries:
            faults.append(Fault(key, line, f"stands twice, first on line {entries[key].line}"))
        nested = isinstance(FIELDS.get(key), dict) and isinstance(value_node, yaml.MappingNode)
        value = _entries(value_node, shown, faults) if nested else _plain(value_node)
        entries[key] = Entry(value, line)
    return entries


def _plain(node: yaml.Node) -> Any:
    """The value of a node; None for what plain YAML cannot say."""
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(node)
    except (yaml.YAMLError, ValueError):
        return None
    finally:
        loader.dispose()


def _entries_of(values: dict[str, Any]) -> dict[str, Entry]:
    return {
        key: Entry(
            _entries_of(value)
            if isinstance(FIELDS.get(key), dict) and isinstance(value, dict)
            else value,
            None,
        )
        for key, value in values.items()
    }


def _checked(
    entries: dict[str, Entry],
    fields: Fields,
    prefix: str,
    faults: list[Fault],
) -> Iterator[tuple[str, Any]]:
    for key, entry in entries.items():
        name = prefix + key
        expected = fields.get(key)
        if expected is None:
            faults.append(Fault(name, entry.line, _unknown(key, fields)))
        elif isinstance(expected, dict):
            if isinstance(entry.value, dict):
                yield key, dict(_checked(entry.value, {**expected}, f"{name}.", faults))
            else:
                faults.append(Fault(name, entry.line, f"must be a map of {', '.join(expected)}"))
        else:
            try:
                yield key, expected(entry.value)
            except Mismatch as mismatch:
                found = repr(entry.value)[:60]
                faults.append(Fault(name, entry.line, f"is {found} and must be {mismatch}"))


def _unknown(key: str, fields: dict[str, Any]) -> str:
    nearest = difflib.get_close_matches(key, fields, n=1, cutoff=0.5)
    hint = f"did you mean {nearest[0]}?" if nearest else f"known are {', '.join(fields)}"
    return f"is not a key of a recipe; {hint}"


def _missing(entries: dict[str, Entry]) -> Iterator[Fault]:
    for key in REQUIRED:
        if key not in entries:
            yield Fault(key, None, "is missing")
    lengths = [key for key in ("epochs", "max_steps") if key in entries]
    if len(lengths) != 1:
        line = entries[lengths[1]].line if lengths else None
        yield Fault("epochs or max_steps", line, "must be given, and not both")
    if "lora" in entries and "method" in entries and entries["method"].value != "lora":
        yield Fault("lora", entries["lora"].line, "is only read with method: lora")


def _refusal(faults: list[Fault], shown: str) -> BadInput:
    faults.sort(key=lambda fault: fault.line or 0)
    first = next((fault.line for fault in faults if fault.line), None)
    count = "one fault" if len(faults) == 1 else f"{len(faults)} faults"
    return BadInput(
        f"The recipe has {count}: " + "; ".join(map(str, faults)),
        where=f"{shown}, line {first}" if first else shown,
        next="Correct them all, then run again.",
    )
