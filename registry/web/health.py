"""`GET /health/`: whether this process can do its work, tried and not guessed."""

from __future__ import annotations

from collections.abc import Callable

import redis
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from registry.config import broker

_PROBE = b"commonweight"


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    parts = {name: _try(check) for name, check in _CHECKS.items()}
    whole = "ok" if all(state == "ok" for state in parts.values()) else "broken"
    workers = len(broker.live_workers()) if parts["broker"] == "ok" else 0
    return JsonResponse(
        {"status": whole, **parts, "workers": workers},
        status=200 if whole == "ok" else 503,
        headers={"Cache-Control": "no-store"},
    )


def _try(check: Callable[[], None]) -> str:
    try:
        check()
    except (DatabaseError, redis.RedisError, OSError, ValueError) as error:
        # The kind of error only: its text may hold addresses and passwords.
        return f"broken: {type(error).__name__}"
    return "ok"


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _broker() -> None:
    broker.client().ping()


def _storage() -> None:
    store = storages["blobs"]
    name = store.save("health/probe", ContentFile(_PROBE))
    try:
        with store.open(name) as file:
            if file.read() != _PROBE:
                raise ValueError("the storage returned other bytes than it was given")
    finally:
        store.delete(name)


_CHECKS: dict[str, Callable[[], None]] = {
    "database": _database,
    "broker": _broker,
    "storage": _storage,
}
