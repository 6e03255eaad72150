"""Labels of a dataset's rows, read without any of the training libraries.

Rows are counted as the training code counts them: files in the sorted order of their paths.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from contributions.models import Task
from contributions.services.inputs import DATA_SUFFIXES, File
from registry.models import Repository
from registry.services import commits
from registry.services.errors import Invalid

LABEL_COLUMN = {
    Task.TEXT_CLASSIFICATION: "label",
    Task.IMAGE_CLASSIFICATION: "label",
    Task.TOKEN_CLASSIFICATION: "tags",
}


def labels(
    dataset: Repository, revision: str, files: Sequence[File], task: Task, columns: dict[str, str]
) -> list[Any]:
    """One label per row; for tagged sentences, the set of tags of each."""
    found = [label for _, read in _read(dataset, revision, files, task, columns) for label in read]
    return [_sortable(label) for label in found]


def refuse_unknown(
    dataset: Repository,
    revision: str,
    files: Sequence[File],
    task: Task,
    columns: dict[str, str],
    *,
    known: Sequence[str],
) -> None:
    """Refuse the first label that a model with these labels does not know."""
    for path, read in _read(dataset, revision, files, task, columns):
        for row, value in enumerate(read, start=1):
            for label in value if isinstance(value, list) else [value]:
                if not _is_known(label, known):
                    told = ", ".join(known[:20]) + (", …" if len(known) > 20 else "")
                    raise Invalid(
                        f"the label “{label}” is unknown to the model, which knows {told}",
                        where=f"{path}, row {row}",
                        next="correct the label, or remove the row",
                    )


def _is_known(label: Any, known: Sequence[str]) -> bool:
    """By name or by number, as the training programs read it. Numbers of a column with names of
    its own are left to them."""
    if str(label) in known or (type(label) is int and label >= 0):
        return True
    return isinstance(label, str) and label.isdecimal() and int(label) < len(known)


def _read(
    dataset: Repository, revision: str, files: Sequence[File], task: Task, columns: dict[str, str]
) -> Iterator[tuple[str, list[Any]]]:
    """Each table's path and the labels of its rows."""
    column = columns.get(LABEL_COLUMN[task], LABEL_COLUMN[task])
    tables = [file for file in files if PurePosixPath(file.path).suffix in DATA_SUFFIXES]
    if not tables:
        raise Invalid(
            "There is no .parquet, .csv or .jsonl file", where="path", next="name one, or a folder"
        )
    for file in sorted(tables, key=lambda table: PurePosixPath(table.path)):
        content = file.content
        if content is None:
            with commits.open_file(dataset, revision, file.path) as stream:
                content = stream.read()
        yield file.path, _column(content, file.path, column)


def _sortable(label: Any) -> str | tuple[str, ...]:
    return tuple(sorted(set(map(str, label)))) if isinstance(label, list) else str(label)


def _column(content: bytes, path: str, column: str) -> list[Any]:
    read = {".parquet": _parquet, ".csv": _csv, ".jsonl": _jsonl}[PurePosixPath(path).suffix]
    try:
        return read(content, path, column)
    except (ValueError, csv.Error, OSError) as error:
        raise Invalid(
            f"{path} cannot be read: {str(error).splitlines()[0]}",
            where=path,
            next="save it again as UTF-8 .csv or .jsonl, or as .parquet",
        ) from error


def _parquet(content: bytes, path: str, column: str) -> list[Any]:
    from pyarrow import parquet

    table = parquet.ParquetFile(io.BytesIO(content))
    _require(column, table.schema_arrow.names, path)
    values: list[Any] = table.read(columns=[column]).column(column).to_pylist()
    return values


def _csv(content: bytes, path: str, column: str) -> list[Any]:
    reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    _require(column, reader.fieldnames or [], path)
    return [row[column] for row in reader]


def _jsonl(content: bytes, path: str, column: str) -> list[Any]:
    rows = [json.loads(line) for line in content.decode("utf-8-sig").split("\n") if line.strip()]
    for row in rows:
        _require(column, list(row) if isinstance(row, dict) else [], path)
    return [row[column] for row in rows]


def _require(column: str, found: Sequence[str], path: str) -> None:
    if column not in found:
        raise Invalid(
            f"The column “{column}” is missing in {path}; the columns found are {', '.join(found)}",
            where=path,
            next="rename a column, or name it in the benchmark: “columns: {label: its name}”",
        )
