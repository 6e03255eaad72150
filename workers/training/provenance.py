"""What a result was made from: versions of the code and libraries, seed, digests of the inputs."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import workers

if TYPE_CHECKING:
    from workers.training.spec import Job

LIBRARIES = ("torch", "transformers", "peft", "tokenizers", "numpy")


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_under(folder: Path) -> Iterator[Path]:
    """Regular files in sorted order; links to folders are not followed."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield Path(parent) / name


def code_digest() -> str:
    """One digest over the sources of the training code, so a changed harness is seen."""
    root = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for part in ("checks", "training", "recipes"):
        for path in files_under(root / part):
            if path.suffix == ".py":
                digest.update(f"{path.relative_to(root)}\0{sha256_of(path)}\n".encode())
    return digest.hexdigest()


def version_of(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


def provenance(job: Job) -> dict[str, Any]:
    inputs = [job.folder / "spec.json", *files_under(job.folder / "in")]
    return {
        "harness": workers.__version__,
        "code": code_digest(),
        "python": platform.python_version(),
        **{library: version_of(library) for library in LIBRARIES},
        "machine": platform.machine(),
        "seed": job.seed,
        "device": job.device_name,
        "precision": job.precision,
        "threads": job.threads,
        "inputs": {
            path.relative_to(job.folder).as_posix(): sha256_of(path)
            for path in inputs
            if path.is_file()
        },
    }
