"""Access tokens: only a hash is kept; the secret is shown once."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from registry.models import AccessToken, TokenScope, User
from registry.models.accounts import hash_secret
from registry.services import events
from registry.services.errors import Conflict, Invalid

_USE_NOTED_EVERY = dt.timedelta(minutes=1)
_SHORTEST_SECRET = 16


@transaction.atomic
def issue(
    user: User,
    *,
    name: str,
    scope: TokenScope | str,
    expires_at: dt.datetime | None = None,
    secret: str | None = None,
) -> tuple[AccessToken, str]:
    """A new token and its secret. `secret` sets a value of one's own choice (for bots)."""
    name = name.strip()
    if not name:
        raise Invalid("A token needs a name.", where="name", next="Name it for where it is used.")
    if user.access_tokens.filter(name=name).exists():
        raise Conflict(
            f"You already have a token named {name}.",
            where="name",
            next="Choose another name, or remove that token first.",
        )
    value = secret or AccessToken.new_secret()
    if len(value) < _SHORTEST_SECRET:
        raise Invalid(
            f"The token's value is shorter than {_SHORTEST_SECRET} characters.",
            where="token",
            next="Leave it out to have one made.",
        )
    token = AccessToken.objects.create(
        user=user,
        name=name,
        digest=hash_secret(value),
        hint=value[:6],
        scope=TokenScope(scope),
        expires_at=expires_at,
    )
    events.record(
        "token.issued",
        actor=user,
        subject=f"token:{token.pk}",
        data={"name": name, "scope": token.scope},
    )
    return token, value


def authenticate(secret: str) -> AccessToken | None:
    """The usable token with this secret, its user and namespace loaded; None otherwise."""
    token = (
        AccessToken.objects.usable()
        .select_related("user__namespace")
        .filter(digest=hash_secret(secret))
        .first()
    )
    if token is not None:
        _note_use(token)
    return token


def _note_use(token: AccessToken) -> None:
    """At most one write a minute, so that a busy token does not become a hot row."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > _USE_NOTED_EVERY:
        AccessToken.objects.filter(pk=token.pk).update(last_used_at=now)


@transaction.atomic
def revoke(token: AccessToken, *, actor: User) -> None:
    events.record(
        "token.revoked", actor=actor, subject=f"token:{token.pk}", data={"name": token.name}
    )
    token.delete()
