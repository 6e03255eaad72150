"""Threads: opened, answered, renamed, closed. What a pull request adds is in pull_requests.py."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from contributions.models import (
    Discussion,
    DiscussionEvent,
    DiscussionEventKind,
    DiscussionStatus,
    Submission,
)
from contributions.services import findable, submissions, threads
from contributions.services.history import co_authors
from registry.models import Repository, User
from registry.services.errors import Conflict, Invalid

# Earlier wordings of one comment that are kept, and characters of all of them.
MOST_WORDINGS, LONGEST_HISTORY = 50, 500_000


@transaction.atomic
def open_discussion(
    repository: Repository, *, author: User, title: str, description: str = ""
) -> Discussion:
    return threads.start(repository, author=author, title=title, description=description)


@transaction.atomic
def comment(discussion: Discussion, *, author: User, text: str) -> DiscussionEvent:
    event = threads.add_event(
        discussion,
        DiscussionEventKind.COMMENT,
        author=author,
        text=threads.clean_text(text, needed=True),
    )
    threads.record("commented", discussion, actor=author, data={"event": event.pk})
    return event


@transaction.atomic
def edit_comment(event: DiscussionEvent, *, editor: User, text: str) -> DiscussionEvent:
    """Earlier wordings stay readable in the comment's history."""
    event = _comment(event)
    if event.hidden:
        raise Conflict("This comment is hidden.", next="Write a new one.")
    now = timezone.now()
    history = [*event.data.get("history", []), {"raw": event.text, "until": now.isoformat()}]
    _refuse_long_history(history)
    named = _co_authors_so_far(event)
    event.text, event.edited_at = threads.clean_text(text, needed=True), now
    event.data = {**event.data, "history": history, "co_authors": named}
    event.save(update_fields=["text", "edited_at", "data"])
    _found_by_new_words(event.discussion)
    threads.record("comment-edited", event.discussion, actor=editor, data={"event": event.pk})
    return event


def _refuse_long_history(history: list[dict[str, str]]) -> None:
    """Every reader of the thread loads it."""
    if len(history) > MOST_WORDINGS or sum(len(w["raw"]) for w in history) > LONGEST_HISTORY:
        raise Conflict(
            "This comment was changed too often, and its earlier wordings are kept.",
            where="comment",
            next="Write a new one.",
        )


@transaction.atomic
def hide_comment(event: DiscussionEvent, *, actor: User) -> DiscussionEvent:
    """The text is gone for readers, with its earlier wordings; the entry stays."""
    event = _comment(event)
    named = _co_authors_so_far(event)
    event.hidden, event.text = True, ""
    kept = {key: value for key, value in event.data.items() if key != "history"}
    event.data = {**kept, "co_authors": named}
    event.save(update_fields=["hidden", "text", "data"])
    _found_by_new_words(event.discussion)
    threads.record("comment-hidden", event.discussion, actor=actor, data={"event": event.pk})
    return event


def _co_authors_so_far(event: DiscussionEvent) -> list[int]:
    """Whom the comment has named: taking the words back makes nobody a fit reviewer."""
    return sorted({*event.data.get("co_authors", []), *co_authors(event.text)})


@transaction.atomic
def rename(discussion: Discussion, *, actor: User, title: str) -> DiscussionEvent:
    discussion = threads.lock(discussion)
    before, discussion.title = discussion.title, threads.clean_title(title)
    discussion.save(update_fields=["title"])
    Submission.objects.filter(discussion=discussion).update(title=discussion.title)
    _found_by_new_words(discussion)
    threads.record(
        "renamed", discussion, actor=actor, data={"from": before, "to": discussion.title}
    )
    return threads.add_event(
        discussion,
        DiscussionEventKind.TITLE,
        author=actor,
        data={"from": before, "to": discussion.title},
    )


@transaction.atomic
def set_status(
    discussion: Discussion, *, actor: User, status: DiscussionStatus, text: str = ""
) -> DiscussionEvent:
    """Open (a draft is published so) or close. Asking for the status it has changes nothing."""
    discussion = threads.lock(discussion)
    before = DiscussionStatus(discussion.status)
    if status is DiscussionStatus.OPEN and before is not status:
        submissions.refuse_reopening(discussion)
    if text.strip():
        comment(discussion, author=actor, text=text)
    if status is before and (last := _last_change(discussion)):
        return last
    if status is not before:
        threads.move(discussion, status)
    event = threads.add_event(
        discussion, DiscussionEventKind.STATUS, author=actor, data={"status": status.value}
    )
    threads.record("status-changed", discussion, actor=actor, data={"from": before, "to": status})
    submissions.discussion_changed(discussion, actor=actor)
    return event


def _found_by_new_words(discussion: Discussion) -> None:
    """Also: no longer by those that were taken back."""
    findable.put_discussion(discussion)
    offered = Submission.objects.select_related("contributor").filter(discussion=discussion)
    for submission in offered:
        submission.repository, submission.discussion = discussion.repository, discussion
        findable.put_submission(submission)


def _last_change(discussion: Discussion) -> DiscussionEvent | None:
    return discussion.events.filter(kind=DiscussionEventKind.STATUS).last()


def _comment(event: DiscussionEvent) -> DiscussionEvent:
    if event.kind != DiscussionEventKind.COMMENT:
        raise Invalid("Only a comment can be edited or hidden.")
    return (
        DiscussionEvent.objects.select_for_update(no_key=True, of=("self",))
        .select_related("discussion__repository__namespace", "author")
        .get(pk=event.pk)
    )
