"""The first rows of a table (CSV, JSON lines, Parquet), read with strict limits."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from django.core.cache import cache

from registry.services import commits, decoder
from registry.services.errors import Unprocessable
from registry.services.objects import Entry

ROWS, COLUMNS = 50, 24
LONGEST_CELL = 160
# Of a text table only its beginning is read.
TEXT_BYTES = 300_000
LARGEST_PARQUET = 200_000_000
PROGRAM = Path(__file__).with_name("parquet_rows.py")
SUFFIXES = {".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"}


@dataclass(frozen=True)
class Preview:
    """`total`: rows of the whole file, None where only its beginning was read."""

    columns: list[str]
    rows: list[list[str]]
    total: int | None
    all_columns: int
    kinds: list[str]

    @property
    def cut_columns(self) -> bool:
        return self.all_columns > len(self.columns)


def is_table(path: str) -> bool:
    return PurePosixPath(path.lower()).suffix in SUFFIXES


def first_rows(entry: Entry) -> Preview:
    """Unprocessable: the file is not what its name says, or too large to look into."""
    suffix = PurePosixPath(entry.path.lower()).suffix
    if suffix == ".parquet":
        return _parquet(entry)
    with commits.open_entry(entry) as stream:
        data = stream.read(TEXT_BYTES)
    text = data.decode("utf-8-sig", errors="replace")
    whole = len(data) >= entry.size
    if not whole:  # the last line may be half a line
        text = text.rpartition("\n")[0]
    if suffix in {".jsonl", ".ndjson"}:
        return _json_lines(text, whole=whole)
    return _separated(text, "\t" if suffix == ".tsv" else ",", whole=whole)


def _separated(text: str, separator: str, *, whole: bool) -> Preview:
    rows: list[list[str]] = []
    total = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            total += 1
            if len(rows) <= ROWS:
                rows.append(row)
    except csv.Error as wrong:
        raise _unreadable(str(wrong)) from wrong
    head = rows[0] if rows else []
    return Preview(
        columns=[_cut(name) for name in head[:COLUMNS]],
        rows=[_padded([_cut(v) for v in row[:COLUMNS]], len(head)) for row in rows[1:]],
        total=max(total - 1, 0) if whole else None,
        all_columns=len(head),
        kinds=[],
    )


def _padded(row: list[str], width: int) -> list[str]:
    return [*row, *[""] * (min(width, COLUMNS) - len(row))]


def _json_lines(text: str, *, whole: bool) -> Preview:
    lines = [line for line in text.split("\n") if line.strip()]
    rows: list[dict[str, Any]] = []
    columns: dict[str, Any] = {}
    for number, line in enumerate(lines[:ROWS], start=1):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as wrong:
            raise _unreadable(f"line {number} is not JSON") from wrong
        rows.append(row if isinstance(row, dict) else {"value": row})
        columns |= dict.fromkeys(rows[-1])
    shown = list(columns)[:COLUMNS]
    return Preview(
        columns=[_cut(name) for name in shown],
        rows=[[_json(row.get(name)) for name in shown] for row in rows],
        total=len(lines) if whole else None,
        all_columns=len(columns),
        kinds=[],
    )


def _json(value: Any) -> str:
    if value is None or isinstance(value, str):
        return _cut(value or "")
    try:
        return _cut(json.dumps(value, ensure_ascii=False))
    except RecursionError:
        return "…"


def _parquet(entry: Entry) -> Preview:
    if entry.size > LARGEST_PARQUET:
        raise _unreadable(f"it is larger than {LARGEST_PARQUET} bytes")
    key = f"parquet-rows:1:{entry.etag}"
    said: dict[str, Any] | None = cache.get(key)
    if said is None:
        with commits.open_entry(entry) as stream:
            said = _asked(stream)
        cache.set(key, said, 86_400)
    if "problem" in said:
        raise _unreadable(said["problem"])
    return Preview(
        columns=[_cut(name) for name, _ in said["columns"]],
        rows=[[_cut(value) for value in row] for row in said["rows"]],
        total=said["total"],
        all_columns=said["all_columns"],
        kinds=[kind for _, kind in said["columns"]],
    )


def _asked(stream: BinaryIO) -> dict[str, Any]:
    """What the program that reads Parquet files says; how it fails is an answer too."""
    with tempfile.TemporaryFile() as copy:
        try:
            source: Any = stream if stream.fileno() >= 0 else copy
        except OSError:  # bytes in memory have no file number
            shutil.copyfileobj(stream, copy)
            copy.seek(0)
            source = copy
        try:
            done = decoder.run(PROGRAM, str(ROWS), str(COLUMNS), source=source)
        except decoder.Busy as busy:
            raise _unreadable("many tables are looked into just now") from busy
        except subprocess.TimeoutExpired:
            return {"problem": "reading it takes too long"}
    if done.returncode:
        return {"problem": "it is damaged, or its first rows are too large to show"}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _cut(text: str) -> str:
    text = text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…"
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _unreadable(why: str) -> Unprocessable:
    return Unprocessable(f"The rows cannot be shown: {why}.", next="Download the file instead.")
