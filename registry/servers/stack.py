"""A site in the background: for the demo's second site and for tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from registry.servers import process, supervisor
from registry.servers.errors import ServerError
from registry.servers.layout import Layout
from registry.servers.supervisor import ROOT, answers

__all__ = ["Started", "answers", "running_at", "start"]


def running_at(var: Path) -> str:
    """The address of the site that runs on this folder now, or nothing."""
    layout = Layout(var.resolve())
    if not layout.lock.exists():
        return ""
    with layout.lock.open("a") as lock:
        return "" if supervisor.take(lock) else layout.site_url()


@dataclass
class Started:
    """An `up` in the background. It ends with the process that started it."""

    url: str
    layout: Layout
    log: Path
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        process.stop(self.process, [(signal.SIGTERM, 40)])


def start(
    var: Path,
    *,
    port: int = 8000,
    host: str = "127.0.0.1",
    workers: Mapping[str, int] = supervisor.DEFAULT_WORKERS,
    env: Mapping[str, str] | None = None,
    seconds: float = 120,
) -> Started:
    """Runs `manage.py up` in the background and returns when its site is ready.

    Its log is `var/up.log`. Raises `ServerError` with the last lines of it otherwise.
    """
    var = var.resolve()
    var.mkdir(parents=True, exist_ok=True)
    log = var / "up.log"
    counts = [f"--worker={kind}={count}" for kind, count in workers.items()]
    command = [sys.executable, "-m", "django", "up", f"--port={port}", f"--host={host}", *counts]
    with log.open("ab") as output:
        begin = output.tell()
        child = process.spawn(
            command,
            env={
                **os.environ,
                **(env or {}),
                "COMMONWEIGHT_VAR": str(var),
                "DJANGO_SETTINGS_MODULE": "registry.config.settings",
            },
            output=output,
            cwd=ROOT,
        )

    def said() -> str:
        with log.open("rb") as file:
            file.seek(begin)
            return file.read().decode(errors="replace")

    process.wait_for(
        lambda: child.poll() is not None or "| ready: " in said(), seconds=seconds, every=0.1
    )
    if "| ready: " not in said():
        process.stop(child, [(signal.SIGTERM, 40)])
        raise ServerError(said().strip()[-2000:] or f"no answer in {seconds:.0f} s (log: {log})")
    url = said().split("| ready: ", 1)[1].split()[0]
    return Started(url, Layout(var), log, child)
