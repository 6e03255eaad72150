"""What a run made, committed at a hidden ref of the track's repository.

The commit stands on the base that the run started from, so its tree is a complete model: the
base with the new weights, or the base with one more folder below `adapters/`. Its first parent
tells for ever what the product is a change of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from contributions.models import Run
from contributions.services import inputs
from registry.models import Repository, Revision
from registry.services import commits
from registry.services.commits import AddFile, AddLfsFile, DeleteFile, Operation

WEIGHTS = (".safetensors", ".safetensors.index.json")
# Larger files go by their hash: their bytes are in the store, whoever commits them.
INLINE_BYTES = 200_000


@dataclass(frozen=True)
class Product:
    """One file below the artifact's folder; `content` None: uploaded to the store before."""

    path: str
    sha256: str
    size: int
    content: bytes | None = None


def goes_inline(path: str, size: int) -> bool:
    return size <= INLINE_BYTES and PurePosixPath(path).suffix != ".safetensors"


def ref(run: Run) -> str:
    return f"refs/runs/{run.pk}"


def keep(
    run: Run, repository: Repository, *, base: str, kind: str, products: Sequence[Product]
) -> dict[str, Any]:
    """Commit the product of `run`; returns it as a source: repository, revision, adapter."""
    folder = f"adapters/run-{run.pk}" if kind == "adapter" else ""
    before = {file.path: file for file in inputs.tree(repository, base)}
    operations = [_addition(product, folder) for product in _new(products, folder, before)]
    if not folder:
        made = {product.path for product in products}
        operations += [DeleteFile(path) for path in before if _outdated(path, made)]
    revision: Revision = commits.commit(
        repository,
        ref=ref(run),
        author=run.contributor,
        title=f"Product of {run.kind} run {run.pk}",
        operations=operations,
        parent=base,
        create_ref=True,
    )
    return {"repository": repository.pk, "revision": revision.oid, "adapter": folder}


def _new(products: Sequence[Product], folder: str, before: dict[str, inputs.File]) -> list[Product]:
    """Without files that the base holds with the same bytes."""
    kept = {path: file.sha256 for path, file in before.items()}
    return [p for p in products if kept.get(_path(p, folder)) != p.sha256]


def _path(product: Product, folder: str) -> str:
    return f"{folder}/{product.path}" if folder else product.path


def _addition(product: Product, folder: str) -> Operation:
    path = _path(product, folder)
    if product.content is not None:
        return AddFile(path, product.content)
    return AddLfsFile(path, product.sha256, product.size)


def _outdated(path: str, made: set[str]) -> bool:
    """Weights of the base that the product replaces by files of other names."""
    return "/" not in path and path.endswith(WEIGHTS) and path not in made
