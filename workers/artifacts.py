"""The files that a finished job left, as they are sent to the site."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OUTCOMES = "outcomes."


@dataclass(frozen=True)
class Made:
    """One file of a product: its path inside the product and where it lies here."""

    path: str
    local: Path
    sha256: str
    size: int


def artifact(out: Path, result: dict[str, Any]) -> list[Made]:
    """Files of the folder that the result names; the job may only name one inside `out`."""
    named = (result.get("artifact") or {}).get("path")
    if not named:
        return []
    folder = (out / str(named).removeprefix("out/")).resolve()
    if not folder.is_relative_to(out.resolve()) or not folder.is_dir():
        raise ValueError(f"the result names {str(named)[:100]}, which is no folder below out/")
    return [made(path, path.relative_to(folder).as_posix()) for path in _files(folder)]


def outcomes(out: Path) -> dict[str, Made]:
    """`candidate.V` → the file of per-example outcomes of that model and split."""
    found = {}
    for path in sorted(out.glob(f"{OUTCOMES}*.json")):
        name = path.name.removeprefix(OUTCOMES).removesuffix(".json")
        found[name] = made(path, path.name)
    return found


def made(local: Path, path: str) -> Made:
    with local.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Made(path, local, digest, local.stat().st_size)


def _files(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.rglob("*")) if path.is_file())
