"""Signed links that switch mails off without signing in."""

from __future__ import annotations

from django.conf import settings
from django.core import signing

from contributions.models import MailChoice, NotificationKind
from contributions.services import notifications
from registry.models import User
from registry.services.errors import NotFound

SALT = "commonweight.mail-off"
# In place of a kind: everything that comes in the daily mail.
DIGEST = "digest"


def off_link(user: User, kind: str) -> str:
    """Whoever holds the link may switch this kind of mail off for this person, and nothing else."""
    token = signing.dumps({"user": user.pk, "kind": kind}, salt=SALT)
    return f"{settings.SITE_URL}/notifications/off/{token}"


def read_off_link(token: str) -> tuple[User, list[NotificationKind], str]:
    """(person, kinds of news, what the link names). NotFound when it is not one of ours."""
    try:
        told = signing.loads(token, salt=SALT)
        user = User.objects.filter(pk=told["user"], anonymised_at=None).first()
        kind = str(told["kind"])
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        user, kind = None, ""
    if user is None or (kind != DIGEST and kind not in NotificationKind.values):
        raise NotFound(
            "This link is not complete, or it is no longer valid.",
            next="Copy it whole from the mail, or sign in and choose under Settings.",
        )
    if kind != DIGEST:
        return user, [NotificationKind(kind)], kind
    wanted = notifications.wishes(user)
    return user, [k for k, wish in wanted.items() if wish.mail == MailChoice.DIGEST], kind
