"""What a commit may do with a path."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from registry.models import Blob


@dataclasses.dataclass(frozen=True)
class AddFile:
    """A file that git itself holds. Content may be bytes, a local file or a stored blob."""

    path: str
    content: bytes | Path | Blob


@dataclasses.dataclass(frozen=True)
class AddLfsFile:
    """A large file whose bytes are in the store already."""

    path: str
    sha256: str
    size: int | None = None


@dataclasses.dataclass(frozen=True)
class DeleteFile:
    """Removes a file, or a folder, as the Hub does."""

    path: str


@dataclasses.dataclass(frozen=True)
class DeleteFolder:
    path: str


@dataclasses.dataclass(frozen=True)
class CopyFrom:
    """The file at `source` of `revision` (a commit of the same repository), placed at `path`."""

    path: str
    source: str
    revision: str


Operation = AddFile | AddLfsFile | DeleteFile | DeleteFolder | CopyFrom
