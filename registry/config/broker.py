"""The one Redis client of a process, for what is not a Celery message."""

from __future__ import annotations

from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

WORKER_KEY = "commonweight:worker:"


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


def worker_is_alive(name: str) -> None:
    """`/health/` counts these keys; they vanish a few seconds after the worker does."""
    client().set(WORKER_KEY + name, "1", ex=settings.WORKER_HEARTBEAT_SECONDS)


def worker_has_left(name: str) -> None:
    client().delete(WORKER_KEY + name)


def live_workers() -> list[str]:
    keys = client().scan_iter(match=WORKER_KEY + "*", count=1000)
    return sorted(str(key).removeprefix(WORKER_KEY) for key in keys)
