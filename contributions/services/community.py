"""Figures of the whole community, the same for everybody: of public repositories only.

They are kept for some seconds, so that any number of viewers costs a few queries a minute.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Sum
from django.utils import timezone

from contributions.models import Credit, Release, Submission, SubmissionStatus
from registry.models import Repository
from registry.services.remembered import remembered

LIVE_SECONDS = 4
TOTAL_SECONDS = 30
LATELY = dt.timedelta(days=30)
PEOPLE_SHOWN = 5


@dataclass(frozen=True)
class Totals:
    repositories: int
    submissions: int
    contributors: int
    releases: int


@dataclass(frozen=True)
class Now:
    """What goes on at this moment."""

    at_work: int
    in_review: int
    unanswered: int


@dataclass(frozen=True)
class Earner:
    """Somebody whose work was merged lately."""

    name: str
    nats: float
    merged: int


def totals() -> Totals:
    return remembered("community:totals", TOTAL_SECONDS, _totals)


def _totals() -> Totals:
    submissions = Submission.objects.visible_to(None)
    return Totals(
        repositories=Repository.objects.visible_to(None).count(),
        submissions=submissions.count(),
        contributors=submissions.order_by().values("contributor").distinct().count(),
        releases=Release.objects.visible_to(None).released().filter(number__gt=0).count(),
    )


def now() -> Now:
    return remembered("community:now", LIVE_SECONDS, _now)


def _now() -> Now:
    by_status = dict(
        Submission.objects.visible_to(None)
        .filter(status__in=[*_AT_WORK, SubmissionStatus.IN_REVIEW, *_UNANSWERED])
        .order_by()
        .values_list("status")
        .annotate(Count("pk"))
    )
    return Now(
        at_work=sum(by_status.get(status, 0) for status in _AT_WORK),
        in_review=by_status.get(SubmissionStatus.IN_REVIEW, 0),
        unanswered=sum(by_status.get(status, 0) for status in _UNANSWERED),
    )


_AT_WORK = [status.value for status in SubmissionStatus if status.is_moving]
_UNANSWERED = [SubmissionStatus.NEEDS_INFO.value, SubmissionStatus.CHANGES_REQUESTED.value]


def earners() -> list[Earner]:
    """Who earned most credit in the last month."""
    return remembered("community:earners", 2 * TOTAL_SECONDS, _earners)


def _earners() -> list[Earner]:
    public = Release.objects.visible_to(None).values("pk")
    rows = (
        Credit.objects.filter(created_at__gt=timezone.now() - LATELY, release__in=public)
        .filter(contributor__is_active=True)
        .order_by()
        .values_list("contributor__username")
        .annotate(nats=Sum("amount"), merged=Count("submission", distinct=True))
        .filter(nats__gt=0)
        .order_by("-nats", "contributor__username")[:PEOPLE_SHOWN]
    )
    return [Earner(*row) for row in rows]
