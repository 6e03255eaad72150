"""What a commit may put at a path: a file that git holds, or a large file by its hash."""

from __future__ import annotations

import dataclasses
import hashlib
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from registry.models import Blob, GitObject, ObjectKind
from registry.services import blobs, objects
from registry.services.errors import NotFound
from registry.services.objects import Entry, LfsPointer

# Larger payloads lie in the store, not in the row.
ROW_BYTES = 262_144


@dataclasses.dataclass(frozen=True)
class RegularFile:
    git_object: GitObject


@dataclasses.dataclass(frozen=True)
class LargeFile:
    """`size` None: not said by the client; the store knows it."""

    sha256: str
    size: int | None

    @property
    def git_object(self) -> GitObject:
        return objects.blob_object(LfsPointer(self.sha256, self.size or 0).data)


def regular(content: bytes | Path | Blob) -> RegularFile | LargeFile:
    """A file for git. One whose text is an LFS pointer *is* that large file, and is treated so:
    otherwise a pointer typed by hand would read anybody's content."""
    if isinstance(content, Path):
        if content.stat().st_size > ROW_BYTES:
            return RegularFile(_in_store(_kept(content)))
        content = content.read_bytes()
    if isinstance(content, Blob):
        if content.size > ROW_BYTES:
            return RegularFile(_in_store(content))
        with blobs.open_blob(content) as stream:
            content = stream.read()
    if len(content) > ROW_BYTES:
        with blobs.receive(io.BytesIO(content)) as received:
            return RegularFile(_in_store(blobs.keep_content(received)))
    pointer = LfsPointer.parse(content)
    if pointer is not None:
        return LargeFile(pointer.sha256, pointer.size)
    return RegularFile(objects.blob_object(content))


def _kept(path: Path) -> Blob:
    with path.open("rb") as stream, blobs.receive(stream) as received:
        return blobs.keep_content(received)


def _in_store(blob: Blob) -> GitObject:
    """Git's id of stored bytes, hashed as a stream."""
    digest = hashlib.sha1(b"blob %d\0" % blob.size, usedforsecurity=False)
    with blobs.open_blob(blob) as stream:
        while chunk := stream.read(blobs.CHUNK_BYTES):
            digest.update(chunk)
    return GitObject(oid=digest.hexdigest(), kind=ObjectKind.BLOB, size=blob.size, content=blob)


def regular_blob(oid: str) -> BinaryIO:
    """The bytes of a file that git holds."""
    found = GitObject.objects.select_related("content").filter(oid=oid).first()
    if found is None:
        raise NotFound(f"The git object {oid} is missing.", next="Tell the operator.")
    if found.content is not None:
        return blobs.open_blob(found.content)
    return io.BytesIO(bytes(found.data or b""))


def loaded(entries: Sequence[Entry]) -> tuple[list[Entry], Callable[[Entry], BinaryIO]]:
    """The same entries with sizes, and a function that opens any of them; one query for all."""
    wanted = {entry.oid for entry in entries if entry.is_file}
    known = GitObject.objects.select_related("content").in_bulk(wanted, field_name="oid")

    def described(entry: Entry) -> Entry:
        found = known.get(entry.oid)
        if found is None:
            return entry
        short = found.size <= objects.LONGEST_POINTER
        lfs = LfsPointer.parse(found.data) if short else None
        return dataclasses.replace(entry, size=lfs.size if lfs else found.size, lfs=lfs)

    def opened(entry: Entry) -> BinaryIO:
        if entry.lfs is not None:
            return blobs.open_blob(Blob(sha256=entry.lfs.sha256, size=entry.lfs.size))
        found = known.get(entry.oid)
        if found is None:
            return regular_blob(entry.oid)
        if found.content is not None:
            return blobs.open_blob(found.content)
        return io.BytesIO(bytes(found.data or b""))

    return [described(entry) for entry in entries], opened
