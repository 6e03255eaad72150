"""Changes to a YAML map that leave all its other lines, and their comments, as they are."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import yaml

_KEY = re.compile(r"""^(?:"([^"]+)"|'([^']+)'|([^\s#'"\-][^:#]*?))\s*:(?:\s|$)""")


def changed(text: str, values: Mapping[str, Any], *, removed: Collection[str] = ()) -> str:
    """`text` with these entries of its top level. One that is there is replaced in its place."""
    left = dict(values)
    lines: list[str] = []
    for key, block in _blocks(text):
        if key in left:
            lines.append(written({key: left.pop(key)}))
            lines += _comments_after(block)
        elif key not in removed:
            lines += block
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return "".join([*lines, written(left)])


def written(values: Mapping[str, Any]) -> str:
    if not values:
        return ""
    return yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True, width=96)


def front_matter(card: str, values: Mapping[str, Any], *, removed: Collection[str] = ()) -> str:
    """A card with these entries in its front matter, which is begun if there is none."""
    lines = card.removeprefix("\ufeff").splitlines(keepends=True)
    ends = [n for n, line in enumerate(lines[1:], 1) if line.rstrip() == "---"]
    if not lines or lines[0].strip() != "---" or not ends:
        return f"---\n{written(values)}---\n{card}" if values else card
    block = "".join(lines[1 : ends[0]])
    rest = "".join(lines[ends[0] :])
    return f"---\n{changed(block, values, removed=removed)}{rest}"


def _blocks(text: str) -> list[tuple[str, list[str]]]:
    """The lines of each entry of the top level; "" for what stands before the first."""
    blocks: list[tuple[str, list[str]]] = [("", [])]
    for line in text.splitlines(keepends=True):
        found = _KEY.match(line)
        if found:
            blocks.append(((found[1] or found[2] or found[3]).strip(), []))
        blocks[-1][1].append(line)
    return blocks


def _comments_after(block: list[str]) -> list[str]:
    """Comments between this entry and the next belong to the next."""
    kept: list[str] = []
    for line in reversed(block[1:]):
        if line.strip() and not line.startswith("#"):
            break
        kept.insert(0, line)
    return kept
