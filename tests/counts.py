"""Figures that a test run tells at its end, whichever process counted them."""

from __future__ import annotations

import json
import os
from pathlib import Path


def _file() -> Path:
    return Path(os.environ["COMMONWEIGHT_TEST_ROOT"]) / "counts.jsonl"


def record(name: str, number: int) -> None:
    """Adds to what other tests counted under this name."""
    with _file().open("a") as file:
        file.write(json.dumps({"name": name, "number": number}) + "\n")


def totals() -> dict[str, int]:
    found: dict[str, int] = {}
    if _file().exists():
        for line in _file().read_text().splitlines():
            counted = json.loads(line)
            found[counted["name"]] = found.get(counted["name"], 0) + counted["number"]
    return found
