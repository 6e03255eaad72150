"""The Celery app. A message only says "there is work"; the rows in PostgreSQL are the truth.

Hence no result backend, early acknowledgement, a prefetch of one and messages that expire: a hint
that is lost, late or doubled costs seconds and never work.
"""

from __future__ import annotations

import os
import time
import warnings
from importlib.metadata import version
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.config.settings")

from django.conf import settings

from registry.config import broker

GENERAL, PUBLISH = "general", "publish"
SWEEP_SECONDS, TIDY_SECONDS = 5.0, 3600.0

# Jobs run in a sandbox without rights, whoever starts the worker.
warnings.filterwarnings("ignore", message="You're running the worker with superuser")

app = Celery("commonweight")
app.conf.update(
    broker_url=settings.REDIS_URL,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 3600, "socket_connect_timeout": 5},
    imports=["workers.tasks"],
    result_backend=None,
    task_ignore_result=True,
    task_acks_late=False,
    worker_prefetch_multiplier=1,
    task_default_queue=GENERAL,
    task_create_missing_queues=True,
    task_routes={"workers.tasks.publish*": {"queue": PUBLISH}},
    task_serializer="json",
    accept_content=["json"],
    timezone="UTC",
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_send_task_events=False,
    worker_max_tasks_per_child=200,
    # To both queues: a general worker may be busy training for an hour.
    beat_schedule={
        f"{task}-{queue}": {
            "task": f"workers.tasks.{task}",
            "schedule": seconds,
            "options": {"queue": queue, "expires": seconds},
        }
        for queue in (GENERAL, PUBLISH)
        for task, seconds in (("sweep", SWEEP_SECONDS), ("tidy", TIDY_SECONDS))
    },
)


# What this worker tells of itself with every heartbeat.
_told: dict[str, Any] = {}


@signals.celeryd_after_setup.connect
def _introduce(instance: Any, **_: Any) -> None:
    devices = os.environ.get("CUDA_VISIBLE_DEVICES", "-1")
    _told.update(
        queues=sorted(app.amqp.queues.consume_from),
        concurrency=int(instance.concurrency or 1),
        version=version("commonweight"),
        device="" if devices in {"", "-1"} else f"cuda:{devices}",
        pid=os.getpid(),
        started=time.time(),
    )


@signals.worker_ready.connect
@signals.heartbeat_sent.connect
def _say_alive(sender: Any, **_: Any) -> None:
    broker.worker_is_alive(_name(sender), _told)


@signals.worker_shutdown.connect
def _say_goodbye(sender: Any, **_: Any) -> None:
    broker.worker_has_left(_name(sender))


def _name(sender: Any) -> str:
    """A heartbeat is sent by the worker's heart, the other signals by the worker or a part."""
    return str(sender.eventer.hostname if hasattr(sender, "eventer") else sender.hostname)
