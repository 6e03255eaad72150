"""The Celery tasks: hints that there is work. The rows in PostgreSQL are the truth."""

from __future__ import annotations

import os
import socket
from typing import Any

from celery import Task, shared_task, signals

from workers import gateway


@shared_task(name="workers.tasks.work", bind=True)
def work(self: Task[..., None], queue: str) -> None:
    """Do runs of the queue until none is eligible. Safe to send twice, or for nothing."""
    # The name under which the worker announces itself, and which of its processes this is.
    node = self.request.hostname or socket.gethostname()
    gateway.work(queue, worker=f"{node}:{os.getpid()}"[-128:])


@shared_task(name="workers.tasks.sweep")
def sweep() -> None:
    """Bring the runs of dead workers back, repeat the hints, and tell people the news."""
    gateway.sweep()


@shared_task(name="workers.tasks.tidy")
def tidy() -> None:
    """Remove what people began and left. Safe to send twice."""
    gateway.tidy()


@signals.worker_ready.connect
def _tidy(**_: Any) -> None:
    gateway.remove_leftovers()


@signals.worker_process_init.connect
def _warm_up(**_: Any) -> None:
    gateway.pool()


@signals.worker_process_shutdown.connect
def _close_pool(**_: Any) -> None:
    gateway.close_pool()
