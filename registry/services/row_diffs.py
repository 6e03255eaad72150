"""How many rows of a table went and came, whatever their order."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath

from registry.services.objects import Entry
from registry.services.tensor_diffs import Opener

LARGEST_FILE = 3_000_000
_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_LINES = {".jsonl", ".ndjson"}


@dataclass(frozen=True)
class RowDiff:
    before: int
    after: int
    added: int
    removed: int
    columns_added: list[str]
    columns_removed: list[str]


def are_tables(*entries: Entry) -> bool:
    """By their names; and small enough to be read whole."""
    return all(
        _suffix(entry) in {*_SEPARATORS, *_LINES} and entry.size <= LARGEST_FILE
        for entry in entries
    )


def _suffix(entry: Entry) -> str:
    return PurePosixPath(entry.path.lower()).suffix


def compare(before: Entry, after: Entry, *, opened: Opener) -> RowDiff | None:
    """None for what is no table of text, too large, or cannot be read as one."""
    if not are_tables(before, after):
        return None
    old, new = _rows(before, opened), _rows(after, opened)
    if old is None or new is None:
        return None
    (old_head, old_rows), (new_head, new_rows) = old, new
    return RowDiff(
        before=old_rows.total(),
        after=new_rows.total(),
        added=(new_rows - old_rows).total(),
        removed=(old_rows - new_rows).total(),
        columns_added=[name for name in new_head if name not in old_head][:20],
        columns_removed=[name for name in old_head if name not in new_head][:20],
    )


def _rows(entry: Entry, opened: Opener) -> tuple[list[str], Counter[str]] | None:
    suffix = _suffix(entry)
    with opened(entry) as stream:
        text = stream.read(LARGEST_FILE).decode("utf-8-sig", errors="replace")
    if suffix in _LINES:
        return [], Counter(line.strip() for line in text.split("\n") if line.strip())
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=_SEPARATORS[suffix])
        head = next(reader, [])
        return head, Counter("\x1f".join(row) for row in reader)
    except csv.Error:
        return None
