"""Requests that are done once although they are sent twice (`Idempotency-Key`).

The row of a key is written before the work and completed in the transaction of the work itself:
an answer is kept if and only if what it tells of was done. A refusal keeps nothing.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from registry.models import IdempotentRequest, User
from registry.services.errors import Conflict, Invalid, Unprocessable

KEY_LENGTH = 255
# The process that held a key for longer without an answer is gone.
_ABANDONED_AFTER = dt.timedelta(minutes=2)
_CLEANED_EVERY, _CLEANED_AT_ONCE = 200, 1000


def begin(*, user: User, key: str, fingerprint: str) -> tuple[IdempotentRequest, bool]:
    """The request of this key, and whether its answer is known already.

    Conflict: the first one is still under way. Unprocessable: the key stands for another request.
    """
    if not 0 < len(key) <= KEY_LENGTH or not key.isprintable():
        raise Invalid(
            f"The Idempotency-Key must have 1 to {KEY_LENGTH} printable characters.",
            where="Idempotency-Key",
            next="A random UUID does well.",
        )
    for _ in range(2):
        try:
            with transaction.atomic():
                return _start(user, key, fingerprint), False
        except IntegrityError:
            earlier = IdempotentRequest.objects.filter(user=user, key=key).first()
        if earlier is not None and not _take_over(earlier):
            return _known(earlier, fingerprint), True
    raise _under_way(key)


def _start(user: User, key: str, fingerprint: str) -> IdempotentRequest:
    made = IdempotentRequest.objects.create(user=user, key=key, fingerprint=fingerprint)
    if made.pk % _CLEANED_EVERY == 0:
        clean_up()
    return made


def _take_over(earlier: IdempotentRequest) -> bool:
    """Remove a row that is past its time, or that nobody will complete any more."""
    age = timezone.now() - earlier.created_at
    if age < (_ABANDONED_AFTER if earlier.status is None else IdempotentRequest.KEPT_FOR):
        return False
    IdempotentRequest.objects.filter(pk=earlier.pk, created_at=earlier.created_at).delete()
    return True


def _known(earlier: IdempotentRequest, fingerprint: str) -> IdempotentRequest:
    if earlier.fingerprint != fingerprint:
        raise Unprocessable(
            "This Idempotency-Key was sent with another request before.",
            where="Idempotency-Key",
            next="Use a new key for a new request.",
        )
    if earlier.status is None:
        raise _under_way(earlier.key)
    return earlier


def _under_way(key: str) -> Conflict:
    return Conflict(
        f"The request with the key {key[:60]} is still under way.",
        where="Idempotency-Key",
        next="Send it again in a moment.",
    )


def complete(request: IdempotentRequest, *, status: int, body: Any, location: str = "") -> None:
    """Call it in the transaction of the work. An abandoned request whose key was taken over
    fails here, and its work with it."""
    done = IdempotentRequest.objects.filter(pk=request.pk, status=None).update(
        status=status, body=body, location=location[:500]
    )
    if not done:
        raise _under_way(request.key)


def forget(request: IdempotentRequest) -> None:
    """The request was refused: it may be sent again with the same key."""
    IdempotentRequest.objects.filter(pk=request.pk, status=None).delete()


def clean_up() -> int:
    """Remove answers that are past their time, some at once; returns how many."""
    old = IdempotentRequest.objects.filter(
        created_at__lt=timezone.now() - IdempotentRequest.KEPT_FOR
    ).order_by("created_at")
    removed, _ = IdempotentRequest.objects.filter(
        pk__in=list(old.values_list("pk", flat=True)[:_CLEANED_AT_ONCE])
    ).delete()
    return removed
