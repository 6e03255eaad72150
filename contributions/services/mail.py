"""Mails of notifications: at once, or gathered once a day.

The rows are the outbox. Each is claimed by a conditional update before it is sent: `mail_after`
is then a lease, and the pause until the next try when the server could not be reached. A process
that dies between the server's word and ours sends the same Message-ID again, which readers of
mail show once.
"""

from __future__ import annotations

import datetime as dt
import logging
import smtplib
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.core import mail
from django.core.mail import BadHeaderError, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, Min, Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import ngettext

from contributions.models import MailChoice, Notification
from contributions.services.mail_links import DIGEST, off_link
from contributions.services.notifications import one_line, readable
from registry.services.accounts import confirmed_address

log = logging.getLogger(__name__)

MOST_MAILS, MOST_SECONDS = 30, 15.0
MOST_LINES = 100
# Mails at once to one person.
MOST_AN_HOUR = 20
DIGEST_EVERY = dt.timedelta(hours=24)
FIRST_PAUSE, LONGEST_PAUSE = dt.timedelta(seconds=60), dt.timedelta(hours=6)
# With the pauses doubling: more than two days.
MOST_ATTEMPTS = 16


class ServerAway(Exception):
    """The mail server does not answer: no use to try the next mail now."""


def deliver() -> int:
    """Send what is due, within bounds. Returns how many mails were sent; safe at any time."""
    now = timezone.now()
    waiting = Notification.objects.filter(mailed_at=None).exclude(mail=MailChoice.OFF)
    if not waiting.exists():
        return 0
    stop, sent = time.monotonic() + MOST_SECONDS, 0
    connection = mail.get_connection()
    try:
        for lines in (*_single(now), *_digests(now)):
            if sent >= MOST_MAILS or time.monotonic() > stop:
                break
            sent += _send(lines, connection)
    except ServerAway as away:
        log.warning("the mail server cannot be reached: %s", away)
    finally:
        _close(connection)
    return sent


def _single(now: dt.datetime) -> list[QuerySet[Notification]]:
    due = _due(now).filter(mail=MailChoice.NOW).order_by("id").values_list("pk", flat=True)
    return [Notification.objects.filter(pk=pk) for pk in due[:MOST_MAILS]]


def _digests(now: dt.datetime) -> list[QuerySet[Notification]]:
    """Of people whose oldest line has waited a day: so nobody gets two on one day."""
    waiting = _due(now).filter(mail=MailChoice.DIGEST)
    people = (
        waiting.order_by()
        .values("user")
        .annotate(oldest=Min("created_at"))
        .filter(oldest__lte=now - DIGEST_EVERY)
        .values_list("user", flat=True)
    )
    return [waiting.filter(user=user) for user in people[:MOST_MAILS]]


def _due(now: dt.datetime) -> QuerySet[Notification]:
    return Notification.objects.filter(
        Q(mail_after=None) | Q(mail_after__lte=now), mailed_at=None
    ).exclude(mail=MailChoice.OFF)


def pause(attempts: int) -> dt.timedelta:
    """Until the next try: doubled each time, with an end."""
    return min(FIRST_PAUSE * int(2 ** min(attempts, 12)), LONGEST_PAUSE)


def _send(lines: QuerySet[Notification], connection: BaseEmailBackend) -> int:
    """Claim, write, send, note. Returns 1 when a mail has gone."""
    claimed = _claim(lines)
    told = _still_wanted(claimed)
    if not told or _put_off(told):
        return 0
    numbers = [line.pk for line in told]
    try:
        connection.send_messages([message(told, connection)])
    except (smtplib.SMTPException, OSError, BadHeaderError, ValueError) as error:
        _failed(told, error)
        _close(connection)
        if _server_is_away(error):
            raise ServerAway(type(error).__name__) from error
        return 0
    Notification.objects.filter(pk__in=numbers).update(mailed_at=timezone.now())
    return 1


def _put_off(lines: Sequence[Notification]) -> bool:
    """Whether there were enough mails for an hour: what comes then stands in the digest."""
    since = timezone.now() - dt.timedelta(hours=1)
    sent = Notification.objects.filter(user=lines[0].user, mailed_at__gt=since)
    at_once = MailChoice.NOW
    if lines[0].mail != at_once or sent.filter(mail=at_once).count() < MOST_AN_HOUR:
        return False
    numbers = [line.pk for line in lines]
    later = Notification.objects.filter(pk__in=numbers)
    later.update(mail=MailChoice.DIGEST, mail_after=None, mail_attempts=0)
    return True


@transaction.atomic
def _claim(lines: QuerySet[Notification]) -> list[Notification]:
    """Of two processes one gets the lines; the lease ends with the pause."""
    now = timezone.now()
    free = _due(now).filter(pk__in=lines.values("pk")).select_for_update(skip_locked=True)
    numbers = list(free.order_by("id").values_list("pk", flat=True)[:MOST_LINES])
    first = Notification.objects.filter(pk__in=numbers).select_related("user").order_by("id")
    attempts = max((line.mail_attempts for line in first), default=0)
    Notification.objects.filter(pk__in=numbers).update(
        mail_attempts=F("mail_attempts") + 1, mail_after=now + pause(attempts)
    )
    return list(first.all())


def _still_wanted(lines: Sequence[Notification]) -> list[Notification]:
    """Without what was read meanwhile, and what the person may no longer see."""
    if not lines:
        return []
    user, numbers = lines[0].user, [line.pk for line in lines]
    seen = set(readable(user).filter(pk__in=numbers).values_list("pk", flat=True))
    gone = not (user.is_active and user.anonymised_at is None and confirmed_address(user))
    kept = [
        line
        for line in lines
        if not gone
        and line.pk in seen
        and not (line.mail == MailChoice.DIGEST and line.in_app and line.read_at)
    ]
    dropped = set(numbers) - {line.pk for line in kept}
    Notification.objects.filter(pk__in=dropped).update(mail=MailChoice.OFF)
    return kept


def _failed(lines: Sequence[Notification], error: Exception) -> None:
    """Tried again after the pause, unless the server has said that it never will."""
    attempts = max(line.mail_attempts for line in lines)
    if _is_final(error) or attempts >= MOST_ATTEMPTS:
        log.error("a mail to user %s is given up: %s", lines[0].user_id, type(error).__name__)
        Notification.objects.filter(pk__in=[line.pk for line in lines]).update(mail=MailChoice.OFF)
        return
    log.warning("a mail to user %s waits: %s", lines[0].user_id, type(error).__name__)


def _server_is_away(error: Exception) -> bool:
    """Not a word about this mail: the next one would fare no better."""
    away = (smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError, smtplib.SMTPHeloError)
    unknown = isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException)
    return unknown or isinstance(error, (*away, smtplib.SMTPAuthenticationError))


def _is_final(error: Exception) -> bool:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _words in error.recipients.values())
    return isinstance(error, BadHeaderError | ValueError)


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except (smtplib.SMTPException, OSError) as error:
        log.warning("the connection to the mail server ended badly: %s", type(error).__name__)


# --- what a mail says ------------------------------------------------------------------------


def message(lines: Sequence[Notification], connection: BaseEmailBackend) -> EmailMultiAlternatives:
    """One mail of one line, or the digest of several, in the person's language."""
    user, digest = lines[0].user, lines[0].mail == MailChoice.DIGEST
    with translation.override(user.language or "en"):
        kind = DIGEST if digest else lines[0].kind
        off = off_link(user, kind)
        context = {
            "lines": [(line, f"{settings.SITE_URL}{line.url}") for line in lines],
            "person": one_line(user.display_name),
            "digest": digest,
            "off": off,
            "site": settings.SITE_URL,
            "language": translation.get_language(),
        }
        written = EmailMultiAlternatives(
            subject=_subject(lines, digest=digest),
            body=render_to_string("contributions/mail/news.txt", context),
            to=[user.email],
            headers=_headers(lines, off),
            connection=connection,
        )
        written.attach_alternative(
            render_to_string("contributions/mail/news.html", context), "text/html"
        )
    return written


def _subject(lines: Sequence[Notification], *, digest: bool) -> str:
    if not digest:
        return one_line(lines[0].title)[:200]
    count = len(lines)
    said = ngettext(
        "%(n)d piece of news on Commonweight", "%(n)d pieces of news on Commonweight", count
    )
    return said % {"n": count}


def _headers(lines: Sequence[Notification], off: str) -> dict[str, str]:
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    return {
        "Message-ID": f"<news-{lines[0].pk}-{lines[0].user_id}@{host}>",
        "List-Unsubscribe": f"<{off}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
    }
