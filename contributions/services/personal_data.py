"""All that the site keeps of a person: what the registry has, and what they contributed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import F, QuerySet

from contributions.models import (
    Credit,
    Discussion,
    DiscussionEvent,
    Notification,
    OfferDraft,
    Review,
    ReviewAnswer,
    Run,
    Submission,
)
from registry.models import User
from registry.services import archives, personal_data
from registry.services.personal_data import Row, Table

_ABOUT = """What this site keeps of {name}, as JSON.
Files of repositories are not part of it: download them with `hf download`."""


def export(user: User) -> Iterator[bytes]:
    """A ZIP archive in parts."""
    about = _ABOUT.format(name=user.username)
    return archives.archive(_tables(user), about=about)


def _tables(user: User) -> Iterator[Table]:
    yield from personal_data.tables(user)
    own = {"contributor": user}
    yield (
        "submissions",
        "what you offered",
        _rows(
            Submission.objects.filter(**own),
            "id title kind head_revision base_revision status status_reason created_at",
            track_name=F("track__name"),
        ),
    )
    yield (
        "runs",
        "what machines computed for you",
        _rows(Run.objects.filter(**own), "id kind status submission_id created_at finished_at"),
    )
    yield (
        "credit",
        "what your patches gained, in nats",
        _rows(
            Credit.objects.filter(**own),
            "submission_id weight amount low high formula created_at",
            track_name=F("release__track__name"),
            release_number=F("release__number"),
        ),
    )
    yield (
        "reviews",
        "what you decided on contributions of others",
        _rows(
            Review.objects.filter(reviewer=user),
            "submission_id key decision reason_code text revision created_at",
        ),
    )
    yield (
        "answers",
        "what you answered to reviewers",
        _rows(ReviewAnswer.objects.filter(author=user), "review_id text created_at"),
    )
    yield from _talk(user)


def _talk(user: User) -> Iterator[Table]:
    yield (
        "discussions",
        "discussions and pull requests that you opened",
        _rows(
            Discussion.objects.filter(author=user),
            "num title is_pull_request status created_at",
            namespace=F("repository__namespace__name"),
            repository_name=F("repository__name"),
        ),
    )
    yield (
        "comments",
        "what you wrote in them",
        _rows(
            DiscussionEvent.objects.filter(author=user),
            "kind text data created_at",
            discussion_number=F("discussion__num"),
            namespace=F("discussion__repository__namespace__name"),
            repository_name=F("discussion__repository__name"),
        ),
    )
    yield (
        "drafts",
        "offers that you have not sent",
        _rows(OfferDraft.objects.filter(author=user), "title description answers created_at"),
    )
    yield (
        "notifications",
        "what the site told you",
        _rows(Notification.objects.filter(user=user), "kind title text url created_at read_at"),
    )


def _rows(found: QuerySet[Any], fields: str, **expressions: F) -> Iterator[Row]:
    rows = found.order_by("pk").values(*fields.split(), **expressions)
    return rows.iterator(chunk_size=2000)
