"""Signed URLs: whoever holds one may make exactly one kind of transfer, for 15 minutes.

The signature covers method, path, size, sha256, user, expiry and the remaining parameters, so a
URL is of no use for another file, another path, another person's record or another day.
"""

from __future__ import annotations

import base64
import dataclasses
import hmac
import time
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from django.conf import settings
from django.http import QueryDict

from registry.models import User
from registry.services.errors import Forbidden

OBJECTS = "/lfs/objects/"
PARTS = "/lfs/parts/"


@dataclasses.dataclass(frozen=True)
class Grant:
    """What a verified URL allows."""

    sha256: str
    size: int
    user_id: int | None
    extra: Mapping[str, str]


def _signature(
    key: str, method: str, path: str, fields: Mapping[str, str], salt: str = "transfer"
) -> str:
    text = "\n".join([salt, method, path, *(f"{k}={quote(v)}" for k, v in sorted(fields.items()))])
    digest = hmac.digest(key.encode(), text.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def signed_url(
    method: str,
    path: str,
    *,
    sha256: str,
    size: int,
    user: User | None,
    base: str = "",
    extra: Mapping[str, str] | None = None,
) -> str:
    """`base` is the address the caller knows the site by; the configured one if empty."""
    fields = {
        **(extra or {}),
        "sha256": sha256,
        "size": str(size),
        "user": str(user.pk) if user else "",
        "expires": str(int(time.time()) + settings.SIGNED_URL_SECONDS),
    }
    signature = _signature(settings.SECRET_KEY, method, path, fields)
    return f"{base or settings.SITE_URL}{path}?{urlencode({**fields, 'signature': signature})}"


def signed_put(sha256: str, *, size: int, user: User, base: str = "") -> str:
    """Where exactly these bytes may be PUT; they then count as `user`'s upload."""
    return signed_url("PUT", OBJECTS + sha256, sha256=sha256, size=size, user=user, base=base)


def signed_get(
    blob_sha256: str, *, user: User | None, filename: str, size: int = 0, base: str = ""
) -> str:
    """Where these bytes may be downloaded, without further credentials."""
    return signed_url(
        "GET",
        OBJECTS + blob_sha256,
        sha256=blob_sha256,
        size=size,
        user=user,
        base=base,
        extra={"filename": filename},
    )


def verified(method: str, path: str, query: QueryDict) -> Grant:
    """What the URL allows; Forbidden if it was changed, belongs elsewhere or has expired."""
    fields = {key: value for key, value in query.items() if isinstance(value, str)}
    given = fields.pop("signature", "")
    repeated = any(len(values) > 1 for _, values in query.lists())
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    good = [hmac.compare_digest(_signature(key, method, path, fields), given) for key in keys]
    if repeated or not any(good):
        raise Forbidden(
            "This transfer address is not valid.", next="Ask for a new one: start the upload again."
        )
    if int(fields.pop("expires")) < time.time():
        raise Forbidden(
            "This transfer address has expired.", next="Ask for a new one: start the upload again."
        )
    user = fields.pop("user")
    return Grant(
        sha256=fields.pop("sha256"),
        size=int(fields.pop("size")),
        user_id=int(user) if user else None,
        extra=fields,
    )
