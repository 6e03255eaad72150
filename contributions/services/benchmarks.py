"""Benchmarks: labelled examples of one dataset revision, split by the platform.

M fits merge weights, V values contributions, T is what results are shown on. Splits are drawn
with a seed, stratified by label, so that small classes are in all three.
"""

from __future__ import annotations

import difflib
import json
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from contributions.models import Benchmark, Task
from contributions.services import inputs, tables
from registry.models import Repository, RepoType, User
from registry.services import access, commits, events
from registry.services.errors import Forbidden, Invalid

FRACTIONS: Mapping[str, float] = {"M": 0.4, "V": 0.3, "T": 0.3}
FEWEST_ROWS = 30


@transaction.atomic
def create_benchmark(
    *,
    owner: User,
    name: str,
    dataset: Repository,
    revision: str = "",
    path: str = "",
    task: Task,
    columns: dict[str, str] | None = None,
    metric: str = "",
    seed: int = 0,
    fractions: Mapping[str, float] = FRACTIONS,
) -> Benchmark:
    """The benchmark of these examples; asking again with the same facts returns the same one."""
    if not access.is_maintainer(owner, dataset):
        raise Forbidden(
            f"{owner.username} does not maintain {dataset.full_name}",
            where="dataset",
            next="ask a maintainer of the dataset to make the benchmark",
        )
    if dataset.type is not RepoType.DATASET:
        raise Invalid(
            f"{dataset.full_name} is a model", where="dataset", next="name a dataset repository"
        )
    metric = known_metric(metric or task.metric, task, where="benchmark, metric")
    _refuse_shape(columns, fractions, seed)
    oid = commits.resolve(dataset, revision or None).oid
    files = inputs.data(inputs.tree(dataset, oid), path)
    labels = tables.labels(dataset, oid, files, task, columns or {})
    splits = draw(labels, seed=seed, fractions=fractions)
    facts = {
        "data": [[file.path, file.sha256] for file in files],
        "splits": splits,
        "metric": metric,
        "task": task.value,
        "columns": columns or {},
    }
    benchmark, created = Benchmark.objects.get_or_create(
        digest=inputs.digest_of(facts),
        defaults={
            "name": name,
            "task": task,
            "dataset": dataset,
            "revision": oid,
            "path": path,
            "columns": columns or {},
            "metric": metric,
            "seed": seed,
            "split_m": splits["M"],
            "split_v": splits["V"],
            "split_t": splits["T"],
        },
    )
    if created:
        events.record(
            "benchmark.created",
            actor=owner,
            repository=dataset,
            subject=f"benchmark:{benchmark.pk}",
            data={"name": name, "rows": len(labels), "revision": oid},
        )
    return benchmark


def refuse_unknown_labels(benchmark: Benchmark, model: Repository) -> None:
    """A base that cannot be measured is refused now, not by its calibration.

    A model without a readable label map is told so by its check.
    """
    known = labels_of(inputs.tree(model, commits.resolve(model).oid))
    if not known:
        return
    dataset, revision = benchmark.dataset, benchmark.revision
    files = inputs.data(inputs.tree(dataset, revision), benchmark.path)
    task, columns = Task(benchmark.task), benchmark.columns
    tables.refuse_unknown(dataset, revision, files, task, columns, known=known)


def labels_of(model: Sequence[inputs.File]) -> list[str]:
    """The labels that a model's config.json maps to; none where it cannot be read."""
    config = inputs.named(model, "config.json")
    try:
        described = json.loads((config and config.content) or b"{}")
        return [str(name) for name in described["id2label"].values()]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def known_metric(metric: str, task: Task, *, where: str) -> str:
    if metric not in task.metrics:
        near = difflib.get_close_matches(str(metric), task.metrics, n=1)
        known = " or ".join(f"“{name}”" for name in task.metrics)
        raise Invalid(
            f"“{metric}” is not measured for {task.value}",
            where=where,
            next=f"did you mean “{near[0]}”?" if near else f"use {known}",
        )
    return metric


def _refuse_shape(columns: Any, fractions: Any, seed: Any) -> None:
    if columns is not None and not (
        isinstance(columns, dict) and all(isinstance(name, str) for name in columns.values())
    ):
        raise Invalid(
            "the columns are not given by name",
            where="benchmark, columns",
            next="write for example “columns: {label: digit}”",
        )
    right = isinstance(fractions, Mapping) and set(fractions) == set(FRACTIONS)
    if not right or not all(
        type(share) in (int, float) and 0 < share < 1e6 for share in fractions.values()
    ):
        raise Invalid(
            "the fractions are not one number above 0 for each of M, V and T",
            where="benchmark, fractions",
            next="write for example “fractions: {M: 0.4, V: 0.3, T: 0.3}”",
        )
    if type(seed) is not int or not 0 <= seed < 2**31:
        raise Invalid(
            f"the seed “{seed}” is no whole number", where="benchmark, seed", next="write “seed: 0”"
        )


def draw(
    labels: Sequence[Any], *, seed: int, fractions: Mapping[str, float]
) -> dict[str, list[int]]:
    """Row indexes of each split, disjoint and sorted; together all rows.

    The rows are shuffled within their label, put one label after another, and dealt out so that
    any stretch of them is shared by the fractions: every label is spread over all splits.
    """
    if len(labels) < FEWEST_ROWS:
        raise Invalid(
            f"The benchmark has {len(labels)} rows; {FEWEST_ROWS} are the least",
            where="path",
            next="add labelled examples",
        )
    by_label: dict[Any, list[int]] = defaultdict(list)
    for row, label in enumerate(labels):
        by_label[label].append(row)
    chance = random.Random(seed)  # noqa: S311  for reproducible splits, not for secrets
    total = sum(fractions.values())
    dealt = dict.fromkeys(fractions, 0)
    splits: dict[str, list[int]] = {name: [] for name in fractions}
    for label in sorted(by_label, key=str):
        rows = by_label[label]
        chance.shuffle(rows)
        for row in rows:
            count = sum(dealt.values()) + 1
            # To whom most is owed; of equals, the first.
            owed = {name: fractions[name] / total * count - dealt[name] for name in fractions}
            name = max(owed, key=lambda split: owed[split])
            dealt[name] += 1
            splits[name].append(row)
    return {name: sorted(rows) for name, rows in splits.items()}
