"""Browsers that a person is signed in with; each is one of Django's sessions and its row here."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging

import redis
from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from registry.models import User
from registry.services import events
from registry.services.errors import NotFound

# "Last used" may be as old as this, so that not every page writes.
FRESH = dt.timedelta(minutes=5)
SHOWN = 100
_log = logging.getLogger(__name__)


def of(user: User) -> list[UserSession]:
    """Those that still open the account, the last used first. Rows of others are deleted."""
    rows = list(UserSession.objects.filter(user=user).order_by("-last_seen_at"))
    stored = Session.objects.filter(
        session_key__in=[row.session_key for row in rows], expire_date__gt=timezone.now()
    )
    living = {each.session_key for each in stored if _opens(each, user)}
    gone = [row.pk for row in rows if row.session_key not in living]
    if gone:
        UserSession.objects.filter(pk__in=gone).delete()
    return [row for row in rows if row.session_key in living]


def _opens(session: Session, user: User) -> bool:
    """A changed password ends sessions without deleting them."""
    told = session.get_decoded().get(HASH_SESSION_KEY, "")
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(told, known) for known in hashes)


def end(user: User, pk: int) -> UserSession:
    session = UserSession.objects.filter(user=user, pk=pk).first()
    if session is None:
        raise NotFound("You are not signed in there.", next="Look at the list again.")
    _end(user, [session])
    return session


def end_others(user: User, *, kept: str | None) -> int:
    """All but the one with the key `kept`; how many."""
    others = [each for each in of(user) if each.session_key != kept]
    _end(user, others)
    return len(others)


def _end(user: User, found: list[UserSession]) -> None:
    for session in found:
        session.end()
    if found:
        data = {"count": len(found)}
        events.record("sessions.ended", actor=user, subject=f"user:{user.pk}", data=data)


def was_seen(key: str) -> bool:
    """Whether its row is fresh enough; if not, it counts as seen from now on."""
    name = f"seen:{hashlib.sha256(key.encode()).hexdigest()}"
    try:
        return not cache.add(name, 1, FRESH.total_seconds())
    except redis.RedisError as lost:
        _log.warning("no cache: %s", type(lost).__name__)
        return True
