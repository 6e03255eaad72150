"""The processes of a running site: their command lines and what each may know."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec

# SIGQUIT stops Celery at once; the leases of its runs bring them back to the queue.
_STOP_WORKER = ((signal.SIGTERM, 4.0), (signal.SIGQUIT, 3.0))
_STOP = ((signal.SIGTERM, 6.0),)
_CELERY = (sys.executable, "-m", "celery", "--quiet", "-A", "registry.config.celery:app")
HUB_TOKEN_PRIVATE_KEY = "HUB_TOKEN_PRIVATE_KEY"  # noqa: S105  (a name)


@dataclass(frozen=True)
class Part:
    name: str
    command: list[str]
    env: Mapping[str, str] = field(default_factory=dict)
    stop_steps: tuple[tuple[int, float], ...] = _STOP
    parent_death_signal: int = signal.SIGTERM


def can_train() -> bool:
    """Whether the `workers` extra is installed, found out without importing torch."""
    return find_spec("torch") is not None


def web(host: str, port: int) -> Part:
    """Threads, because a request that streams gigabytes holds one for minutes."""
    command = [
        *(sys.executable, "-m", "gunicorn", "registry.config.wsgi:application"),
        *("--bind", f"{f'[{host}]' if ':' in host else host}:{port}"),
        *("--worker-class", "gthread", "--threads", "16"),
        *("--workers", os.environ.get("WEB_PROCESSES") or "2", "--preload"),
        *("--timeout", "120", "--graceful-timeout", "5", "--keep-alive", "5"),
        # The protocol puts revisions and long file names into one quoted path.
        *("--limit-request-line", "8190", "--log-level", "warning"),
    ]
    return Part("web", command, {"DATABASE_POOL": "1"})


def worker(
    queue: str,
    number: int = 1,
    *,
    concurrency: int = 1,
    env: Mapping[str, str] | None = None,
) -> Part:
    name = f"{queue}{number}"
    command = [
        *(*_CELERY, "worker"),
        *("--queues", queue, "--hostname", f"{name}@%h", "--concurrency", str(concurrency)),
        *("--loglevel", "WARNING", "--without-gossip", "--without-mingle"),
    ]
    return Part(name, command, env or {}, _STOP_WORKER, signal.SIGQUIT)


def publisher(key: str, *, concurrency: int = 1) -> Part:
    """It alone holds the key that opens the tokens of other Hubs.

    The Hub's client reads its switches when it is imported. LFS works on every Hub, Xet not yet
    on one of ours: HF_HUB_DISABLE_XET=0 publishes to the public Hub by Xet.
    """
    env = {
        HUB_TOKEN_PRIVATE_KEY: key,
        "WARM_SANDBOXES": "0",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": os.environ.get("HF_HUB_DISABLE_XET") or "1",
    }
    return worker("publish", concurrency=concurrency, env=env)


def beat(folder: str) -> Part:
    command = [
        *(*_CELERY, "beat"),
        *("--schedule", f"{folder}/beat", "--pidfile", "", "--loglevel", "WARNING"),
    ]
    return Part("beat", command)


def gpu_worker(number: int) -> Part:
    """One process per device: it sees no other."""
    part = worker("general", number + 1, env={"CUDA_VISIBLE_DEVICES": str(number)})
    command = [word.replace(f"general{number + 1}@", f"gpu{number + 1}@") for word in part.command]
    return replace(part, name=f"gpu{number + 1}", command=command)
