"""What people are told: one line of their centre for each piece of news, and the mail it asks for.

Nobody is told of a repository that they may not see. The same news (`about`) is told once, however
often it is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone, translation

from contributions.models import (
    MailChoice,
    Notification,
    NotificationChoice,
    NotificationKind,
    Submission,
)
from contributions.services import access, review_queue
from registry.models import Repository, User
from registry.services import accounts
from registry.services.access import Caller
from registry.services.errors import Invalid

TITLE_LENGTH, TEXT_LENGTH = 300, 1000


@dataclass(frozen=True)
class Wish:
    """How a person wants to hear of one kind of news."""

    in_app: bool
    mail: MailChoice


# What needs a person's hand comes by mail at once; the rest waits for a visit or for the digest.
DEFAULTS: dict[NotificationKind, Wish] = {
    NotificationKind.FINISHED: Wish(True, MailChoice.OFF),
    NotificationKind.FAILED: Wish(True, MailChoice.NOW),
    NotificationKind.DECISION: Wish(True, MailChoice.NOW),
    NotificationKind.QUESTION: Wish(True, MailChoice.NOW),
    NotificationKind.DEADLINE: Wish(True, MailChoice.NOW),
    NotificationKind.ANSWER: Wish(True, MailChoice.NOW),
    NotificationKind.COMMENT: Wish(True, MailChoice.DIGEST),
    NotificationKind.RELEASE: Wish(True, MailChoice.DIGEST),
    NotificationKind.PUBLICATION: Wish(True, MailChoice.DIGEST),
    NotificationKind.INVITATION: Wish(True, MailChoice.NOW),
    NotificationKind.REVIEW_DUE: Wish(True, MailChoice.OFF),
}


def wishes(user: User) -> dict[NotificationKind, Wish]:
    """Of every kind, in the order of the kinds; one query."""
    chosen = {choice.kind: choice for choice in user.notification_choices.all()}
    return {
        kind: Wish(chosen[kind].in_app, MailChoice(chosen[kind].mail))
        if kind in chosen
        else DEFAULTS[kind]
        for kind in NotificationKind
    }


@transaction.atomic
def choose(user: User, *, wishes: Mapping[NotificationKind, Wish]) -> None:
    """Keep what differs from the default; what is already told stays as it was wished then."""
    for kind, wish in wishes.items():
        if wish == DEFAULTS[kind]:
            user.notification_choices.filter(kind=kind).delete()
        else:
            NotificationChoice.objects.update_or_create(
                user=user, kind=kind, defaults={"in_app": wish.in_app, "mail": wish.mail}
            )


def mails_off(user: User, *, kinds: Iterable[NotificationKind]) -> None:
    """No more mails of these kinds, not even of what waits already. They stay in the centre."""
    wanted, kinds = wishes(user), list(kinds)
    choose(user, wishes={kind: Wish(wanted[kind].in_app, MailChoice.OFF) for kind in kinds})
    waiting = Notification.objects.filter(user=user, kind__in=kinds, mailed_at=None)
    waiting.exclude(mail=MailChoice.OFF).update(mail=MailChoice.OFF)


@transaction.atomic
def tell(
    user: User,
    kind: NotificationKind,
    *,
    title: str,
    text: str = "",
    url: str,
    about: str,
    submission: Submission | None = None,
    repository: Repository | None = None,
) -> None:
    """One piece of news for one person, as they wish to hear of it. Saying it again does nothing.

    `url`: a page of this site, from "/". `about` names the news: "submission:17:failed:<head>".
    """
    if not url.startswith("/") or url.startswith("//"):
        raise Invalid("News leads to a page of this site.", where="url", next="Begin it with “/”.")
    repository = repository or (submission.repository if submission else None)
    if not _reachable(user) or not _may_see(user, repository, submission):
        return
    wish = wishes(user)[kind]
    mail = wish.mail if accounts.confirmed_address(user) else MailChoice.OFF
    if not wish.in_app and mail == MailChoice.OFF:
        return
    line = Notification(
        user=user,
        kind=kind,
        title=one_line(title)[:TITLE_LENGTH],
        text=_clean(text)[:TEXT_LENGTH],
        url=url[:500],
        submission=submission,
        repository=repository,
        about=about[:200],
        mail=mail,
        in_app=wish.in_app,
        read_at=None if wish.in_app else timezone.now(),
    )
    Notification.objects.bulk_create([line], ignore_conflicts=True)


def _reachable(user: User) -> bool:
    return user.is_active and user.anonymised_at is None


def _may_see(user: User, repository: Repository | None, submission: Submission | None) -> bool:
    if repository is None:
        return True
    visible = Repository.objects.visible_to(user).filter(pk=repository.pk)
    if visible.exists():
        return True
    return submission is not None and access.reviews(Caller(user=user), submission)


def one_line(text: str) -> str:
    """Without line ends and control characters: what may stand in the header of a mail."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _clean(text: str) -> str:
    return "".join(c for c in text if c.isprintable() or c == "\n").strip()


@dataclass(frozen=True)
class News:
    """`words` gives title and text in the language that is active when it is called."""

    kind: NotificationKind
    people: Iterable[User]
    words: Callable[[], tuple[str, str]]
    url: str
    about: str
    submission: Submission | None = None
    repository: Repository | None = None


def spread(news: News) -> None:
    """To each person in their language."""
    for person in news.people:
        with translation.override(person.language or "en"):
            title, text = news.words()
        tell(
            person,
            news.kind,
            title=title,
            text=text,
            url=news.url,
            about=news.about,
            submission=news.submission,
            repository=news.repository,
        )


# --- reading --------------------------------------------------------------------------------


def readable(user: User) -> QuerySet[Notification]:
    """What they were told, but for what is about a repository that was closed to them since."""
    seen = Q(repository=None) | Q(repository__in=Repository.objects.visible_to(user).values("pk"))
    if theirs := review_queue.seen_by(user):
        seen |= Q(Exists(Submission.objects.filter(theirs, pk=OuterRef("submission"))))
    return Notification.objects.filter(seen, user=user)


def mark_read(user: User, *, ids: Iterable[int] | None = None) -> int:
    """Those with the numbers `ids`, or all. Returns how many were unread."""
    unread = Notification.objects.filter(user=user, read_at=None)
    if ids is not None:
        unread = unread.filter(pk__in=list(ids))
    return unread.update(read_at=timezone.now())


def mark_unread(user: User, *, ids: Iterable[int]) -> int:
    """Back to what is still to be looked at."""
    read = Notification.objects.filter(user=user, in_app=True, pk__in=list(ids))
    return read.update(read_at=None)


def seen(user: User | None, submission: Submission) -> None:
    """Whoever opens the page of a submission knows what was told of it."""
    if user is not None:
        unread = Notification.objects.filter(user=user, read_at=None, submission=submission)
        unread.update(read_at=timezone.now())
