"""Can this machine keep a program in a sandbox? Asked once, with the full set of flags."""

from __future__ import annotations

import functools
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from workers.sandbox import command as commands
from workers.sandbox.limits import delegated_folder
from workers.sandbox.process import START_SECONDS, Sandbox, SandboxError
from workers.sandbox.setup import Mode, Setup

INSTALL = "Install bubblewrap 0.8 or newer, for example: apt-get install bubblewrap"
ALLOW = (
    "Allow user namespaces: sysctl kernel.unprivileged_userns_clone=1, or an AppArmor profile "
    "for bwrap (kernel.apparmor_restrict_unprivileged_userns); in a container, a seccomp "
    "profile that lets bwrap call clone and mount."
)
FIXES = (
    ("nknown option", INSTALL + "; the one that is installed is too old."),
    ("new namespace", ALLOW),
    ("uid map", ALLOW),
    ("loopback", ALLOW),
    (
        "mount proc",
        "The container hides parts of /proc; start it with an unmasked /proc "
        "(Docker: --security-opt systempaths=unconfined).",
    ),
)
ELSE = "Run the bwrap command by hand to see what the kernel refuses, then restart the worker."


@dataclass(frozen=True)
class Availability:
    ok: bool
    backend: str  # "bubblewrap" or "none"
    reason: str  # why not; empty when ok
    fix: str  # what an operator can do about it; empty when ok
    mode: Mode = "none"


@functools.cache
def probe() -> Availability:
    """The strongest way of starting a sandbox that works here."""
    if commands.bubblewrap() is None:
        return Availability(False, "none", "bubblewrap is not installed.", INSTALL)
    modes: list[Mode] = ["own-account", "as-started"] if os.geteuid() == 0 else ["as-started"]
    reason = ""
    for mode in modes:
        try:
            _start_and_stop(mode)
        except (SandboxError, OSError, NotImplementedError) as error:
            reason = f"The sandbox does not start here: {error}"
        else:
            return Availability(True, "bubblewrap", "", "", mode)
    fix = next((text for sign, text in FIXES if sign in reason), ELSE)
    return Availability(False, "none", reason, fix)


def _start_and_stop(mode: Mode) -> None:
    with tempfile.TemporaryDirectory(prefix="commonweight-probe-") as work:
        sandbox = Sandbox(Setup(work=Path(work), mode=mode))
        try:
            if not sandbox.ready(START_SECONDS):
                raise SandboxError(sandbox.log.all_text().strip()[-500:] or "it says nothing")
        finally:
            sandbox.discard()


def describe() -> str:
    """One paragraph for an operator: what holds a job here, and what does not."""
    found = probe()
    if not found.ok:
        return f"No sandbox. {found.reason} {found.fix}"
    account = {
        "own-account": "each job under an account of its own without rights on this machine",
        "as-started": "under the account of the worker"
        + (", which is root, without capabilities" if os.geteuid() == 0 else ""),
        "none": "",
    }[found.mode]
    memory = "a control group" if delegated_folder() else "a watchdog and RLIMIT_DATA"
    return f"{_version()}, {account}; memory is held by {memory}; no network."


def _version() -> str:
    answer = subprocess.run(
        [commands.bubblewrap() or "bwrap", "--version"], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip()
