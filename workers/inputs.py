"""Input files of jobs, fetched once and kept by their content.

    <work>/cache/<first two hex digits>/<sha256>

A file gets its name only after its size and digest were found right.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import http.client
import os
import re
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

PIECE = 1 << 20
FICLONE = 0x40049409
TRIES = 3
SILENCE_SECONDS = 60
STILL_NEEDED_SECONDS = 120  # between being fetched and being placed, nothing may be evicted
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class InputFile:
    path: str  # relative, below in/
    url: str | None
    size: int
    sha256: str
    local: Path | None = None


class InputError(Exception):
    """An input cannot be had: `message`, `where` and `next`, for whoever runs the worker."""

    def __init__(self, message: str, where: str, next: str) -> None:
        super().__init__(f"{message} ({where}). {next}")
        self.message = message
        self.where = where
        self.next = next


class InputsStopped(Exception):
    """Asked to stop while fetching; the reason is the text."""


Stop = Callable[[], str | None]


def checked_path(file: InputFile) -> PurePosixPath:
    """Where the file goes below in/, refused unless it stays there."""
    path = PurePosixPath(file.path)
    if path.is_absolute() or ".." in path.parts or not path.parts or not file.path.isprintable():
        raise InputError(
            "This is not a path below the folder of inputs", file.path[:200], "Name it relatively."
        )
    if not DIGEST.fullmatch(file.sha256):
        raise InputError("This is not a SHA-256 digest", file.path, "Give 64 hexadecimal digits.")
    return path


class Cache:
    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder = folder
        self.most_bytes = most_bytes
        self._opener = _web_only()
        self._added = most_bytes  # bytes since the cache was last measured; at first unknown

    def path_of(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def fetch(self, file: InputFile, stop: Stop) -> Path:
        """The file's place in the cache, or of the local original."""
        checked_path(file)
        if file.local is not None:
            return file.local
        kept = self.path_of(file.sha256)
        if kept.is_file() and kept.stat().st_size == file.size:
            os.utime(kept)  # when it was last wanted
            return kept
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.parent / f".{uuid.uuid4().hex}.part"
        try:
            self._download(file, part, stop)
            part.chmod(0o444)
            os.replace(part, kept)
        finally:
            part.unlink(missing_ok=True)
        self._added += file.size
        if self._added > self.most_bytes // 50:
            self.evict()
        return kept

    def place(self, file: InputFile, folder: Path, *, link: bool, stop: Stop) -> None:
        """Put the file below `folder`. A link is right only where the job cannot write."""
        target = folder / checked_path(file)
        make_folders(folder, target.parent)
        source = self.fetch(file, stop)
        if file.local is not None:
            digest = copy(source, target, stop)
            _check(file, digest, target.stat().st_size)
        elif not (link and _linked(source, target)):
            clone(source, target, stop)
        if file.local is not None or not link:
            target.chmod(0o444)

    def _download(self, file: InputFile, part: Path, stop: Stop) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                self._stream(file, part, stop)
                return
            except (OSError, http.client.HTTPException) as error:
                if isinstance(error, urllib.error.HTTPError) and error.code < 500:
                    attempt = TRIES  # it will not get better
                if attempt == TRIES or _disk_is_full(error):
                    raise _not_downloaded(file, error) from error
                time.sleep(0.2 * attempt)

    def _stream(self, file: InputFile, part: Path, stop: Stop) -> None:
        if not file.url or not file.url.startswith(("http://", "https://")):
            raise InputError("It has no HTTP address", file.path, "The site must give one.")
        with (
            self._opener.open(file.url, timeout=SILENCE_SECONDS) as answer,
            part.open("wb") as writer,
        ):
            digest, size = _pour(answer, writer, stop, file.size)
        _check(file, digest, size)

    def evict(self) -> int:
        """Remove what was not wanted for longest until the cache fits. Returns bytes removed."""
        self._added = 0
        found: list[tuple[float, int, Path]] = []
        for path in self.folder.glob("??/*"):
            with contextlib.suppress(FileNotFoundError):
                info = path.stat()
                found.append((info.st_mtime, info.st_size, path))
        total, removed = sum(size for _, size, _ in found), 0
        for wanted, size, path in sorted(found):
            too_new = time.time() - wanted < STILL_NEEDED_SECONDS
            if total - removed <= self.most_bytes or too_new:
                break
            path.unlink(missing_ok=True)
            removed += size
        return removed


def _web_only() -> urllib.request.OpenerDirector:
    """Opens http and https; a URL, or a redirect, is never a file of this machine."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def _not_downloaded(file: InputFile, error: Exception) -> InputError:
    if _disk_is_full(error):
        return InputError("The worker's disk is full", file.path, "Free space below its folder.")
    if isinstance(error, urllib.error.HTTPError):
        told = f"the site answered {error.code} {error.reason}"
    else:
        told = str(error) or type(error).__name__
    return InputError(
        f"An input could not be downloaded: {told}",
        file.path,
        "The run is repeated; if it fails again, look at the site's address and storage.",
    )


def _disk_is_full(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _check(file: InputFile, digest: str, size: int) -> None:
    if size != file.size or digest != file.sha256:
        raise InputError(
            f"An input is not what was announced: {size} bytes with SHA-256 {digest[:12]}…, "
            f"expected {file.size} bytes with {file.sha256[:12]}…",
            file.path,
            "Its storage is damaged or it was replaced; restore it or upload it again.",
        )


def _pour(reader: IO[bytes], writer: IO[bytes], stop: Stop, most: int | None) -> tuple[str, int]:
    """Copy until the end, or until more than `most` bytes came. Asks `stop` once a second."""
    digest, size, asked = hashlib.sha256(), 0, time.monotonic()
    while piece := reader.read(PIECE):
        digest.update(piece)
        writer.write(piece)
        size += len(piece)
        if most is not None and size > most:
            break
        if time.monotonic() - asked >= 1:
            asked = time.monotonic()
            reason = stop()
            if reason:
                raise InputsStopped(reason)
    return digest.hexdigest(), size


def make_folders(root: Path, folder: Path) -> None:
    """Readable by the account of the job, whatever the umask is."""
    for part in reversed([folder, *folder.parents]):
        if part.is_relative_to(root) and part != root and not part.is_dir():
            part.mkdir()
            part.chmod(0o755)


def _linked(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        return False
    return True


def clone(source: Path, target: Path, stop: Stop) -> None:
    """Share the blocks where the file system can; both may change without the other."""
    with source.open("rb") as reader, target.open("xb") as writer:
        try:
            fcntl.ioctl(writer.fileno(), FICLONE, reader.fileno())
        except OSError:
            _pour(reader, writer, stop, None)


def copy(source: Path, target: Path, stop: Stop) -> str:
    try:
        with source.open("rb") as reader, target.open("xb") as writer:
            return _pour(reader, writer, stop, None)[0]
    except OSError as error:
        raise InputError(
            f"A local input cannot be copied: {error.strerror}", str(source), "Look at the file."
        ) from error
