"""Named parts of one table: row indexes from 0, no row in two parts."""

from __future__ import annotations

from typing import Any

from workers.training.data import Table, read_table
from workers.training.errors import BadInput
from workers.training.spec import Job
from workers.training.tasks import Task

WHERE = "spec.json, data.splits"


def read_splits(job: Job, task: Task) -> dict[str, Table]:
    """The table at ``data.path`` cut by ``data.splits``; one part "all" where there are none."""
    path = job.input("data.path")
    table = read_table(path, job.get("columns"), task, shown=job.shown(path))
    splits = job.get("data.splits")
    if splits is None:
        return {"all": table}
    _check(splits)
    return {name: table.select(rows) for name, rows in splits.items()}


def _check(splits: Any) -> None:
    if not isinstance(splits, dict) or not splits:
        raise BadInput("The splits are no map", where=WHERE, next='Write {"V": [rows], …}.')
    seen: dict[int, str] = {}
    for name, rows in splits.items():
        if not isinstance(rows, list) or not rows or not name.isidentifier():
            raise BadInput(
                f'The split "{name}" is not a list of at least one row',
                where=WHERE,
                next="Name it by letters and list row indexes from 0.",
            )
        for row in rows:
            if type(row) is int and row in seen:
                raise BadInput(
                    f"Row {row} stands twice: in {seen[row]} and in {name}",
                    where=WHERE,
                    next="Splits must not overlap: values measured on shared rows mislead.",
                )
            if type(row) is int:
                seen[row] = name
