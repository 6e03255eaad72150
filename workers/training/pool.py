"""The patches of one release: read, held against the limits, and made into a merge game."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from workers.training.credit import Vector
from workers.training.delta import Parameters, adapter_delta, full_delta
from workers.training.encoding import Examples, encode
from workers.training.errors import BadInput
from workers.training.mixture import Mixture
from workers.training.model import Bundle, load_model
from workers.training.spec import Job
from workers.training.splits import read_splits
from workers.training.tasks import Task

SPLITS = ("M", "V", "T")
FEW = 100  # examples of V below which bounds hardly ever clear 0


@dataclass(frozen=True)
class Patch:
    """A patch as the spec names it."""

    id: str
    contributor: str
    kind: str
    path: str
    order: int


@dataclass(frozen=True)
class Pool:
    """The base, what it is measured on, and the patches that could be read (row by row of
    ``mixture``); ``refused`` says why the others were left out."""

    bundle: Bundle
    splits: dict[str, Examples]
    mixture: Mixture
    patches: list[Patch]
    refused: dict[str, str]

    @property
    def order(self) -> list[int]:
        return [patch.order for patch in self.patches]


def read_patches(job: Job) -> list[Patch]:
    listed = job.get("patches") or []
    if not isinstance(listed, list):
        raise BadInput('"patches" is no list', where="spec.json, patches", next="Give a list.")
    patches = [_patch(entry, number) for number, entry in enumerate(listed)]
    names = [patch.id for patch in patches]
    for name in names:
        if names.count(name) > 1:
            raise BadInput(
                f'The patch "{name}" stands twice',
                where="spec.json, patches",
                next="Name every patch once.",
            )
    return patches


def _patch(entry: Any, number: int) -> Patch:
    where = f"spec.json, patches[{number}]"
    if not isinstance(entry, dict) or not isinstance(entry.get("path"), str):
        raise BadInput("The patch has no path", where=where, next='Give {"id", "kind", "path"}.')
    if entry.get("kind") not in {"weights", "adapter"}:
        raise BadInput(
            f"The patch is of kind {entry.get('kind')!r}",
            where=where,
            next='It must be "weights" or "adapter".',
        )
    order = entry.get("order", number)
    if type(order) is not int or "id" not in entry:
        raise BadInput(
            "The patch lacks an id or a whole number as its order",
            where=where,
            next='Give "id" and "order", the place in which it arrived.',
        )
    contributor = str(entry.get("contributor", entry["id"]))
    return Patch(str(entry["id"]), contributor, entry["kind"], entry["path"], order)


def read_base(job: Job, needed: tuple[str, ...]) -> tuple[Bundle, dict[str, Examples]]:
    """The base model, and the encoded examples of its splits."""
    task = Task.of(job.get("task"))
    tables = read_splits(job, task)
    for name in needed:
        if name not in tables:
            raise BadInput(
                f"The data has no split {name}",
                where="spec.json, data.splits",
                next="Give M (to fit weights), V (to value) and T (to report).",
            )
    bundle = load_model(job.input("base"), task, device=job.device)
    examples = {
        name: encode(table, bundle).to(job.device)
        for name, table in tables.items()
        if name in SPLITS
    }
    if "V" in needed and len(examples["V"]) < FEW:
        job.say(f"Split V has only {len(examples['V'])} examples: bounds will be wide")
    return bundle, examples


def open_pool(job: Job, patches: list[Patch], needed: tuple[str, ...], norm_cap: float) -> Pool:
    """Reads each patch once; one that cannot be read or is too long is left out with a reason."""
    bundle, splits = read_base(job, needed)
    parameters = Parameters(bundle.model)
    theta0 = parameters.read()
    limit = norm_cap * float(theta0.double().norm())
    matrix = torch.empty((len(patches), parameters.size), dtype=torch.float32)
    kept: list[Patch] = []
    refused: dict[str, str] = {}
    for number, patch in enumerate(patches, 1):
        try:
            delta = _delta(job, patch, bundle, parameters, theta0)
        except BadInput as error:
            refused[patch.id] = str(error)
        else:
            reason = _fault(delta, limit, norm_cap)
            if reason is None:
                matrix[len(kept)] = delta
                kept.append(patch)
            else:
                refused[patch.id] = reason
        if patch.id in refused:
            job.say(f"Patch {patch.id} is left out: {refused[patch.id]}")
        job.progress(number, len(patches), "read")
    deltas = _placed(matrix[: len(kept)], job.device)
    mixture = Mixture(bundle, deltas, splits, batch_size=job.get("batch_size") or 64)
    return Pool(bundle, splits, mixture, kept, refused)


def _delta(
    job: Job, patch: Patch, bundle: Bundle, parameters: Parameters, theta0: torch.Tensor
) -> torch.Tensor:
    folder = job.path(patch.path, key=f"spec.json, patches, {patch.id}")
    if not folder.is_dir():
        raise BadInput(f"{patch.path} does not exist", where=patch.id, next="Put the patch there.")
    if patch.kind == "adapter":
        return adapter_delta(parameters, theta0, folder)
    return full_delta(bundle, theta0, folder)


def _fault(delta: torch.Tensor, limit: float, norm_cap: float) -> str | None:
    if not torch.isfinite(delta).all():
        return "it holds values that are not finite"
    length = float(delta.double().norm())
    if length > limit:
        return (
            f"its change is {length / limit * norm_cap:.2f} times as long as the base; "
            f"at most {norm_cap:g} is allowed"
        )
    return None


def _placed(matrix: torch.Tensor, device: str) -> torch.Tensor:
    """On the accelerator when it holds them twice over, else in main memory."""
    if device == "cuda" and torch.cuda.mem_get_info()[0] > 2 * matrix.nbytes:
        return matrix.to(device)
    return matrix


def expand(values: Vector, pool: Pool, patches: list[Patch]) -> dict[str, float]:
    """A number for every patch of the spec; 0 for those that were left out."""
    found = {patch.id: float(value) for patch, value in zip(pool.patches, values, strict=True)}
    return {patch.id: found.get(patch.id, 0.0) for patch in patches}


def no_weights(pool: Pool) -> Vector:
    return np.zeros(len(pool.patches))
