"""The one Redis client of a process, for what is not a Celery message."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

WORKER_KEY, WORKERS_KEY = "commonweight:worker:", "commonweight:workers"


@dataclass(frozen=True)
class LiveWorker:
    """A worker as it announced itself with its last heartbeat."""

    name: str
    seen_at: dt.datetime
    queues: tuple[str, ...] = ()
    concurrency: int = 1
    version: str = ""
    device: str = ""
    pid: int = 0
    started_at: dt.datetime | None = None


@cache
def client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=2,
        socket_connect_timeout=2,
        decode_responses=True,
        # Once more after a lost connection; the default waits seconds, which a page cannot.
        retry=Retry(NoBackoff(), 1),
    )


def worker_is_alive(name: str, told: Mapping[str, Any] | None = None) -> None:
    """The key vanishes a few seconds after the worker does. `told`: fields of `LiveWorker`."""
    with client().pipeline(transaction=False) as pipe:
        said = json.dumps(dict(told or {}))
        pipe.set(WORKER_KEY + name, said, ex=settings.WORKER_HEARTBEAT_SECONDS)
        pipe.sadd(WORKERS_KEY, name)
        pipe.execute()


def worker_has_left(name: str) -> None:
    client().delete(WORKER_KEY + name)


def live_workers() -> list[str]:
    return [worker.name for worker in workers()]


def workers() -> list[LiveWorker]:
    """Those heard of lately, by name. Raises redis.RedisError when the broker does not answer."""
    names = sorted(str(name) for name in cast("set[str]", client().smembers(WORKERS_KEY)))
    with client().pipeline(transaction=False) as pipe:
        for name in names:
            pipe.get(WORKER_KEY + name)
            pipe.pttl(WORKER_KEY + name)
        answers = pipe.execute()
    heard = zip(names, answers[::2], answers[1::2], strict=True)
    found = {name: _worker(name, told, left) for name, told, left in heard if told is not None}
    if gone := [name for name in names if name not in found]:
        client().srem(WORKERS_KEY, *gone)
    return list(found.values())


def _worker(name: str, told: str, left_ms: int) -> LiveWorker:
    silent = settings.WORKER_HEARTBEAT_SECONDS - max(left_ms, 0) / 1000
    now = dt.datetime.now(dt.UTC)
    fields = json.loads(told)
    started = fields.get("started")
    return LiveWorker(
        name=name,
        seen_at=now - dt.timedelta(seconds=max(silent, 0)),
        queues=tuple(fields.get("queues", ())),
        concurrency=fields.get("concurrency", 1),
        version=fields.get("version", ""),
        device=fields.get("device", ""),
        pid=fields.get("pid", 0),
        started_at=dt.datetime.fromtimestamp(started, dt.UTC) if started else None,
    )
