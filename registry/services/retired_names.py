"""Whoever took the name of somebody who went would get their links, mentions and downloads."""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings

from registry.models import RetiredName
from registry.services.errors import Conflict


def _digest(name: str) -> str:
    """HMAC-SHA256 in hex: without the key nobody finds names by trying them."""
    key = settings.RETIRED_NAMES_KEY.encode()
    return hmac.new(key, name.lower().encode(), hashlib.sha256).hexdigest()


def retire(name: str) -> None:
    """Nobody registers it again. For whatever gives a namespace's name up, in its transaction."""
    RetiredName.objects.get_or_create(digest=_digest(name))


def refuse_retired(name: str) -> None:
    if RetiredName.objects.filter(digest=_digest(name)).exists():
        raise Conflict(
            "This name was used before and cannot be taken again.",
            where="name",
            next="Choose another name.",
        )


def count() -> int:
    return RetiredName.objects.count()
