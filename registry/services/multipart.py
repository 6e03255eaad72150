"""Uploads in parts: each lies in a folder of its upload id until all are joined."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from registry.services import blobs
from registry.services.blobs import Readable
from registry.services.errors import Invalid

# Left behind by uploads that were never completed.
STALE_SECONDS = 24 * 3600
_UPLOAD_ID = re.compile(r"[0-9a-f]{32}")


def _folder(upload: str) -> Path:
    if not _UPLOAD_ID.fullmatch(upload):
        raise Invalid("This is not the address of an upload.")
    return blobs.incoming() / f"parts-{upload}"


def put_part(upload: str, number: int, stream: Readable, *, size: int) -> str:
    """Store one part; its SHA-256 is the ETag that completion must name."""
    folder = _folder(upload)
    if not folder.exists():
        discard_stale()
        folder.mkdir(exist_ok=True)
    with blobs.receive(stream, size=size) as received:
        received.path.replace(folder / f"{number}.{received.sha256}")
        for older in folder.glob(f"{number}.*"):
            if older.suffix != f".{received.sha256}":
                older.unlink(missing_ok=True)
        return received.sha256


def arrived(upload: str) -> dict[int, str]:
    """Number → ETag of the parts that are there."""
    folder = _folder(upload)
    names = [part.name.partition(".") for part in folder.glob("*.*")] if folder.is_dir() else []
    return {int(number): etag for number, _, etag in names if number.isdigit()}


def discard(upload: str) -> None:
    shutil.rmtree(_folder(upload), ignore_errors=True)


@contextlib.contextmanager
def joined(upload: str, etags: Mapping[object, str]) -> Iterator[Readable]:
    """All parts in order as one stream; they are removed once it was used without an error."""
    folder = _folder(upload)
    parts = [folder / f"{number}.{etags.get(number)}" for number in range(1, len(etags) + 1)]
    absent = [part.name.partition(".")[0] for part in parts if not part.is_file()]
    if absent or not parts:
        raise Invalid(
            f"Parts are missing or differ: {', '.join(absent[:20]) or 'all'}.",
            where="parts",
            next="Start the upload again.",
        )
    yield _Parts(parts)
    shutil.rmtree(folder, ignore_errors=True)


class _Parts:
    """Reads files one after the other."""

    def __init__(self, parts: list[Path]) -> None:
        self._left = list(parts)
        self._open: io.BufferedReader | None = None

    def read(self, size: int = -1, /) -> bytes:
        while self._open is not None or self._left:
            if self._open is None:
                self._open = self._left.pop(0).open("rb")
            if data := self._open.read(size):
                return data
            self._open.close()
            self._open = None
        return b""


def discard_stale() -> None:
    """Remove what uploads of another day left behind."""
    oldest = time.time() - STALE_SECONDS
    for left in blobs.incoming().iterdir():
        with contextlib.suppress(OSError):
            if left.stat().st_mtime < oldest:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
