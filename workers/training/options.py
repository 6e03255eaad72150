"""The numbers that steer a merge: all with defaults, none with a misspelt name."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, fields
from typing import Any

from workers.training import clusters, credit, gate, weights
from workers.training.errors import BadInput


@dataclass(frozen=True)
class MergeOptions:
    """``norm_cap``: longest delta as a multiple of the base's length. ``cluster_cosine``: from
    which cosine on two deltas count as copies. ``steps`` and ``fit_examples``: at most so many
    for the weights. ``confidence`` and ``bootstrap``: of the gate's one-sided bounds. ``gap`` and
    ``nodes``: of the credit's integral. ``kappa``: from which on the Shapley value is added."""

    norm_cap: float = 1.0
    cluster_cosine: float = clusters.COSINE
    steps: int = weights.MOST_STEPS
    fit_examples: int = 2000
    confidence: float = gate.CONFIDENCE
    bootstrap: int = gate.DRAWS
    gap: float = credit.GAP_TOLERANCE
    nodes: int = credit.MOST_NODES
    kappa: float = credit.KAPPA_ALARM


_WHOLE = frozenset({"steps", "fit_examples", "bootstrap", "nodes"})
_RANGES: dict[str, tuple[float, float]] = {
    "norm_cap": (1e-6, 1e6),
    "cluster_cosine": (0.5, 1.0),
    "steps": (1, 1000),
    "fit_examples": (10, 1_000_000),
    "confidence": (0.5, 0.9999),
    "bootstrap": (100, 100_000),
    "gap": (1e-9, 1.0),
    "nodes": (2, 64),
    "kappa": (0.0, 1e6),
}


def read_options(given: Any) -> MergeOptions:
    if given is None:
        return MergeOptions()
    if not isinstance(given, dict):
        raise BadInput('"options" is no map', where="spec.json, options", next="Give a map.")
    known = [field.name for field in fields(MergeOptions)]
    values: dict[str, Any] = {}
    for name, value in given.items():
        where = f"spec.json, options.{name}"
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Known are {', '.join(known)}."
            raise BadInput(f"The option {name!r} is not known", where=where, next=hint)
        low, high = _RANGES[name]
        whole = name in _WHOLE
        right = type(value) is int or (type(value) is float and not whole)
        if not right or not low <= value <= high:
            number = "a whole number" if whole else "a number"
            raise BadInput(
                f"{name} is {value!r}", where=where, next=f"Give {number} from {low:g} to {high:g}."
            )
        values[name] = value if whole else float(value)
    return MergeOptions(**values)
