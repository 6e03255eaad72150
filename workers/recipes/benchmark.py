"""Measures a candidate, and how much better than a reference it is on the same examples.

    python -m workers.recipes.benchmark FOLDER

Leaves out/outcomes.<role>.<split>.json for every model and split, and result.json.
"""

from __future__ import annotations

import sys
from typing import Any

from workers.training.data import Table
from workers.training.encoding import encode
from workers.training.errors import BadInput
from workers.training.metrics import paired_bootstrap
from workers.training.model import load_model
from workers.training.outcomes import Outcomes, measure, read_outcomes, scores, statistics
from workers.training.spec import Job, run_program
from workers.training.splits import read_splits
from workers.training.tasks import Task

BySplit = dict[str, Outcomes]


def main(job: Job) -> dict[str, Any]:
    task = Task.of(job.get("task"))
    metric = _metric(job, task)
    splits = read_splits(job, task)
    candidate = _measure(job, task, "candidate", splits)
    reference = _reference(job, task, splits)
    models = {"candidate": candidate} | ({"reference": reference} if reference else {})
    return {
        "metric": metric,
        "scores": {role: _scores(job, role, found) for role, found in models.items()},
        "comparisons": _compare(job, candidate, reference) if reference else None,
    }


def _metric(job: Job, task: Task) -> str:
    metric = job.get("metric") or task.metrics[0]
    if metric in task.metrics:
        return str(metric)
    raise BadInput(
        f"The metric {metric!r} is not one of {task.value}",
        where="spec.json, metric",
        next=f"Use one of {', '.join(task.metrics)}.",
    )


def _whole(job: Job, key: str, default: int, low: int, high: int) -> int:
    value = default if job.get(key) is None else job.get(key)
    if type(value) is int and low <= value <= high:
        return value
    raise BadInput(
        f'"{key}" is {value!r}',
        where=f"spec.json, {key}",
        next=f"Give a whole number from {low} to {high}.",
    )


def _confidence(job: Job) -> float:
    value = 0.95 if job.get("confidence") is None else job.get("confidence")
    if isinstance(value, float) and 0.5 <= value < 1:
        return value
    raise BadInput(
        f'"confidence" is {value!r}', where="spec.json, confidence", next="Give 0.95, for example."
    )


def _measure(job: Job, task: Task, role: str, splits: dict[str, Table]) -> BySplit:
    batch_size = _whole(job, "batch_size", 64, 1, 65_536)
    adapter = job.input(f"models.{role}.adapter") if job.get(f"models.{role}.adapter") else None
    bundle = load_model(job.input(f"models.{role}.path"), task, adapter, job.device)
    measured = {}
    for done, (name, table) in enumerate(splits.items(), start=1):
        examples = encode(table, bundle).to(job.device)
        if examples.truncated:
            job.say(f"{examples.truncated} examples of {name} are longer than the {role} reads")
        measured[name] = measure(bundle, examples, batch_size, role)
        measured[name].write(job.output(f"outcomes.{role}.{name}.json"))
        job.progress(done, len(splits), role)
    return measured


def _reference(job: Job, task: Task, splits: dict[str, Table]) -> BySplit | None:
    if job.get("models.reference") is None:
        return None
    if job.get("models.reference.outcomes") is None:
        return _measure(job, task, "reference", splits)
    given = job.get("models.reference.outcomes")
    if not isinstance(given, dict) or set(given) != set(splits):
        raise BadInput(
            f"The outcomes of the reference are not those of the splits {', '.join(splits)}",
            where="spec.json, models.reference.outcomes",
            next='Write {"split": "path of its outcomes.reference.<split>.json"} for each split.',
        )
    paths = {name: job.input(f"models.reference.outcomes.{name}") for name in splits}
    return {name: read_outcomes(path, job.shown(path)) for name, path in paths.items()}


def _scores(job: Job, role: str, found: BySplit) -> dict[str, Any]:
    by_split = {name: scores(outcomes) for name, outcomes in found.items()}
    for name, values in by_split.items():
        metrics = ", ".join(f"{metric} {value:.4f}" for metric, value in values["metrics"].items())
        job.say(f"{role} on {name} ({values['n']} examples): loss {values['loss']:.4f}, {metrics}")
    return by_split


def _compare(job: Job, candidate: BySplit, reference: BySplit) -> dict[str, Any]:
    resamples = _whole(job, "bootstrap", 2000, 100, 100_000)
    confidence = _confidence(job)
    comparisons = {}
    for name, outcomes in candidate.items():
        if outcomes.gold != reference[name].gold or outcomes.task != reference[name].task:
            raise BadInput(
                f"The reference's outcomes on {name} are of other examples",
                where="spec.json, models.reference",
                next="Measure the reference on this data again.",
            )
        compared = paired_bootstrap(
            statistics(outcomes),
            statistics(reference[name]),
            resamples=resamples,
            confidence=confidence,
            seed=job.seed,
        )
        for score, gain in compared.items():
            interval = f"{gain['low']:+.4f} to {gain['high']:+.4f}"
            job.say(f"gain in {score} on {name}: {gain['difference']:+.4f} ({interval})")
        comparisons[name] = compared
    return comparisons


if __name__ == "__main__":
    sys.exit(run_program("benchmark", main))
