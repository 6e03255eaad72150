"""The rows of a thread: numbered, locked, moved by one table of statuses.

Pieces of services, used inside their transactions: discussions.py, pull_requests.py and
submissions.py say who may want what.
"""

from __future__ import annotations

from django.db.models import F

from contributions.models import (
    Discussion,
    DiscussionEvent,
    DiscussionEventKind,
    DiscussionStatus,
)
from contributions.services import findable
from registry.models import Repository, User
from registry.services import events
from registry.services.errors import Conflict, Invalid

TITLE_LENGTH = 255
TEXT_LENGTH = 65_536

# Target status → statuses it may be reached from. Only a release or a merge makes MERGED; a
# release is made of what it began with, even if that was closed meanwhile.
MOVES: dict[DiscussionStatus, frozenset[DiscussionStatus]] = {
    DiscussionStatus.OPEN: frozenset({DiscussionStatus.DRAFT, DiscussionStatus.CLOSED}),
    DiscussionStatus.CLOSED: frozenset({DiscussionStatus.DRAFT, DiscussionStatus.OPEN}),
    DiscussionStatus.MERGED: frozenset(
        {DiscussionStatus.DRAFT, DiscussionStatus.OPEN, DiscussionStatus.CLOSED}
    ),
    DiscussionStatus.DRAFT: frozenset(),
}


def start(
    repository: Repository,
    *,
    author: User,
    title: str,
    description: str = "",
    pull_request: bool = False,
    status: DiscussionStatus = DiscussionStatus.OPEN,
    base_branch: str = "",
    base_oid: str = "",
) -> Discussion:
    """A thread with the repository's next number. Call it inside a transaction."""
    discussion = Discussion.objects.create(
        repository=repository,
        num=_next_number(repository),
        title=clean_title(title),
        is_pull_request=pull_request,
        status=status,
        author=author,
        base_branch=base_branch,
        base_oid=base_oid,
    )
    add_event(discussion, DiscussionEventKind.COMMENT, author=author, text=clean_text(description))
    record("opened", discussion, actor=author)
    findable.put_discussion(discussion)
    return discussion


def move(discussion: Discussion, status: DiscussionStatus) -> None:
    """Change the status of a locked row, if the table allows it."""
    if DiscussionStatus(discussion.status) not in MOVES[status]:
        raise Conflict(
            f"{_name(discussion)} {discussion.num} is {discussion.status} and cannot become "
            f"{status.value}.",
            where=f"{discussion.repository}#{discussion.num}",
            next="Open a new one." if discussion.status == DiscussionStatus.MERGED else "",
        )
    discussion.status = status
    discussion.save(update_fields=["status"])


def lock(discussion: Discussion) -> Discussion:
    """The row itself, which no one else changes until the transaction ends."""
    return (
        Discussion.objects.select_for_update(no_key=True, of=("self",))
        .select_related("repository__namespace", "author")
        .get(pk=discussion.pk)
    )


def add_event(
    discussion: Discussion,
    kind: DiscussionEventKind,
    *,
    author: User,
    text: str = "",
    data: dict[str, object] | None = None,
) -> DiscussionEvent:
    return DiscussionEvent.objects.create(
        discussion=discussion, kind=kind, author=author, text=text, data=data or {}
    )


def record(
    verb: str, discussion: Discussion, *, actor: User, data: dict[str, object] | None = None
) -> None:
    kind = "pull-request" if discussion.is_pull_request else "discussion"
    events.record(
        f"{kind}.{verb}",
        actor=actor,
        repository=discussion.repository,
        subject=f"{kind}:{discussion.num}",
        data={"num": discussion.num, **(data or {})},
    )


def _next_number(repository: Repository) -> int:
    """One sequence per repository; the update locks its row until the transaction ends."""
    Repository.objects.filter(pk=repository.pk).update(last_discussion=F("last_discussion") + 1)
    repository.refresh_from_db(fields=["last_discussion"])
    return repository.last_discussion


def clean_title(title: str) -> str:
    title = " ".join(title.split())
    if not title:
        raise Invalid("A title is needed.", where="title", next="Say in a few words what it is.")
    if len(title) > TITLE_LENGTH:
        raise Invalid(
            f"The title has {len(title)} characters; {TITLE_LENGTH} are allowed.",
            where="title",
            next="Shorten it and put the rest into the description.",
        )
    return title


def clean_text(text: str, *, needed: bool = False) -> str:
    text = text.replace("\x00", "").strip()
    if needed and not text:
        raise Invalid("The comment is empty.", where="comment", next="Write something.")
    if len(text) > TEXT_LENGTH:
        raise Invalid(
            f"The text has {len(text)} characters; {TEXT_LENGTH} are allowed.",
            next="Shorten it, or put the long part into a file.",
        )
    return text


def _name(discussion: Discussion) -> str:
    return "Pull request" if discussion.is_pull_request else "Discussion"
