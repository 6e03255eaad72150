"""Figures that may be some seconds old, computed once for everybody."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

import redis
from django.core.cache import cache

T = TypeVar("T")
_log = logging.getLogger(__name__)


def remembered(name: str, seconds: int, compute: Callable[[], T]) -> T:
    """What `compute` said within the last seconds. Without Redis it is asked each time."""
    try:
        known: T | None = cache.get(name)
        if known is None:
            known = compute()
            cache.set(name, known, seconds)
    except redis.RedisError as lost:
        _log.warning("no cache: %s", type(lost).__name__)
        return compute()
    return known
