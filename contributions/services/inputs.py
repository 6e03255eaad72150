"""Files of a revision as a job gets them, and digests of what decides a result.

A model digest is the SHA-256 over the sorted lines `path NUL sha256 NEWLINE` of the files that
make the model (weights, configuration, tokenizer or preprocessor), followed for an adapter by the
lines of its folder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from registry.models import GitObject, Repository
from registry.services import objects

MODEL_SUFFIXES = frozenset({".safetensors", ".json", ".txt", ".model", ".jinja"})
DESCRIPTIONS = ("readme", "license", "licence", "notice", "copying", "requirements", "eval")
DATA_SUFFIXES = frozenset({".parquet", ".csv", ".jsonl"})
# Image tables of .csv and .jsonl name their pictures by relative path.
PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg"})
DATA_FOLDER = "data"


@dataclass(frozen=True)
class File:
    """One file of a revision. `content` is there when the database itself holds the bytes."""

    path: str
    sha256: str
    size: int
    oid: str
    content: bytes | None = None

    @property
    def is_model(self) -> bool:
        """Part of what `from_pretrained` reads at the root of a repository."""
        name = PurePosixPath(self.path)
        return (
            "/" not in self.path
            and name.suffix.lower() in MODEL_SUFFIXES
            and not name.name.lower().startswith(DESCRIPTIONS)
        )

    @property
    def is_data(self) -> bool:
        return PurePosixPath(self.path).suffix.lower() in DATA_SUFFIXES | PICTURE_SUFFIXES


_Trees = dict[tuple[int, str], list[File]]
_kept: ContextVar[_Trees | None] = ContextVar("trees that were read", default=None)


@contextmanager
def read_once() -> Iterator[None]:
    """Inside, the files of a commit are read from the database once: what it holds never changes.

    For a plan that many rules look at, one after the other.
    """
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def tree(repository: Repository, revision: str) -> list[File]:
    """Every file of the commit with its sha256; three queries and those of the tree walk."""
    kept = _kept.get()
    if kept is None:
        return _tree(repository, revision)
    key = (repository.pk, revision)
    if key not in kept:
        kept[key] = _tree(repository, revision)
    return list(kept[key])


def _tree(repository: Repository, revision: str) -> list[File]:
    entries = [
        entry
        for entry in objects.ls_tree(repository, revision, "", recursive=True)
        if entry.kind == "file"
    ]
    small = {entry.oid for entry in entries if entry.lfs is None}
    rows = GitObject.objects.filter(oid__in=small).values_list("oid", "data", "content")
    held = {oid: (None if data is None else bytes(data), stored) for oid, data, stored in rows}
    found = []
    for entry in entries:
        if entry.lfs is not None:
            found.append(File(entry.path, entry.lfs.sha256, entry.lfs.size, entry.oid))
            continue
        content, stored = held[entry.oid]
        sha256 = hashlib.sha256(content).hexdigest() if content is not None else str(stored)
        found.append(File(entry.path, sha256, entry.size, entry.oid, content))
    return sorted(found, key=lambda file: file.path)


def model(files: Iterable[File]) -> list[File]:
    return [file for file in files if file.is_model]


def below(files: Iterable[File], folder: str) -> list[File]:
    return [file for file in files if file.path.startswith(f"{folder}/")]


def data(files: Iterable[File], path: str = "") -> list[File]:
    """The tables (and pictures) of a file or folder; without a path those of `data/`, or all."""
    found = [file for file in files if file.is_data]
    if path:
        return [file for file in found if file.path == path] or below(found, path.rstrip("/"))
    return below(found, DATA_FOLDER) or found


def named(files: Iterable[File], path: str) -> File | None:
    return next((file for file in files if file.path == path), None)


def model_digest(files: Iterable[File], adapter: str = "") -> str:
    files = list(files)
    lines = _lines(model(files))
    if adapter:
        lines += _lines(below(files, adapter), prefix=f"{adapter}/")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _lines(files: list[File], prefix: str = "") -> list[str]:
    """An adapter's files count by their place in its folder, whatever the folder is called."""
    name = "adapter/" if prefix else ""
    return sorted(f"{name}{file.path.removeprefix(prefix)}\0{file.sha256}\n" for file in files)


def digest_of(facts: Any) -> str:
    """SHA-256 of facts as canonical JSON: the same facts give the same digest."""
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def changed_paths(base: Iterable[File], head: Iterable[File]) -> list[str]:
    """Paths that were added, changed or removed."""
    before = {file.path: file.oid for file in base}
    after = {file.path: file.oid for file in head}
    return sorted(path for path in before | after if before.get(path) != after.get(path))
