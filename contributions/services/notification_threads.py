"""News of discussions and organisations: whom it concerns, and in which words."""

from __future__ import annotations

from django.utils import formats
from django.utils.translation import gettext as _

from contributions.models import (
    Discussion,
    DiscussionEvent,
    DiscussionEventKind,
    Notification,
    NotificationKind,
    Submission,
)
from contributions.services.notifications import News
from registry.models import Event, Invitation, User

MOST_PARTICIPANTS = 200


def number_in(subject: str, kind: str) -> int:
    """The number of `kind:17`; 0 when it is something else."""
    before, _colon, number = subject.partition(":")
    return int(number) if before == kind and number.isdecimal() else 0


# --- discussions ----------------------------------------------------------------------------


def _about(event: Event) -> str:
    return f"comment:{event.data.get('event')}"


def comment(event: Event) -> News | None:
    said = (
        DiscussionEvent.objects.select_related(
            "author", "discussion__author", "discussion__repository__namespace"
        )
        .filter(pk=event.data.get("event"), hidden=False)
        .first()
    )
    if said is None:
        return None
    discussion, author = said.discussion, said.author
    submission = Submission.objects.filter(discussion=discussion).first()

    def words() -> tuple[str, str]:
        title = _("%(who)s commented on “%(title)s”")
        return title % {"who": author.username, "title": discussion.title}, ""

    return News(
        NotificationKind.COMMENT,
        _participants(discussion, submission, but=author),
        words,
        f"{discussion.get_absolute_url()}#event-{said.pk}",
        _about(event),
        submission,
        discussion.repository,
    )


def _participants(
    discussion: Discussion, submission: Submission | None, *, but: User
) -> list[User]:
    spoke = DiscussionEvent.objects.filter(
        discussion=discussion, kind=DiscussionEventKind.COMMENT, hidden=False
    ).values("author")
    concerned = {discussion.author_id} | ({submission.contributor_id} if submission else set())
    people = User.objects.filter(pk__in=spoke) | User.objects.filter(pk__in=concerned)
    return list(people.exclude(pk=but.pk).distinct()[:MOST_PARTICIPANTS])


def hidden(event: Event) -> None:
    """What was hidden before it was read or mailed is not told any more."""
    Notification.objects.filter(
        about=_about(event), repository=event.repository_id, read_at=None
    ).delete()


# --- organisations --------------------------------------------------------------------------


def invited(event: Event) -> News | None:
    number = int(event.data.get("invitation") or number_in(event.subject, "invitation"))
    found = (
        Invitation.objects.select_related("user", "organisation__namespace", "invited_by")
        .filter(pk=number, answered_at=None, user__isnull=False)
        .first()
    )
    if found is None or found.user is None:
        return None
    name = found.organisation.namespace.name

    def words() -> tuple[str, str]:
        title = _("%(who)s invites you to the organisation %(name)s")
        due = _("The invitation ends on %(day)s.")
        day = formats.date_format(found.expires_at, "DATE_FORMAT")
        return title % {"who": found.invited_by.username, "name": name}, due % {"day": day}

    return News(
        NotificationKind.INVITATION,
        [found.user],
        words,
        "/settings/organisations",
        f"invitation:{found.pk}",
    )
