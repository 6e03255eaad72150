"""The YAML block at the top of a card (README.md)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import re
from typing import Any

import yaml

LONGEST_CARD = 5_000_000
# Reading YAML takes microseconds a character, and every push is read.
LONGEST_BLOCK = 500_000
_MOST_BITS = 256
# What the loader raises for `!!int x`, `!!bool x` and `!!timestamp x`.
_BAD_VALUE = (ValueError, KeyError, AttributeError, TypeError)
_BLOCK = re.compile(r"\A(?:\ufeff)?\s*---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Card:
    """`data` is what the block says as JSON types; `problem` why it could not be read."""

    data: dict[str, Any]
    body: str
    problem: str = ""
    line: int | None = None
    present: bool = True


class _Loader(yaml.SafeLoader):
    """No aliases: a few lines of them can unfold to gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.MarkedYAMLError(
                problem="aliases (*name) are not allowed in a card",
                problem_mark=self.peek_event().start_mark,  # type: ignore[no-untyped-call]
            )
        return super().compose_node(parent, index)


def parse(text: str) -> Card:
    found = _BLOCK.match(text[:LONGEST_CARD])
    if found is None:
        return Card({}, text, present=False)
    body = text[found.end() :].lstrip("\r\n")
    if len(found[1]) > LONGEST_BLOCK:
        return Card({}, body, f"the front matter is longer than {LONGEST_BLOCK} characters")
    try:
        data = yaml.load(found[1], Loader=_Loader)  # noqa: S506 — a subclass of SafeLoader
    except (yaml.YAMLError, RecursionError, *_BAD_VALUE) as wrong:
        return _broken(text, found, body, wrong)
    if data is None:
        return Card({}, body)
    if not isinstance(data, dict):
        return Card({}, body, "the front matter must be a list of `key: value` lines", 2)
    return Card(_as_json(data), body)


def _broken(text: str, found: re.Match[str], body: str, wrong: Exception) -> Card:
    mark = getattr(wrong, "problem_mark", None)
    above = text[: found.start(1)].count("\n")
    line = mark.line + above + 1 if mark is not None else None
    problem = getattr(wrong, "problem", None) or str(wrong)
    return Card({}, body, f"the YAML front matter cannot be read: {problem}", line)


def _as_json(value: Any) -> Any:
    """What JSON, PostgreSQL and UTF-8 can hold of it."""
    if isinstance(value, dict):
        return {_text(str(key)): _as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_as_json(item) for item in value]
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return None
    if isinstance(value, int | float) or value is None:
        return value
    return _text(str(value))


def _text(given: str) -> str:
    return given.replace("\x00", "").encode(errors="replace").decode()


_TAGGED = {
    "language": "language:",
    "license": "license:",
    "datasets": "dataset:",
    "base_model": "base_model:",
    "task_categories": "task_categories:",
    "task_ids": "task_ids:",
    "size_categories": "size_categories:",
    "multilinguality": "multilinguality:",
    "language_creators": "language_creators:",
}


def tags(data: dict[str, Any], *, is_model: bool) -> list[str]:
    """Tags that lists filter on, as the Hub derives them from a card."""
    found: list[str] = []
    for key in ("library_name", "pipeline_tag"):
        found += _strings(data.get(key))
    found += _strings(data.get("tags"))
    for key, prefix in _TAGGED.items():
        values = _strings(data.get(key))
        found += [prefix + value for value in values]
        if key == "language" and is_model:
            found += values
    return list(dict.fromkeys(found))


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
