"""A short-lived program that reads bytes of strangers.

Its decoder may be taken over by them: so it has nothing of the site's environment, where there is
bubblewrap neither files nor network nor other processes, and two run on a machine at a time.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from django.conf import settings

SECONDS, AT_ONCE = 5, 2
# How long a page waits for its turn.
PATIENCE_SECONDS, LOOK_SECONDS = 1.0, 0.05
_ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


class Busy(Exception):
    """As many as may run are at work."""


def run(program: Path, *arguments: str, source: IO[bytes]) -> subprocess.CompletedProcess[bytes]:
    """Raises Busy, and subprocess.TimeoutExpired."""
    inside = [sys.executable, "-I", str(program), *arguments]
    with turn():
        return subprocess.run(
            [*_around(program), *inside],
            stdin=source,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env=_ENVIRONMENT,
            cwd="/",
        )


@contextlib.contextmanager
def turn() -> Iterator[None]:
    """One of the few on this machine, whichever process of the site asks."""
    stop = time.monotonic() + PATIENCE_SECONDS
    with contextlib.ExitStack() as opened:
        folder = _folder()
        files = [
            opened.enter_context((folder / f"decoder-{number}.lock").open("w"))
            for number in range(AT_ONCE)
        ]
        while not any(_taken(file) for file in files):
            if time.monotonic() > stop:
                raise Busy
            time.sleep(LOOK_SECONDS)
        yield


def _folder() -> Path:
    """The site's own; one of this account where nothing else of the site is kept on the machine."""
    for folder in (settings.VAR, Path(tempfile.gettempdir()) / f"commonweight-{os.getuid()}"):
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                return Path(folder)
    raise Busy


def _taken(file: IO[str]) -> bool:
    """Held until the file is closed, also when its process is killed."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _around(program: Path) -> list[str]:
    """Arguments in front of the program; none where no sandbox can be started."""
    found = walls()
    return [*found, "--ro-bind", str(program), str(program), "--"] if found else []


@functools.cache
def walls() -> tuple[str, ...]:
    """Looked for once: whether they can be put up here is for the kernel to say."""
    binary = shutil.which("bwrap", path="/usr/bin:/bin:/usr/local/bin")
    if binary is None:
        return ()
    found = (binary, "--unshare-all", "--die-with-parent", "--new-session", *_seen())
    python = [*found, "--", sys.executable, "-I", "-c", ""]
    tried = subprocess.run(python, env=_ENVIRONMENT, cwd="/", capture_output=True, check=False)
    return found if tried.returncode == 0 else ()


def _seen() -> Sequence[str]:
    """The interpreter with its packages and what it links to, and nothing else of the machine."""
    found = ["--cap-drop", "ALL", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]  # noqa: S108
    real = Path(os.path.realpath(sys.executable)).parent.parent
    folders = {Path("/usr"), Path(sys.prefix), Path(sys.base_prefix), real} - {Path("/")}
    for folder in sorted(folders):
        found += ["--ro-bind", str(folder), str(folder)]
    for name in ("bin", "lib", "lib32", "lib64"):
        path = Path("/", name)
        if path.is_symlink():
            found += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            found += ["--ro-bind", str(path), str(path)]
    return [*found, "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
