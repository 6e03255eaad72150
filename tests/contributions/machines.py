"""Results as workers bring them, for tests that are about what becomes of them."""

from __future__ import annotations

import hashlib

from contributions.models import Run, RunKind, Track
from contributions.services import mainline, results
from contributions.services.products import Product
from contributions.services.results import Delivered
from registry.services import commits
from registry.services.commits import AddFile

PROVENANCE = {"harness": "test", "code": "0" * 64, "precision": "fp32"}
BASE = [
    AddFile("config.json", b'{"model_type": "toy"}'),
    AddFile("model.safetensors", b"the base"),
    AddFile("recipe.yaml", b"version: 1\n"),
]


def open_track(cast) -> Track:
    """A track on BASE with training data, as if a worker had opened it; every queue is empty."""
    cast.push(cast.model, *BASE, by=cast.berta)
    made = cast.open_track("digits")
    made.training_data.create(
        dataset=cast.dataset, revision=commits.resolve(cast.dataset).oid, path="data"
    )
    made.base_digest = mainline.digest(made, made.base_revision)
    made.save()
    Run.objects.all().delete()
    return made


def product(path: str, content: bytes) -> Product:
    return Product(path, hashlib.sha256(content).hexdigest(), len(content), content)


def model(content: str) -> list[Product]:
    return [product("model.safetensors", content.encode())]


def calibrated(temperature: float = 1.5) -> Delivered:
    result = {"temperature": temperature, "artifact": {"kind": "weights"}, "losses": {}}
    result |= {"weights": {}, "admitted": [], "gate": {}, "provenance": PROVENANCE}
    return Delivered(result, products=model("the calibrated base"))


def trained(text: str, kind: str = "weights") -> Delivered:
    name = "model.safetensors" if kind == "weights" else "adapter_model.safetensors"
    result = {"artifact": {"kind": kind, "path": "out/x"}, "curve": [{"step": 1, "loss": 2.0}]}
    return Delivered({**result, "provenance": PROVENANCE}, products=[product(name, text.encode())])


def merged(run: Run, weights: dict[int, float]) -> Delivered:
    """`weights`: submission → weight; 0 was refused by the gate."""
    gate = {
        str(pk): {
            "gain": weight,
            "lower_bound": weight - 0.1,
            "admitted": weight > 0,
            "reason": "helps" if weight > 0 else "its lower bound is not above zero",
        }
        for pk, weight in weights.items()
    }
    result = {
        "weights": {str(pk): weight for pk, weight in weights.items()},
        "admitted": [str(pk) for pk, weight in weights.items() if weight > 0],
        "gate": gate,
        "clusters": [],
        "temperature": 1.0,
        "artifact": {"kind": "weights"},
        "provenance": PROVENANCE,
    }
    return Delivered(result, products=model(f"merged by run {run.pk}"))


def attributed(amounts: dict[int, float]) -> Delivered:
    lines = [
        {"id": str(pk), "weight": amount, "amount": amount, "low": amount - 0.01}
        | {"high": amount + 0.01, "first_order": amount, "alone": amount, "leave_one_out": amount}
        for pk, amount in amounts.items()
    ]
    gain = sum(amounts.values())
    result = {"credit": lines, "gain": {"V": gain, "T": gain}, "nodes": 2, "gap": 0.0}
    return Delivered({**result, "kappa": 0.01, "provenance": PROVENANCE})


def bring(cast, kind: RunKind, delivered) -> Run:
    """The next run must be of this kind; a worker does it. `delivered` may be made from it."""
    run = cast.claim()
    assert run is not None, "nothing is queued"
    assert run.kind == kind, run
    made = delivered(run) if callable(delivered) else delivered
    return results.record(run.pk, run.attempt, made)
