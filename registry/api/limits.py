"""Rate limits: so many requests in a window, by person or by address; counted in Redis.

One round trip a request. When Redis does not answer, nobody is refused, and for some seconds
nobody waits for it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache

import redis
import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from registry.config import broker
from registry.models import User

log = structlog.get_logger()
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_AWAY_SECONDS = 10.0
# The first request of a window starts its clock; all in one step.
_COUNT = """
local used = redis.call('INCR', KEYS[1])
if used == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
local left = redis.call('PTTL', KEYS[1])
if left < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]); left = tonumber(ARGV[1]) end
return {used, left}
"""
_away_until = 0.0


@dataclass(frozen=True)
class Limit:
    name: str
    most: int
    window: int

    @property
    def policy(self) -> str:
        return f'"{self.name}";q={self.most};w={self.window}'


@dataclass(frozen=True)
class Standing:
    """What a caller has left of a limit; `seconds` until it is whole again."""

    limit: Limit
    used: int
    seconds: int

    @property
    def remaining(self) -> int:
        return max(0, self.limit.most - self.used)

    def write(self, response: Response) -> None:
        """Headers of draft-ietf-httpapi-ratelimit-headers, and the older ones that clients know."""
        response["RateLimit-Policy"] = self.limit.policy
        response["RateLimit"] = f'"{self.limit.name}";r={self.remaining};t={self.seconds}'
        response["RateLimit-Limit"] = str(self.limit.most)
        response["RateLimit-Remaining"] = str(self.remaining)
        response["RateLimit-Reset"] = str(self.seconds)


@cache
def _limit(name: str, text: str) -> Limit | None:
    """`600/minute`; empty or `0/…`: no limit."""
    most, _, unit = text.partition("/")
    if not text or (most.strip().isdigit() and not int(most)):
        return None
    window = _SECONDS.get(unit.strip().rstrip("s"))
    if not most.strip().isdigit() or window is None:
        raise ImproperlyConfigured(f"“{text}” is no rate limit: write it like 600/minute.")
    return Limit(name, int(most), window)


def count(request: Request, user: User | None) -> Standing | None:
    """Count this request. None: no limit, or nobody could count."""
    if user is None:
        limit = _limit("anonymous", settings.API_RATE_ANONYMOUS)
        who = f"ip:{client_address(request)}"
    else:
        limit = _limit("user", settings.API_RATE_USER)
        who = f"user:{user.pk}"
    return _counted(limit, who) if limit else None


def _counted(limit: Limit, who: str) -> Standing | None:
    global _away_until
    if time.monotonic() < _away_until:
        return None
    try:
        used, left = _script()(keys=[f"commonweight:rate:{who}"], args=[limit.window * 1000])
    except (redis.RedisError, OSError) as error:
        _away_until = time.monotonic() + _AWAY_SECONDS
        log.warning("rate limits are not counted: Redis is away", error=type(error).__name__)
        return None
    return Standing(limit, int(used), max(1, -(-int(left) // 1000)))


@cache
def _script() -> redis.commands.core.Script:
    return broker.client().register_script(_COUNT)


def refuse_if_over(standing: Standing | None) -> None:
    if standing is not None and standing.used > standing.limit.most:
        raise exceptions.Throttled(
            wait=standing.seconds,
            detail=f"More than {standing.limit.most} requests in {standing.limit.window} seconds.",
        )


def client_address(request: Request) -> str:
    """Behind proxies of one's own (`TRUSTED_PROXIES`), what the outermost of them was called by."""
    proxies: int = getattr(settings, "ALLAUTH_TRUSTED_PROXY_COUNT", 0)
    if proxies:
        told = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
        if len(told) >= proxies:
            return told[-proxies][:64]
    return str(request.META.get("REMOTE_ADDR", ""))
