"""Merges the patches of a release: theta = theta0 + sum_i w_i * Delta_i.

    python -m workers.recipes.merge FOLDER

Weights are fitted on the split M, one for each cluster of copies; a patch enters only if it is
shown to help on V. With "calibrate": true and no patches, fits the base's temperature on M and
writes the calibrated base. Either way out/model is a complete model folder in float32: rounding
to fewer bits would eat the small weights, and the next release takes differences from it.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from workers.training.calibration import HONEST, fit_temperature
from workers.training.checkpoint import save_model
from workers.training.credit import Vector
from workers.training.errors import BadInput
from workers.training.gate import Verdict
from workers.training.model import scale_head
from workers.training.options import read_options
from workers.training.outcomes import measure
from workers.training.pool import Patch, Pool, expand, open_pool, read_base, read_patches
from workers.training.provenance import sha256_of
from workers.training.release import Plan, plan_merge
from workers.training.scoring import example_losses
from workers.training.spec import Job, run_program

ARTIFACT = "out/model"


def main(job: Job) -> dict[str, Any]:
    patches = read_patches(job)
    if job.get("calibrate"):
        if patches:
            raise BadInput(
                "A base is calibrated before anybody's patch is merged",
                where="spec.json, calibrate",
                next="Calibrate without patches; then merge patches made from that base.",
            )
        return _calibrate(job)
    if not patches:
        raise BadInput(
            "There is nothing to merge",
            where="spec.json, patches",
            next='List at least one patch, or set "calibrate" to true.',
        )
    return _merge(job, patches)


def _calibrate(job: Job) -> dict[str, Any]:
    bundle, splits = read_base(job, ("M",))
    batch_size = job.get("batch_size") or 64
    before = {name: example_losses(bundle, each, batch_size).mean for name, each in splits.items()}
    temperature = fit_temperature(bundle, splits["M"], batch_size)
    scale_head(bundle.model, 1 / temperature)
    after = {name: example_losses(bundle, each, batch_size).mean for name, each in splits.items()}
    save_model(bundle, job.output("model"))
    job.say(f"The base's temperature is {temperature:.3f}; its head is divided by it")
    for name in splits:
        job.say(f"loss on {name}: {before[name]:.4f} before, {after[name]:.4f} after")
    return {
        "temperature": temperature,
        "artifact": _artifact(job),
        "losses": {name: {"base": before[name], "merged": after[name]} for name in splits},
        "weights": {},
        "admitted": [],
        "gate": {},
        "clusters": [],
    }


def _merge(job: Job, patches: list[Patch]) -> dict[str, Any]:
    options = read_options(job.get("options"))
    pool = open_pool(job, patches, ("M", "V"), options.norm_cap)
    temperature = fit_temperature(pool.bundle, pool.splits["M"], pool.mixture.batch_size)
    if not HONEST[0] <= temperature <= HONEST[1]:
        job.say(
            f"The base's temperature is {temperature:.2f}: it is not calibrated, and patches are "
            "paid for correcting that. Calibrate the base before the next release."
        )
    measure(pool.bundle, pool.splits["V"], pool.mixture.batch_size, "base")
    job.say(f"Fitting the weights of {len(pool.patches)} patches on split M")
    plan = plan_merge(
        pool.mixture,
        pool.mixture.gram,
        pool.order,
        options,
        np.random.default_rng(job.seed),
        lambda stage, step, loss: job.progress(
            step,
            len(pool.patches) if stage == "gate" else options.steps,
            stage,
            {} if loss is None else {"loss": loss},
        ),
    )
    losses = _losses(pool, plan.weights)
    pool.mixture.place_exactly(plan.weights)
    save_model(pool.bundle, job.output("model"))
    return _report(job, patches, pool, plan, losses) | {"temperature": temperature}


def _losses(pool: Pool, weights: Vector) -> dict[str, dict[str, float]]:
    zero = np.zeros_like(weights)
    return {
        name: {
            "base": pool.mixture.outcomes(name, zero).mean_loss,
            "merged": pool.mixture.outcomes(name, weights).mean_loss,
        }
        for name in pool.splits
    }


def _report(
    job: Job, patches: list[Patch], pool: Pool, plan: Plan, losses: dict[str, dict[str, float]]
) -> dict[str, Any]:
    ids = [patch.id for patch in pool.patches]
    verdicts = {name: Verdict(False, reason) for name, reason in pool.refused.items()}
    verdicts |= dict(zip(ids, plan.verdicts, strict=True))
    weights = expand(plan.weights, pool, patches)
    for patch in patches:
        verdict = verdicts[patch.id]
        state = "admitted" if verdict.admitted else "not admitted"
        job.say(f"Patch {patch.id} is {state}, weight {weights[patch.id]:.3f}: {verdict.reason}")
    for name, loss in losses.items():
        job.say(f"loss on {name}: {loss['base']:.4f} before, {loss['merged']:.4f} merged")
    return {
        "weights": weights,
        "admitted": [patch.id for patch in patches if verdicts[patch.id].admitted],
        "gate": {patch.id: verdicts[patch.id].as_dict() for patch in patches},
        "clusters": [
            [ids[member] for member in cluster.members]
            for cluster in plan.clusters
            if len(cluster.members) > 1
        ],
        "artifact": _artifact(job),
        "losses": losses,
        "steps": plan.steps,
    }


def _artifact(job: Job) -> dict[str, str]:
    weights = job.folder / ARTIFACT / "model.safetensors"
    return {"kind": "weights", "path": ARTIFACT, "sha256": sha256_of(weights)}


if __name__ == "__main__":
    sys.exit(run_program("merge", main))
