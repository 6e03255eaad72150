"""Organisations: members and the invitations that bring them."""

from __future__ import annotations

from registry.models import Invitation
from registry.models.accounts import hash_secret
from registry.services.errors import NotFound


def invitation(secret: str) -> Invitation:
    """The unanswered, unexpired invitation of that secret."""
    found = (
        Invitation.objects.open()
        .select_related("organisation__namespace", "user", "invited_by")
        .filter(digest=hash_secret(secret))
        .first()
    )
    if found is None:
        raise NotFound(
            "This invitation is not valid any more.",
            next="It was answered, withdrawn or is too old. Ask for a new one.",
        )
    return found


def is_invited(digest: str) -> bool:
    """Whether an invitation of that digest is open; its secret was shown to the site before."""
    return bool(digest) and Invitation.objects.open().filter(digest=digest).exists()
