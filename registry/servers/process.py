"""Child processes that end with their parent, are stopped as a group, and leave no stale claim."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Account:
    """The account a server runs under when we are root."""

    uid: int
    gid: int
    name: str


def _die_with_parent(number: int, parent: int) -> Callable[[], None]:
    def before_exec() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        # The parent may have died before the line above.
        if os.getppid() != parent:
            os._exit(1)

    return before_exec


def spawn(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    output: IO[bytes] | int,
    cwd: Path | None = None,
    account: Account | None = None,
    parent_death_signal: int = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Starts a child in a process group of its own, so that Ctrl-C reaches only the supervisor.

    Call it from a thread that lives as long as the child should: Linux sends the parent-death
    signal when the *thread* that forked ends.
    """
    return subprocess.Popen(
        command,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        process_group=0,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        preexec_fn=_die_with_parent(parent_death_signal, os.getpid()),
    )


Steps = Sequence[tuple[int, float]]


def stop(process: subprocess.Popen[bytes], steps: Steps) -> None:
    """Sends each signal in turn, waiting its seconds; whatever is left of the group is killed."""
    stop_all([(process, steps)])


def stop_all(processes: Sequence[tuple[subprocess.Popen[bytes], Steps]]) -> None:
    """All get their first signal at once. None gets it twice: a second one cuts a stop short."""
    for process, steps in processes:
        if steps:
            process.send_signal(steps[0][0])
    for process, steps in processes:
        for number, seconds in steps:
            if number != steps[0][0]:
                process.send_signal(number)
            try:
                process.wait(seconds)
                break
            except subprocess.TimeoutExpired:
                continue
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        process.wait()


def wait_for(ready: Callable[[], bool], *, seconds: float, every: float = 0.02) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return True
        time.sleep(every)
    return False


# --- processes of an earlier `up` that was killed ------------------------------------------


def remember(folder: Path, name: str, pid: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"{pid} {_start_time(pid)}")


def forget(folder: Path, name: str) -> None:
    (folder / name).unlink(missing_ok=True)


def end_leftovers(folder: Path, *, seconds: float = 10) -> list[str]:
    """Ends what an `up` that was killed left behind; returns the names that were still alive.

    A process id may have been given to someone else since: the start time tells.
    """
    found = []
    for path in sorted(folder.glob("*")) if folder.exists() else []:
        pid, started = [*path.read_text().split(), "0", ""][:2]
        if started and _start_time(int(pid)) == started:
            found.append(path.name)
            _end(int(pid), started, seconds)
        path.unlink(missing_ok=True)
    return found


def _end(pid: int, started: str, seconds: float) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        if wait_for(lambda: _start_time(pid) != started, seconds=seconds / 3):
            return


def _start_time(pid: int) -> str:
    """Clock ticks since boot, field 22 of /proc/<pid>/stat; empty when gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]
