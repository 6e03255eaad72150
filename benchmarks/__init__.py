"""Measurements that are too slow, or too much about numbers, for the test suite.

Each speaks in lines of JSON: one metric a line, with what it is compared to.
"""

from __future__ import annotations

import json


def say(benchmark: str, metric: str, value: float, baseline: float | None = None) -> None:
    """``ratio`` is value / baseline; null where there is nothing to divide by."""
    ratio = value / baseline if baseline else None
    line = {
        "benchmark": benchmark,
        "metric": metric,
        "value": _short(value),
        "baseline": _short(baseline),
        "ratio": _short(ratio),
    }
    print(json.dumps(line), flush=True)


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{float(value):.6g}")
