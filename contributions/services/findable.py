"""What of tracks, submissions, discussions and releases the search of the site goes by."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from contributions.models import (
    Discussion,
    DiscussionEvent,
    DiscussionEventKind,
    PatchKind,
    Release,
    Submission,
    Track,
)
from registry.models import Repository, User
from registry.services import search
from registry.services.search import Entry

COMMENT_CHARACTERS = 4000
_TEXT = DiscussionEvent.objects.filter(kind=DiscussionEventKind.COMMENT, hidden=False).order_by(
    "id"
)


def track(of: Track) -> Entry:
    return Entry(
        kind="track",
        key=str(of.pk),
        title=of.title,
        url=of.get_absolute_url(),
        words=f"{of.name} {of.task} {of.description} {of.repository.full_name}",
        summary=f"{of.name} · {of.task} · {of.repository.full_name}",
        repository=of.repository,
    )


def submission(of: Submission, *, comment: str = "") -> Entry:
    by, where = of.contributor.username, of.repository.full_name
    kind = "" if of.kind == PatchKind.UNKNOWN else of.patch_kind.english
    return Entry(
        kind="submission",
        key=str(of.pk),
        title=of.title,
        url=of.get_absolute_url(),
        words=f"{of.pk} {kind} {by} {where} {comment[:COMMENT_CHARACTERS]}",
        summary=f"{kind} · {by} · {where}" if kind else f"{by} · {where}",
        repository=of.repository,
    )


def discussion(of: Discussion, *, comment: str = "") -> Entry:
    """One that is no pull request: those are found as submissions."""
    return Entry(
        kind="discussion",
        key=str(of.pk),
        title=of.title,
        url=of.get_absolute_url(),
        words=f"{of.author.username} {comment[:COMMENT_CHARACTERS]}",
        summary=f"{of.repository.full_name} · {of.author.username}",
        repository=of.repository,
    )


def release(of: Release) -> Entry:
    return Entry(
        kind="release",
        key=str(of.pk),
        title=f"{of.track.title}, release {of.number}",
        url=of.get_absolute_url(),
        words=f"{of.track.name} {of.track.repository.full_name}",
        summary=of.track.repository.full_name,
        repository=of.track.repository,
    )


def put_submission(of: Submission) -> None:
    """Found by its title, its opening comment, its kind, who made it and where."""
    search.store([submission(of, comment=_opening(of.discussion) if of.discussion else "")])


def put_discussion(of: Discussion) -> None:
    if not of.is_pull_request:
        search.store([discussion(of, comment=_opening(of))])


def _opening(of: Discussion) -> str:
    return _TEXT.filter(discussion=of).values_list("text", flat=True).first() or ""


def everything() -> Iterator[Entry]:
    """All there is, for an index that is built anew."""
    return _of(Q(), Q(), Q())


def of_repository(of: Repository) -> Iterator[Entry]:
    """All that is found by its name: tracks, their releases, what was offered and said."""
    own = Q(repository=of)
    return _of(own, Q(track__repository=of), own)


def of_person(of: User) -> Iterator[Entry]:
    """What they offered and asked, and all that is found by the name of a repository of theirs."""
    theirs = Q(repository__namespace=of.namespace_id)
    tracks = Q(track__repository__namespace=of.namespace_id)
    return _of(theirs, tracks, theirs | Q(contributor=of), theirs | Q(author=of))


def _of(tracks: Q, releases: Q, offered: Q, asked: Q | None = None) -> Iterator[Entry]:
    yield from map(track, Track.objects.filter(tracks).select_related("repository__namespace"))
    made = Release.objects.filter(releases, number__gt=0).released()
    yield from map(release, made.select_related("track__repository__namespace"))
    submissions = Submission.objects.filter(offered).select_related(
        "contributor", "repository__namespace"
    )
    for row in _with_opening(submissions, "discussion"):
        yield submission(row, comment=row.opening or "")
    threads = Discussion.objects.filter(offered if asked is None else asked)
    threads = threads.filter(is_pull_request=False).select_related(
        "author", "repository__namespace"
    )
    for row in _with_opening(threads, "pk"):
        yield discussion(row, comment=row.opening or "")


def _with_opening(rows: QuerySet, thread: str) -> Iterator:  # type: ignore[type-arg]
    first = _TEXT.filter(discussion=OuterRef(thread)).values("text")[:1]
    yield from rows.annotate(opening=Subquery(first)).order_by(F("pk")).iterator(chunk_size=2000)
