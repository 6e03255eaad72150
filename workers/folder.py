"""The folder of one job, from its making to its removal, whatever a program made of it."""

from __future__ import annotations

import fcntl
import os
import stat
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from workers.outputs import FOLDER

UNCLAIMED_SECONDS = 24 * 3600.0


@dataclass
class Slot:
    """`path/job` is what the program sees as its folder; the lock says that the runner lives."""

    path: Path
    lock: int
    owner: int | None

    @classmethod
    def create(cls, work: Path, owner: int | None = None) -> Slot:
        path = work / "slots" / uuid.uuid4().hex
        path.mkdir(parents=True, mode=0o700)
        lock = os.open(path / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in ("job", "job/in", "job/out"):
            (path / name).mkdir(mode=0o755)
        if owner is not None:
            for name in ("job", "job/out"):
                os.chown(path / name, owner, owner)
        return cls(path, lock, owner)

    @property
    def job(self) -> Path:
        return self.path / "job"

    def remove(self) -> None:
        remove_tree(self.path)
        os.close(self.lock)


def sweep_stale(work: Path) -> int:
    """Remove the folders that runners left when they were killed. Returns how many."""
    removed = _sweep_collected(work)
    for path in sorted((work / "slots").glob("*")):
        try:
            lock = os.open(path / "lock", os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            continue  # being made or being removed
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
        else:
            remove_tree(path)
            removed += 1
        finally:
            os.close(lock)
    return removed


def _sweep_collected(work: Path) -> int:
    """What a run collected is stored within minutes; after a day nobody comes for it."""
    old = [
        path
        for path in (work / "collected").glob("*")
        if time.time() - path.stat().st_mtime > UNCLAIMED_SECONDS
    ]
    for path in old:
        remove_tree(path)
    return len(old)


def remove_tree(path: Path) -> None:
    """Also trees deeper than any recursion, and folders that forbid reading.

    Climbs down and up again with one descriptor; nobody else may be at work in the tree.
    """
    try:
        here = os.open(path, FOLDER)
    except FileNotFoundError:
        return
    trail: list[tuple[str, list[str]]] = [("", _empty(here))]
    while trail:
        name, folders = trail[-1]
        if folders:
            inner = folders.pop()
            os.chmod(inner, 0o700, dir_fd=here)
            here = _moved(here, inner)
            trail.append((inner, _empty(here)))
        else:
            trail.pop()
            if trail:
                here = _moved(here, "..")
                os.rmdir(name, dir_fd=here)
    os.close(here)
    path.rmdir()


def _moved(here: int, name: str) -> int:
    try:
        return os.open(name, FOLDER, dir_fd=here)
    finally:
        os.close(here)


def _empty(folder: int) -> list[str]:
    """Remove all that is not a folder; the names of the folders that are left."""
    folders = []
    for name in os.listdir(folder):
        if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            folders.append(name)
        else:
            os.unlink(name, dir_fd=folder)
    return folders
