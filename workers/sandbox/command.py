"""The bubblewrap command line: what a job sees of the machine, and nothing else.

Mounts are applied from left to right, so a parent always comes before what lies in it.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workers.sandbox.limits import MIB

WORKERS = Path(__file__).resolve().parent.parent
PROJECT = WORKERS.parent
SHIPPED = ("__init__.py", "warm.py", "recipes", "training", "checks")  # never settings or tasks
JOB_UID = 65534
TMP_BYTES, SHM_BYTES = 256 * MIB, 256 * MIB  # RAM that the watchdog cannot see; keep it small
JOB, APP, PROGRAMS = "/job", "/app", "/programs"
USR = Path("/usr")


@dataclass
class Command:
    """Arguments for the launcher; `sources` are the positions that hold paths of the host."""

    arguments: list[str]
    sources: list[int] = field(default_factory=list)

    def add(self, *arguments: str) -> None:
        self.arguments += arguments

    def bind(self, source: Path | str, target: Path | str, option: str = "--ro-bind") -> None:
        self.sources.append(len(self.arguments) + 1)
        self.add(option, str(source), str(target))


def bubblewrap() -> str | None:
    return shutil.which("bwrap", path="/usr/bin:/bin:/usr/local/bin:" + os.environ.get("PATH", ""))


def sandboxed(
    job: Path,
    program: Sequence[str],
    *,
    binary: str,
    private: Sequence[Path],
    programs: Path | None,
    environment: dict[str, str],
    cuda: bool,
    descriptors: dict[str, int],
) -> Command:
    """The full flag set around one program with one writable folder, /job."""
    command = Command([binary])
    command.add("--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL")
    command.add("--die-with-parent", "--new-session", "--hostname", "job")
    command.add("--uid", str(JOB_UID), "--gid", str(JOB_UID), "--clearenv")
    for name, value in environment.items():
        command.add("--setenv", name, value)
    command.add("--size", str(TMP_BYTES), "--tmpfs", "/tmp")  # noqa: S108
    _add_system(command)
    _add_python(command, private)
    for name in SHIPPED:
        if (WORKERS / name).exists():
            command.bind(WORKERS / name, f"{APP}/workers/{name}")
    if programs is not None:
        command.bind(programs, PROGRAMS)
    _add_devices(command, cuda)
    command.bind(job, JOB, "--bind")
    command.bind(job / "in", f"{JOB}/in")
    command.add("--chdir", JOB, "--remount-ro", "/")
    for option, number in descriptors.items():
        command.add(option, str(number))
    command.add("--", *program)
    return command


def _add_system(command: Command) -> None:
    command.bind("/usr", "/usr")
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/", name)
        if path.is_symlink():
            command.add("--symlink", os.readlink(path), str(path))
        elif path.is_dir():
            command.bind(path, path)
    for name in ("/etc/ld.so.cache", "/etc/alternatives"):
        if os.path.exists(name):
            command.bind(name, name)


def _add_python(command: Command, private: Sequence[Path]) -> None:
    """The interpreter and its packages at their own paths, with the project hidden inside them."""
    folders = python_folders()
    hidden = [path for path in (*project_folders(), *private) if path.is_dir()]
    entries = [(path, True) for path in folders if not _lies_in(path, [USR])]
    entries += [
        (path, True) for path in folders if _lies_in(path, [USR]) and _lies_in(path, hidden)
    ]
    entries += [(path, False) for path in hidden if _lies_in(path, [USR, *folders])]
    for path, visible in sorted(entries, key=lambda entry: len(entry[0].parts)):
        if visible:
            command.bind(path, path)
        else:
            command.add("--tmpfs", str(path))
    for path, visible in entries:
        if not visible:  # only now, because something visible may have been bound in it
            command.add("--remount-ro", str(path))


def _lies_in(path: Path, folders: Sequence[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def python_folders() -> list[Path]:
    """Where this interpreter lives: a virtual environment, and what it was made from."""
    real = Path(os.path.realpath(sys.executable)).parent.parent
    names = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, str(real)}
    return sorted(Path(name) for name in names)


def project_folders() -> list[Path]:
    """What must stay hidden when the project lies inside a folder that is bound."""
    if str(PROJECT) in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        return [PROJECT / "registry", PROJECT / "contributions"]
    return [PROJECT]


def _add_devices(command: Command, cuda: bool) -> None:
    # Root without capabilities still owns /proc/sys: kernel.core_pattern would be a way out.
    command.add("--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev")
    if cuda:  # weaker, because the driver is shared; the nodes must exist before
        for node in sorted(Path("/dev").glob("nvidia*")):
            command.bind(node, node, "--dev-bind")
        command.bind("/sys", "/sys")
    # --dev is a writable tmpfs of half the RAM: a sized /dev/shm, and the rest read-only
    command.add("--size", str(SHM_BYTES), "--tmpfs", "/dev/shm")  # noqa: S108
    command.add("--remount-ro", "/dev")
