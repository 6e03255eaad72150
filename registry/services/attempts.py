"""How often somebody may do what takes the site long: so many in a window, counted in Redis."""

from __future__ import annotations

import redis
from django.core.cache import cache


def within(name: str, *, most: int, seconds: int) -> bool:
    """Count one more; whether it is among the first `most` of its window. Without Redis: yes."""
    key = f"attempts:{name}"
    try:
        cache.add(key, 0, seconds)
        return cache.incr(key) <= most
    except (redis.RedisError, ValueError):  # ValueError: the window ended between the two
        return True
