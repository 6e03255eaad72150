"""What a hostile program wrote into its folder: looked at, measured and taken out.

Nothing here follows a symbolic link or trusts a name, a type, a size or a depth found inside.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOST_FILES = 2000
DEEPEST = 16
LONGEST_PATH = 400
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def open_regular(folder: int, name: str) -> int | None:
    """A descriptor of a plain file directly in the folder, or None for anything else."""
    try:
        handle = os.open(name, FILE, dir_fd=folder)
    except OSError:
        return None
    if stat.S_ISREG(os.fstat(handle).st_mode):
        return handle
    os.close(handle)
    return None


def read_regular(path: Path, name: str, most: int) -> bytes | None:
    """The content of a plain file, one byte more than `most` when it is larger."""
    folder = os.open(path, FOLDER)
    try:
        handle = open_regular(folder, name)
        if handle is None:
            return None
        with open(handle, "rb") as file:
            return file.read(most + 1)
    finally:
        os.close(folder)


@dataclass(frozen=True)
class Written:
    """What a running job has put into its folder, inputs left out."""

    bytes: int = 0
    problem: str | None = None


def measure(job: Path, most_bytes: int) -> Written:
    total = entries = 0
    try:
        for parent, name, info, depth in _walk(job, skip="in"):
            entries += 1
            total += info.st_blocks * 512
            if entries > MOST_FILES:
                return Written(total, f"It wrote more than {MOST_FILES} files.")
            if depth > DEEPEST:
                return Written(total, f"It made folders more than {DEEPEST} deep.")
            del parent, name
    except PermissionError:
        return Written(total, "It made a folder that cannot be read.")
    if total > most_bytes:
        return Written(total, f"It wrote more than {most_bytes / 1e6:.0f} MB.")
    return Written(total)


def _walk(path: Path, skip: str | None = None) -> Iterator[tuple[int, str, os.stat_result, int]]:
    """(descriptor of the parent, name, status, depth) of all below, links not followed.

    Depth ends one below DEEPEST, so that descriptors stay few.
    """
    yield from _walk_open(os.open(path, FOLDER), 1, skip)


def _walk_open(
    folder: int, depth: int, skip: str | None = None
) -> Iterator[tuple[int, str, os.stat_result, int]]:
    try:
        for name in sorted(os.listdir(folder)):
            if depth == 1 and name == skip:
                continue
            try:
                info = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                continue  # the job is still at work
            yield folder, name, info, depth
            if stat.S_ISDIR(info.st_mode) and depth <= DEEPEST:
                with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                    yield from _walk_open(os.open(name, FOLDER, dir_fd=folder), depth + 1)
    finally:
        os.close(folder)


def collect(job: Path, target: Path, most_bytes: int) -> list[str]:
    """Move the plain files of job/out to `target`, after the sandbox is dead.

    Returns what was left behind and why, one line each.
    """
    target.mkdir(parents=True, exist_ok=True)
    notes: list[str] = []
    parent = os.open(job, FOLDER)
    try:
        source = os.open("out", FOLDER, dir_fd=parent)
    except OSError:
        return ["out is not a folder any more; nothing was collected"]
    finally:
        os.close(parent)
    budget = _Budget(most_bytes)
    try:
        _collect_folder(source, target, "out", budget, notes)
    finally:
        os.close(source)
    return notes[:20]


@dataclass
class _Budget:
    bytes: int
    files: int = MOST_FILES


def _collect_folder(
    source: int, target: Path, label: str, budget: _Budget, notes: list[str]
) -> None:
    for name in sorted(os.listdir(source)):
        path = f"{label}/{name}"
        info = os.stat(name, dir_fd=source, follow_symlinks=False)
        reason = _refusal(path, info, budget)
        if reason:
            notes.append(f"not collected: {path.encode(errors='replace').decode()[:200]}: {reason}")
        elif stat.S_ISDIR(info.st_mode):
            budget.files -= 1
            os.chmod(name, 0o700, dir_fd=source)
            (target / name).mkdir()
            inner = os.open(name, FOLDER, dir_fd=source)
            try:
                _collect_folder(inner, target / name, path, budget, notes)
            finally:
                os.close(inner)
        else:
            budget.bytes -= info.st_size
            budget.files -= 1
            _take(source, name, target / name)


def _refusal(path: str, info: os.stat_result, budget: _Budget) -> str | None:
    if not path.isprintable() or "\\" in path or len(path.encode(errors="replace")) > LONGEST_PATH:
        return "its name is too long or has control characters"
    if path.count("/") > DEEPEST:
        return "too deep"
    if budget.files <= 0:
        return f"there are more than {MOST_FILES} files"
    if stat.S_ISDIR(info.st_mode):
        return None
    if not stat.S_ISREG(info.st_mode):
        return "it is not a plain file"
    if info.st_nlink > 1:
        return "it is a hard link"
    if info.st_size > budget.bytes:
        return "the limit of the run's output is reached"
    return None


def _take(source: int, name: str, target: Path) -> None:
    try:
        os.rename(name, target, src_dir_fd=source)
    except OSError:  # another file system
        handle = os.open(name, FILE, dir_fd=source)
        with open(handle, "rb") as reader, target.open("xb") as writer:
            shutil.copyfileobj(reader, writer, 1 << 20)
    if os.geteuid() == 0:
        os.chown(target, 0, 0, follow_symlinks=False)
    os.chmod(target, 0o644)
