"""The mail that brings the link of an invitation."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from registry.models import Invitation

log = logging.getLogger(__name__)


def link(secret: str) -> str:
    return f"{settings.SITE_URL}/invitations/{secret}"


def send(invitation: Invitation, secret: str) -> bool:
    """Whether it was sent: a person may have no address, a mail server may be down."""
    to = invitation.user.email if invitation.user else invitation.email
    if not to:
        return False
    language = (invitation.user and invitation.user.language) or settings.LANGUAGE_CODE
    with translation.override(language):
        subject = _("%(who)s invites you to %(organisation)s") % {
            "who": invitation.invited_by.username,
            "organisation": invitation.organisation.namespace.name,
        }
        text = render_to_string(
            "registry/invitation_mail.txt", {"invitation": invitation, "link": link(secret)}
        )
    try:
        send_mail(f"[Commonweight] {subject}", text, None, [to])
    except OSError as error:
        log.error("an invitation could not be sent", extra={"why": str(error)})
        return False
    return True
