"""What a page shows of one file: its lines, its rows, its tensors, a picture, or only facts.

Every part is bounded: a page stays below 200 kB, whatever the file holds.
"""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

from django.utils.html import escape

from registry.services import commits, front_matter, previews, tensors
from registry.services.errors import Unprocessable
from registry.services.objects import Entry
from registry.web.rendering import markdown_within

# Beyond this only the beginning of a text is offered for reading on the site.
READ_BYTES = 1_000_000
LINES, LINE_BYTES = 1000, 80_000
# One line that is longer is cut: minified files have lines of megabytes.
LONGEST_LINE = 4000
MARKDOWN_BYTES = 120_000
LONGEST_JSON = 200_000
TENSORS = 400
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
_MARKDOWN = (".md", ".markdown")


def shown(entry: Entry, *, source: bool, page: int, images_from: str) -> dict[str, Any]:
    """`kind` and what the template needs for it. `source`: as it stands in the file."""
    path = entry.path.lower()
    if path.endswith(_PICTURES):
        return {"kind": "picture"}
    if path.endswith(".safetensors"):
        return _tensors(entry)
    if previews.is_table(path) and not source:
        return {"has_source": not path.endswith(".parquet"), **_table(entry)}
    if path.endswith(".parquet"):
        return {"kind": "facts"}
    text, whole = _text(entry)
    if text is None:
        return {"kind": "facts"}
    if path.endswith(_MARKDOWN) and not source and page == 1:
        return _rendered(text, images_from)
    if path.endswith(".json") and not source and whole and (pretty := _pretty(text)) is not None:
        return {**_lines(pretty, page, whole=True), "has_source": pretty != text, "pretty": True}
    return {
        **_lines(text, page, whole=whole),
        "has_rendered": source and _has_other_view(path),
    }


def _has_other_view(path: str) -> bool:
    return path.endswith((*_MARKDOWN, ".json")) or previews.is_table(path)


def _text(entry: Entry) -> tuple[str | None, bool]:
    """The text, or its beginning; None for what is no text."""
    with commits.open_entry(entry) as stream:
        content = stream.read(READ_BYTES)
    whole = len(content) >= entry.size
    if b"\0" in content[:8000] or b"\0" in content:
        return None, whole
    try:
        return content.decode("utf-8-sig"), whole
    except UnicodeDecodeError as wrong:
        # The end of a piece may be half a character.
        if whole or wrong.start < len(content) - 4:
            return None, whole
        return content[: wrong.start].decode("utf-8-sig"), whole


def _lines(text: str, page: int, *, whole: bool) -> dict[str, Any]:
    """One page of numbered lines, by as many as the page has room for."""
    lines = text.split("\n")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    starts = _starts(lines)
    page = min(max(page, 1), len(starts))
    start = starts[page - 1]
    end = starts[page] if page < len(starts) else len(lines)
    return {
        "kind": "lines",
        "lines": [(n + 1, _short(lines[n])) for n in range(start, end)],
        "page_number": page,
        "pages": len(starts),
        "line_count": len(lines),
        "whole": whole,
    }


def _starts(lines: list[str]) -> list[int]:
    """Where each page of lines begins. What counts is what is sent, escaped."""
    starts, room = [0], LINE_BYTES
    for number, line in enumerate(lines):
        size = len(escape(line[:LONGEST_LINE]).encode()) + 50
        if number > starts[-1] and (size > room or number - starts[-1] >= LINES):
            starts.append(number)
            room = LINE_BYTES
        room -= size
    return starts


def _short(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…"


def _rendered(text: str, images_from: str) -> dict[str, Any]:
    parsed = front_matter.parse(text)
    block = text[: len(text) - len(parsed.body)].strip() if parsed.present else ""
    html, cut = markdown_within(parsed.body, MARKDOWN_BYTES, images_from=images_from)
    return {
        "kind": "markdown",
        "html": html,
        "block": block[:5000],
        "problem": parsed.problem,
        "cut": cut,
        "has_source": True,
    }


def _pretty(text: str) -> str | None:
    """Indented; None for what is no JSON, or grows too much by it."""
    if len(text) > LONGEST_JSON:
        return None
    try:
        encoder = json.JSONEncoder(indent=2, ensure_ascii=False)
        pieces: list[str] = []
        room = 3 * LONGEST_JSON
        for piece in encoder.iterencode(json.loads(text)):
            pieces.append(piece)
            room -= len(piece)
            if room < 0:
                return None
    except (ValueError, RecursionError):
        return None
    return "".join(pieces)


def _table(entry: Entry) -> dict[str, Any]:
    try:
        return {"kind": "table", "preview": previews.first_rows(entry)}
    except Unprocessable as wrong:
        return {"kind": "facts", "refused": wrong}


def _tensors(entry: Entry) -> dict[str, Any]:
    try:
        with commits.open_entry(entry) as stream:
            header = tensors.read_header(stream, entry.size)
    except Unprocessable as wrong:
        return {"kind": "facts", "refused": wrong}
    return {
        "kind": "tensors",
        "header": header,
        "tensors": list(islice(header.tensors, TENSORS)),
        "tensor_count": len(header.tensors),
    }
