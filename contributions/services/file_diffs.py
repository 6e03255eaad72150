"""What changed inside files, in the form that people read: lines, tensors, rows.

A page compares many files; `Budget` is what they may cost together, so that no contributor can
make a page slow. What is beyond it is listed and said to be too much.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath

from contributions.services.diffs import FILE_BYTES
from registry.services import line_diffs, row_diffs, tensor_diffs, tensors
from registry.services.errors import NotFound, Unprocessable
from registry.services.line_diffs import Hunk
from registry.services.objects import Entry
from registry.services.row_diffs import RowDiff
from registry.services.tensor_diffs import Opener, TensorDiff
from registry.services.tree_diffs import Change

_TOO_MUCH = "Too much has changed to show every file at once."


@dataclass
class Budget:
    """For all files of one page."""

    lines: line_diffs.Budget = field(default_factory=line_diffs.Budget)
    text_bytes: int = 2_000_000
    # Of tables whose rows are counted: 0.07 s a megabyte.
    row_bytes: int = 4 * row_diffs.LARGEST_FILE
    # Of tensors whose numbers are subtracted, and of headers of files whose numbers are not.
    tensor_bytes: int = 4 * tensor_diffs.LARGEST_FILE
    header_bytes: int = 6 * tensors.LARGEST_HEADER


@dataclass(frozen=True)
class FileDiff:
    """`note` says why there is nothing more to show."""

    change: Change
    hunks: list[Hunk] = field(default_factory=list)
    added: int = 0
    removed: int = 0
    tensors: TensorDiff | None = None
    rows: RowDiff | None = None
    note: str = ""

    @property
    def line_count(self) -> int:
        return sum(len(hunk.lines) for hunk in self.hunks)


def look_into(change: Change, budget: Budget, *, opened: Opener) -> FileDiff:
    """Reads the two files. Never raises for what is in them."""
    try:
        if _is_tensors(change):
            return _tensors(change, budget, opened)
        rows = _rows(change, budget, opened)
        return _lines(change, budget, rows, opened)
    except NotFound as missing:
        return FileDiff(change, note=missing.message)


def _is_tensors(change: Change) -> bool:
    return PurePosixPath(change.path.lower()).suffix == ".safetensors"


def _tensors(change: Change, budget: Budget, opened: Opener) -> FileDiff:
    if change.before is None or change.after is None:
        return FileDiff(change)
    if budget.header_bytes <= 0:
        return FileDiff(change, note=_TOO_MUCH)
    size = change.before.size + change.after.size
    measure = size <= budget.tensor_bytes
    if measure and size <= 2 * tensor_diffs.LARGEST_FILE:
        budget.tensor_bytes -= size
    try:
        found = tensor_diffs.compare(change.before, change.after, opened=opened, measure=measure)
    except Unprocessable as wrong:
        # How much of it was read before it turned out to be wrong is not known.
        budget.header_bytes -= min(size, 2 * tensors.LARGEST_HEADER)
        return FileDiff(change, note=wrong.message)
    budget.header_bytes -= found.header_bytes
    return FileDiff(change, tensors=found)


def _rows(change: Change, budget: Budget, opened: Opener) -> RowDiff | None:
    if change.before is None or change.after is None:
        return None
    if not row_diffs.are_tables(change.before, change.after):
        return None
    size = change.before.size + change.after.size
    if size > budget.row_bytes:
        return None
    budget.row_bytes -= size
    return row_diffs.compare(change.before, change.after, opened=opened)


def _lines(change: Change, budget: Budget, rows: RowDiff | None, opened: Opener) -> FileDiff:
    size = sum(entry.size for entry in (change.before, change.after) if entry)
    longest = max((entry.size for entry in (change.before, change.after) if entry), default=0)
    if longest > 5 * FILE_BYTES:
        return FileDiff(change, rows=rows, note="The file is too large to compare line by line.")
    if size > budget.text_bytes:
        return FileDiff(change, rows=rows, note=_TOO_MUCH)
    budget.text_bytes -= size
    before, after = (_text(entry, opened) for entry in (change.before, change.after))
    if before is None or after is None:
        return FileDiff(change, rows=rows, note="The file is not text.")
    found = line_diffs.compare(before, after, budget.lines)
    if found is None:
        return FileDiff(change, rows=rows, note=_TOO_MUCH)
    return FileDiff(change, found.hunks, found.added, found.removed, rows=rows)


def _text(entry: Entry | None, opened: Opener) -> list[str] | None:
    """Its lines; None for what is not text. Large files are read too when they are text."""
    if entry is None:
        return []
    with opened(entry) as stream:
        content = stream.read(5 * FILE_BYTES)
    if b"\0" in content:
        return None
    try:
        lines = content.decode().split("\n")
    except UnicodeDecodeError:
        return None
    return lines[:-1] if lines and not lines[-1] else lines
