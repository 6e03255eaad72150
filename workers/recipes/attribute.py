"""Credits the patches of a merge with its gain, in nats on the split V.

    python -m workers.recipes.attribute FOLDER

The spec names the base, the patches and the weights they were merged with. Amounts are
Aumann-Shapley values: they sum to the measured gain, up to the gap that is reported. Beside
them stand the value of the first step only, of each patch alone and of leaving it out; the alarm
kappa says when these disagree so far that the Shapley value is reported, too. Split T, which
nobody fitted or valued anything on, gives the gain to publish.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from workers.training.credit import Vector
from workers.training.errors import BadInput
from workers.training.metrics import paired_bootstrap
from workers.training.options import read_options
from workers.training.outcomes import measure, scores, statistics
from workers.training.pool import Patch, Pool, expand, open_pool, read_patches
from workers.training.spec import Job, run_program
from workers.training.tasks import Task
from workers.training.valuation import FEWEST_BLOCKS, Valuation, value


def main(job: Job) -> dict[str, Any]:
    patches = read_patches(job)
    given = _weights(job, patches)
    options = read_options(job.get("options"))
    metric = _metric(job)
    merged = [patch for patch in patches if given[patch.id] != 0]
    pool = open_pool(job, merged, ("V", "T"), norm_cap=float("inf"))
    for name, reason in pool.refused.items():
        raise BadInput(
            f"Patch {name} has a weight but cannot be read: {reason}",
            where="spec.json, patches",
            next="Give the same patches that were merged.",
        )
    weights = np.array([given[patch.id] for patch in pool.patches], dtype=np.float64)
    _show_progress(job, pool)
    found = value(
        pool.mixture,
        weights,
        options,
        np.random.default_rng(job.seed),
        blocks=_blocks(job),
    )
    report = _report_on_t(job, pool, weights, metric)
    return _result(job, patches, pool, found, given, report)


def _show_progress(job: Job, pool: Pool) -> None:
    """Passes over V: base and merge, two a patch for kappa, the nodes and the first step."""
    expected = 2 + 2 * len(pool.patches) + 3
    passes = 0

    def tick() -> None:
        nonlocal passes
        passes += 1
        job.progress(passes, max(expected, passes), "credit")

    pool.mixture.tick = tick


def _weights(job: Job, patches: list[Patch]) -> dict[str, float]:
    listed = job.get("weights")
    where = "spec.json, weights"
    if not isinstance(listed, dict):
        raise BadInput('"weights" is no map', where=where, next='Give {"<patch id>": number, …}.')
    unknown = sorted(set(listed) - {patch.id for patch in patches})
    if unknown:
        raise BadInput(
            f'The weight of "{unknown[0]}" belongs to no patch',
            where=where,
            next="List that patch, or remove its weight.",
        )
    for name, weight in listed.items():
        if type(weight) not in (int, float) or not np.isfinite(weight):
            raise BadInput(
                f'The weight of "{name}" is {weight!r}', where=where, next="Give a number."
            )
    return {patch.id: float(listed.get(patch.id, 0.0)) for patch in patches}


def _metric(job: Job) -> str:
    known = Task.of(job.get("task")).metrics
    metric = job.get("metric") or known[0]
    if metric not in known:
        raise BadInput(
            f"The metric {metric!r} is not known",
            where="spec.json, metric",
            next=f"Use one of {', '.join(known)}.",
        )
    return str(metric)


def _blocks(job: Job) -> int:
    blocks = job.get("blocks")
    if blocks is None:
        return FEWEST_BLOCKS
    if type(blocks) is not int or not FEWEST_BLOCKS <= blocks <= 10_000:
        raise BadInput(
            f'"blocks" is {blocks!r}',
            where="spec.json, blocks",
            next=f"Give a whole number from {FEWEST_BLOCKS} to 10000.",
        )
    return blocks


def _report_on_t(job: Job, pool: Pool, weights: Vector, metric: str) -> dict[str, Any]:
    """Scores of base and merge on T, and the gain with its paired interval."""
    measured = {}
    for role, at in (("base", np.zeros_like(weights)), ("merged", weights)):
        pool.mixture.place(at)
        measured[role] = measure(pool.bundle, pool.splits["T"], pool.mixture.batch_size, role)
    gains = paired_bootstrap(
        statistics(measured["merged"]), statistics(measured["base"]), seed=job.seed
    )
    for name in ("loss", metric):
        gain = gains[name]
        interval = f"{gain['low']:+.4f} to {gain['high']:+.4f}"
        job.say(f"gain in {name} on T: {gain['difference']:+.4f} ({interval})")
    return {
        "metric": metric,
        "base": scores(measured["base"]),
        "merged": scores(measured["merged"]),
        "gain": gains,
    }


def _result(
    job: Job,
    patches: list[Patch],
    pool: Pool,
    found: Valuation,
    weights: dict[str, float],
    report: dict[str, Any],
) -> dict[str, Any]:
    columns = {
        "amount": found.credit.amounts,
        "low": found.interval.low,
        "high": found.interval.high,
        "standard_error": found.interval.error,
        "first_order": found.first_order,
        "alone": found.corners.alone,
        "leave_one_out": found.corners.leave_one_out,
        "accuracy": found.accuracy,
    }
    spread = {name: expand(values, pool, patches) for name, values in columns.items()}
    credit = [
        {"id": patch.id, "contributor": patch.contributor, "weight": weights[patch.id]}
        | {name: values[patch.id] for name, values in spread.items()}
        for patch in patches
    ]
    for entry in credit:
        interval = f"{entry['low']:+.4f} to {entry['high']:+.4f}"
        job.say(f"Patch {entry['id']} brought {entry['amount']:+.4f} nats ({interval})")
    shapley = found.shapley
    if shapley is not None:
        job.say(f"kappa is {found.kappa:.2f}: the Shapley values stand beside the amounts")
    return {
        "credit": credit,
        "gain": {"V": found.credit.gain, "T": report["gain"]["loss"]["difference"]},
        "nodes": found.credit.nodes,
        "gap": found.credit.gap,
        "relative_gap": found.credit.relative_gap,
        "kappa": found.kappa,
        "base_loss": found.base_loss,
        "merged_loss": found.merged_loss,
        "kernel_shap": None if shapley is None else expand(shapley, pool, patches),
        "report_T": report,
    }


if __name__ == "__main__":
    sys.exit(run_program("attribute", main))
