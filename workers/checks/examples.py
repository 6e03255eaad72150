"""Dataset files, read far enough to know that they can be read."""

from __future__ import annotations

import csv
import io
import json
import struct
from collections.abc import Iterator

from workers.checks.findings import Finding, Severity
from workers.checks.tree import Entry, Tree

_READ_BYTES = 1_000_000
_READ_ROWS = 2_000


def example_findings(tree: Tree) -> Iterator[Finding]:
    readers = {".csv": _csv, ".tsv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}
    for entry in tree.entries:
        reader = readers.get(entry.extension)
        finding = reader(entry) if reader else None
        if finding is not None:
            yield finding


def _text(entry: Entry) -> tuple[list[str], Finding | None]:
    """Whole lines from the beginning of the file."""
    raw = entry.head(_READ_BYTES)
    if len(raw) < entry.size:
        raw = raw[: raw.rfind(b"\n") + 1] or raw
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return [], _block(entry, f"line {line} is not UTF-8", "Save the file as UTF-8.", line)
    if "\x00" in text:
        return [], _block(entry, "it contains null characters", "Save it as UTF-8 text.")
    return text.splitlines(keepends=True)[:_READ_ROWS], None


def _csv(entry: Entry) -> Finding | None:
    lines, fault = _text(entry)
    if fault is not None:
        return fault
    cut = entry.size > _READ_BYTES or len(lines) == _READ_ROWS
    reader = csv.reader(
        io.StringIO("".join(lines), newline=""),
        delimiter="\t" if entry.extension == ".tsv" else ",",
    )
    try:
        header = next(reader, [])
        if not [name for name in header if name.strip()]:
            return _block(entry, "it is empty", "Begin it with a line of column names.", 1)
        if len(set(header)) != len(header):
            repeated = next(name for name in header if header.count(name) > 1)
            message = f"the column {repeated!r} appears twice"
            return _block(entry, message, "Give every column its own name.", 1)
        for row in reader:
            if row and len(row) != len(header) and not (cut and reader.line_num == len(lines)):
                message = f"line {reader.line_num} has {len(row)} fields, the header {len(header)}"
                fix = "Put double quotes around texts that contain commas or line breaks."
                return _block(entry, message, fix, reader.line_num)
    except csv.Error as error:
        return _block(entry, f"line {reader.line_num}: {error}", "Correct it.", reader.line_num)
    return None


def _jsonl(entry: Entry) -> Finding | None:
    lines, fault = _text(entry)
    if fault is not None:
        return fault
    if not any(line.strip() for line in lines):
        return _block(entry, "it is empty", "Write one JSON object per line.", 1)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            message = f"line {number} is not JSON: {str(error)[:100]}"
            return _block(entry, message, "Write one JSON object per line.", number)
        if not isinstance(value, dict):
            message = f"line {number} is not a JSON object"
            return _block(entry, message, "Write one JSON object per line.", number)
    return None


def _parquet(entry: Entry) -> Finding | None:
    """Magic at both ends, and a footer that lies inside the file."""
    fix = "Write it again with to_parquet() and upload it whole."
    if entry.size < 12 or entry.head(4) != b"PAR1":
        return _block(entry, "it does not begin as a parquet file does", fix)
    with entry.file.open("rb") as stream:
        stream.seek(-8, 2)
        length, magic = struct.unpack("<I4s", stream.read(8))
    if magic == b"PARE":
        return _block(entry, "its footer is encrypted", "Upload it unencrypted.")
    if magic != b"PAR1" or length > entry.size - 12:
        return _block(entry, "its end is damaged or cut off", fix)
    return None


def _block(entry: Entry, problem: str, fix: str, line: int | None = None) -> Finding:
    message = f"{entry.path} cannot be read: {problem}."
    return Finding("examples", Severity.BLOCK, message, fix, entry.path, line)
