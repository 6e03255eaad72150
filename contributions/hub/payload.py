"""The body of a commit request: a header and one operation a line; contents go to disk."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from contributions.hub.ndjson import Lines, Readable, decoded
from registry.hub.targets import storable
from registry.services.commits import (
    AddFile,
    AddLfsFile,
    DeleteFile,
    DeleteFolder,
    Operation,
)
from registry.services.errors import Invalid, TooLarge

MOST_BYTES = 2_000_000_000
MOST_OPERATIONS = 25_000


@dataclasses.dataclass(frozen=True)
class Header:
    title: str
    message: str
    parent: str | None


@dataclasses.dataclass(frozen=True)
class Commit:
    header: Header
    operations: list[Operation]


def read(stream: Readable, folder: Path, *, size: int) -> Commit:
    """The whole request of `size` bytes. Contents are left in `folder`, to outlive the commit."""
    if size > MOST_BYTES:
        raise TooLarge(
            f"The commit has {size} bytes; {MOST_BYTES} are allowed.",
            next="Send large files as LFS objects, or split the commit.",
        )
    header: Header | None = None
    operations: list[Operation] = []
    lines = Lines(stream, folder)
    for key, value in lines:
        if key == "header":
            header = _header(value, lines.where)
        elif header is None:
            raise Invalid("The first line must be the header.", where=lines.where)
        else:
            file = folder / f"short-{len(operations)}"
            operations.append(_operation(key, value, file, lines.where))
        if len(operations) > MOST_OPERATIONS:
            raise TooLarge(
                f"A commit may hold {MOST_OPERATIONS} operations.", next="Split it into several."
            )
    if lines.bytes_read != size:
        raise Invalid(
            f"{lines.bytes_read} of {size} bytes arrived. Nothing was stored.", next="Try again."
        )
    if header is None:
        raise Invalid("The commit has no header.", next="Send a line with the key “header” first.")
    return Commit(header, operations)


def _header(value: dict[str, Any], where: str) -> Header:
    if not storable(value):
        raise Invalid("The header holds a NUL or text that is not Unicode.", where=where)
    title = _text(value, "summary", where).strip()
    if not title:
        raise Invalid("The commit has no summary.", where=where, next="Say what it changes.")
    parent = _text(value, "parentCommit", where).strip()
    return Header(title, _text(value, "description", where).strip(), parent or None)


def _operation(key: str, value: dict[str, Any], file: Path, where: str) -> Operation:
    path = _text(value, "path", where, needed=True)
    if key == "file":
        return AddFile(path, _content(value, file, where))
    if key == "lfsFile":
        if value.get("algo", "sha256") != "sha256":
            raise Invalid("Large files are named by sha256 only.", where=f"{where}, {path}")
        return AddLfsFile(path, _text(value, "oid", where, needed=True), _size(value, where))
    if key == "deletedFile":
        return DeleteFile(path)
    if key == "deletedFolder":
        return DeleteFolder(path)
    raise Invalid(
        f"“{key[:40]}” is no operation.",
        where=where,
        next="Use file, lfsFile, deletedFile or deletedFolder.",
    )


def _content(value: dict[str, Any], file: Path, where: str) -> Path:
    """The decoded file on disk; a long one lies there already."""
    content, encoding = value.get("content"), value.get("encoding", "base64")
    if encoding != "base64":
        raise Invalid("The content must be base64.", where=where)
    if isinstance(content, Path):
        return content
    if not isinstance(content, str):
        raise Invalid("The file has no content.", where=where, next="Send it as base64.")
    file.write_bytes(decoded(content.encode(), where))
    return file


def _text(value: dict[str, Any], key: str, where: str, *, needed: bool = False) -> str:
    found = value.get(key)
    if found is None and not needed:
        return ""
    if not isinstance(found, str) or (needed and not found):
        raise Invalid(f"“{key}” must be a text.", where=where)
    return found


def _size(value: dict[str, Any], where: str) -> int | None:
    size = value.get("size")
    if size is None or (isinstance(size, int) and not isinstance(size, bool) and size >= 0):
        return size
    raise Invalid("“size” must be a number of bytes.", where=where)
