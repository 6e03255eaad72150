"""What one job may use, and two ways to hold it there: a cgroup, or watching the processes."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
GIB = 1024 * MIB
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Limits:
    wall_seconds: float = 3600.0
    memory_bytes: int = 4 * GIB
    output_bytes: int = 4 * GIB
    processes: int = 256  # threads count, as the kernel counts them
    log_bytes: int = 16 * MIB


@dataclass(frozen=True)
class Usage:
    """What the processes of a job hold at one moment."""

    resident_bytes: int = 0
    tasks: int = 0


def descendants(pid: int) -> list[int]:
    """The process and everything below it. Orphans in a PID namespace stay below its init."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError, ValueError, IndexError):
            stat = Path("/proc", name, "stat").read_text(errors="replace")
            parent = int(stat.rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(name))
    found, waiting = [], [pid]
    while waiting:
        current = waiting.pop()
        found.append(current)
        waiting += children.get(current, [])
    return found


def usage(pid: int, limit: int) -> Usage:
    """Resident bytes and tasks of a process group.

    Pages shared after a fork count once for each process in the cheap sum; only when that sum is
    over the limit are they counted properly, which takes milliseconds a process.
    """
    pids = descendants(pid)
    resident = sum(_resident(each) for each in pids)
    if resident > limit:
        resident = sum(_proportional(each) for each in pids)
    return Usage(resident_bytes=resident, tasks=sum(_tasks(each) for each in pids))


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError, ValueError):
        return 0


def _proportional(pid: int) -> int:
    """A process can hide its smaps from an unprivileged watcher; then its resident size counts."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return _resident(pid)


def _tasks(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return 0


@dataclass(frozen=True)
class Cgroup:
    """A version 2 control group made for one job, below a folder that was delegated to us.

    Nothing is made anywhere else: the rest of the tree belongs to the system's own manager.
    """

    folder: Path

    @classmethod
    def create(cls, name: str, *, below: Path | None = None) -> Cgroup | None:
        """None where no group with memory and process limits can be made; then we only watch."""
        parent = below or delegated_folder()
        if parent is None:
            return None
        folder = parent / f"commonweight-{name}"
        try:
            enable = parent / "cgroup.subtree_control"
            if not {"memory", "pids"} <= set(enable.read_text().split()):
                enable.write_text("+memory +pids")
            folder.mkdir()
        except OSError:
            return None
        if not (folder / "memory.max").exists() or not (folder / "pids.max").exists():
            folder.rmdir()
            return None
        return cls(folder)

    @property
    def procs(self) -> Path:
        return self.folder / "cgroup.procs"

    def hold(self, limits: Limits) -> None:
        for name, value in (
            ("memory.max", str(limits.memory_bytes)),
            ("memory.swap.max", "0"),
            ("memory.oom.group", "1"),
            ("pids.max", str(limits.processes)),
        ):
            with contextlib.suppress(FileNotFoundError):  # no swap accounting on some kernels
                (self.folder / name).write_text(value)

    def ran_out_of_memory(self) -> bool:
        with contextlib.suppress(OSError, ValueError):
            for line in (self.folder / "memory.events").read_text().splitlines():
                name, _, count = line.partition(" ")
                if name == "oom_kill" and int(count) > 0:
                    return True
        return False

    def peak_bytes(self) -> int:
        try:
            return int((self.folder / "memory.peak").read_text())
        except (OSError, ValueError):
            return 0

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            (self.folder / "cgroup.kill").write_text("1")

    def remove(self) -> None:
        for _ in range(50):  # busy until the last process is reaped
            try:
                self.folder.rmdir()
                return
            except FileNotFoundError:
                return
            except OSError:
                time.sleep(0.02)


def delegated_folder() -> Path | None:
    """The nearest group above this process that systemd has marked as delegated."""
    for folder in _own_groups():
        with contextlib.suppress(OSError):
            if os.getxattr(folder, "user.delegate") == b"1":
                return folder
    return None


def _own_groups() -> Iterator[Path]:
    root = Path("/sys/fs/cgroup")
    if not (root / "cgroup.controllers").exists():
        return
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        if line.startswith("0::/"):
            own = root / line[4:]
            yield from (own, *(parent for parent in own.parents if parent.is_relative_to(root)))
