"""Tables of examples from .parquet, .csv and .jsonl files, with the origin of every row.

Rows are numbered from 1 in messages, and headers are not counted.
"""

from __future__ import annotations

import bisect
import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.training.errors import BadInput
from workers.training.tasks import Task

FORMATS = (".parquet", ".csv", ".jsonl")


@dataclass(frozen=True)
class Table:
    """Columns by role ("text", "label", …), one value a row, whatever the files call them."""

    task: Task
    columns: dict[str, list[Any]]
    names: dict[str, str]  # role -> the column's name in the files
    files: tuple[Path, ...]
    starts: tuple[int, ...]  # of each file, the index of its first row
    shown: tuple[str, ...]  # of each file, its name in messages
    rows: tuple[int, ...] | None = None  # after select(): where each row was

    def __len__(self) -> int:
        return len(self.columns[self.task.label_role])

    def _source(self, index: int) -> tuple[int, int]:
        row = index if self.rows is None else self.rows[index]
        file = bisect.bisect_right(self.starts, row) - 1
        return file, row - self.starts[file] + 1

    def origin(self, index: int) -> str:
        file, row = self._source(index)
        return f"{self.shown[file]}, row {row}"

    def folder(self, index: int) -> Path:
        """The folder of the row's file, which relative image paths start from."""
        return self.files[self._source(index)[0]].parent

    def select(self, rows: Sequence[int]) -> Table:
        """Those rows in that order, still knowing where they came from."""
        self._check_rows(rows)
        columns = {role: [values[row] for row in rows] for role, values in self.columns.items()}
        before = range(len(self)) if self.rows is None else self.rows
        kept = tuple(before[row] for row in rows)
        return Table(self.task, columns, self.names, self.files, self.starts, self.shown, kept)

    def _check_rows(self, rows: Sequence[int]) -> None:
        for row in rows:
            if type(row) is not int or not 0 <= row < len(self):
                raise BadInput(
                    f"Row {row!r} does not exist: the data has rows 0 to {len(self) - 1}",
                    where="spec.json, data.splits",
                    next="Make the splits again for this data.",
                )


def read_table(
    path: Path, columns: dict[str, str] | None, task: Task, *, shown: str | None = None
) -> Table:
    """Reads one file, or all data files of a folder in sorted order.

    ``columns`` overrides the names of the task's default columns; ``shown`` is how messages
    name the path.
    """
    name = shown or path.name
    names = _column_names(columns, task)
    files = _data_files(path, name)
    values: dict[str, list[Any]] = {role: [] for role in names}
    starts, labels = [], []
    for file in files:
        label = f"{name}/{file.relative_to(path).as_posix()}" if path.is_dir() else name
        starts.append(len(values[task.label_role]))
        labels.append(label)
        for role, column in _read_file(file, names, label).items():
            values[role].extend(column)
    if not values[task.label_role]:
        raise BadInput("The data has no rows", where=name, next="Add at least one example.")
    return Table(task, values, names, tuple(files), tuple(starts), tuple(labels))


def _column_names(columns: Any, task: Task) -> dict[str, str]:
    columns = {} if columns is None else columns
    if not isinstance(columns, dict):
        raise BadInput(
            f'"columns" is {columns!r}',
            where="spec.json, columns",
            next='Write {"label": "<its name>"}, for example.',
        )
    for role, name in columns.items():
        if role not in task.columns or not isinstance(name, str):
            known = ", ".join(task.columns)
            raise BadInput(
                f'"{role}": {name!r} is not a column of {task.value}',
                where="spec.json, columns",
                next=f"Map {known} to names of columns.",
            )
    return task.columns | columns


def _data_files(path: Path, name: str) -> list[Path]:
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.suffix in FORMATS)
    else:
        found = [path] if path.suffix in FORMATS and path.is_file() else []
    if found:
        return found
    raise BadInput(
        f"{name} holds no data file" if path.is_dir() else f"{name} is not a data file",
        where=name,
        next="Give a .parquet, .csv or .jsonl file, or a folder of them.",
    )


def _read_file(file: Path, names: dict[str, str], shown: str) -> dict[str, list[Any]]:
    read = {".parquet": _read_parquet, ".csv": _read_csv, ".jsonl": _read_jsonl}[file.suffix]
    try:
        return read(file, names, shown)
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{shown} is not UTF-8 text: {error.reason} at byte {error.start}",
            where=shown,
            next="Save the file as UTF-8.",
        ) from error


def _require_columns(found: Sequence[str], names: dict[str, str], shown: str) -> None:
    for role, name in names.items():
        if name not in found:
            raise BadInput(
                f'The column "{name}" is missing; the columns found are {", ".join(found)}',
                where=shown,
                next=f'Rename a column, or set "columns": {{"{role}": "<its name>"}}.',
            )


def _read_csv(file: Path, names: dict[str, str], shown: str) -> dict[str, list[Any]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines, strict=True)
        try:
            header = next(reader, [])
            _require_columns(header, names, shown)
            rows = [row for row in reader if row]
        except csv.Error as error:
            raise BadInput(
                f"{shown} is not CSV: {error}",
                where=f"{shown}, line {reader.line_num}",
                next="Quote the values that hold quotes, commas or line breaks.",
            ) from error
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise BadInput(
                f"The row has {len(row)} values and the header {len(header)}",
                where=f"{shown}, row {number}",
                next="Quote the values that hold commas or line breaks.",
            )
    return {role: [row[header.index(name)] for row in rows] for role, name in names.items()}


def _read_jsonl(file: Path, names: dict[str, str], shown: str) -> dict[str, list[Any]]:
    values: dict[str, list[Any]] = {role: [] for role in names}
    for number, row in enumerate(_json_lines(file, shown), start=1):
        where = f"{shown}, row {number}"
        _require_columns(list(row), names, where)
        for role, name in names.items():
            values[role].append(row[name])
    return values


def _json_lines(file: Path, shown: str) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise BadInput(
                    f"The line is not JSON: {error.msg}",
                    where=f"{shown}, line {number}, column {error.colno}",
                    next="Write one JSON object a line.",
                ) from error
            if not isinstance(row, dict):
                raise BadInput(
                    "The line is not a JSON object",
                    where=f"{shown}, line {number}",
                    next="Write one JSON object a line.",
                )
            yield row


def _read_parquet(file: Path, names: dict[str, str], shown: str) -> dict[str, list[Any]]:
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(file) as source:
            _require_columns(source.schema_arrow.names, names, shown)
            table = source.read(columns=list(names.values()))
    except (pyarrow.ArrowException, OSError) as error:
        raise BadInput(
            f"{shown} is not a readable Parquet file: {str(error).splitlines()[0]}",
            where=shown,
            next="Write it again, for example with datasets' to_parquet.",
        ) from error
    class_names = _class_names(table.schema.metadata or {})
    return {
        role: _named(table.column(name).to_pylist(), class_names.get(name))
        for role, name in names.items()
    }


def _class_names(metadata: dict[bytes, bytes]) -> dict[str, list[str]]:
    """Names that ``datasets`` stores for its ClassLabel columns: their order is the data's own,
    so their numbers must not be read with the model's order."""
    try:
        features = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    named = {}
    for column, feature in features.items():
        while isinstance(feature, dict) and isinstance(feature.get("feature"), dict):
            feature = feature["feature"]  # a list of ClassLabel
        if isinstance(feature, list) and feature:
            feature = feature[0]
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel":
            named[column] = list(feature.get("names") or [])
    return named


def _named(values: list[Any], names: list[str] | None) -> list[Any]:
    if not names:
        return values
    if isinstance(values, list) and values and isinstance(values[0], list):
        return [_named(inner, names) for inner in values]
    return [
        names[value] if type(value) is int and 0 <= value < len(names) else value
        for value in values
    ]
