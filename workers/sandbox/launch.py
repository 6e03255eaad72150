"""Starts bubblewrap (or a bare child) the way the runner asked: `python -I -S launch.py <json>`.

Trusted, and outside the sandbox. It is a program of its own because everything here must happen
between fork and exec, where a process with threads cannot run Python safely.

As root it gives root up first. The account it turns into has no rights at all and cannot pass
folders such as /root or a private work folder, so the sources to bind are bound once, by root, onto
a small tmpfs that only this process and its children see, and bubblewrap binds from there.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys

CLONE_NEWNS = 0x00020000
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18
PR_SET_PDEATHSIG = 1
STAGE = "/tmp"  # noqa: S108  hidden under a tmpfs of our own before anything is put there

libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    order = json.loads(sys.argv[1])
    command: list[str] = order["command"]
    for procs in order["cgroups"]:
        with open(procs, "w") as file:
            file.write(str(os.getpid()))
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("900")  # when the machine runs out of memory, a job goes before the database
    os.nice(order["nice"])
    if order["uid"] is not None:
        command = staged(command, order["sources"])
        become(order["uid"])
    # After the change of account, which clears it; before exec, which keeps it.
    check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")
    if os.getppid() != order["parent"]:
        sys.exit("the runner ended while its sandbox was starting")
    os.umask(0o022)
    os.execve(command[0], command, order["environment"])  # noqa: S606  that is its task


def staged(command: list[str], sources: list[int]) -> list[str]:
    """The same command with every path at the given positions bound onto the stage."""
    check(libc.unshare(CLONE_NEWNS), "unshare")
    mount(b"none", b"/", None, MS_REC | MS_PRIVATE)
    handles = [os.open(command[at], os.O_PATH | os.O_CLOEXEC) for at in sources]
    mount(b"tmpfs", STAGE.encode(), b"tmpfs", MS_NOSUID | MS_NODEV, b"mode=0755,size=1m")
    command = list(command)
    for number, (at, handle) in enumerate(zip(sources, handles, strict=True)):
        target = f"{STAGE}/{number}"
        if os.path.isdir(command[at]) or os.path.isdir(f"/proc/self/fd/{handle}"):
            os.mkdir(target)
        else:
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY))
        mount(f"/proc/self/fd/{handle}".encode(), target.encode(), None, MS_BIND | MS_REC)
        command[at] = target
    return command


def become(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def mount(
    source: bytes, target: bytes, kind: bytes | None, flags: int, data: bytes | None = None
) -> None:
    check(libc.mount(source, target, kind, ctypes.c_ulong(flags), data), f"mount {target.decode()}")


def check(result: int, what: str) -> None:
    if result != 0:
        sys.exit(f"{what}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    main()
