"""Figures of the operation: runs by day, failures by class, storage. Read for operators."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from contributions.models import Run, RunKind, RunStatus
from registry.models import Blob

DAYS = 14
# Figures over weeks: nobody needs them fresher.
KEPT_SECONDS = 60
_KEY = "operation:figures"
# Above so many blobs their size is estimated from those of the lowest hashes, which are random.
_COUNTED, _SAMPLE = 200_000, 10_000


@dataclass(frozen=True)
class Figures:
    """`failures`: class → failures of each day. `durations`: kind → mean seconds of each day."""

    days: list[dt.date]
    failures: dict[str, list[int]]
    durations: dict[str, list[float]]
    finished: list[int]
    blobs: int
    stored_bytes: int


def figures() -> Figures:
    found = cache.get(_KEY)
    if not isinstance(found, Figures):
        found = _read()
        cache.set(_KEY, found, KEPT_SECONDS)
    return found


def _read() -> Figures:
    """Four queries, none of which reads more than the runs of two weeks."""
    today = timezone.now().date()
    days = [today - dt.timedelta(days=back) for back in reversed(range(DAYS))]
    start = dt.datetime.combine(days[0], dt.time(), dt.UTC)
    failures: dict[str, list[int]] = {}
    for name, day, count in _failures(start):
        _line(failures, name or "none", days)[_at(days, day)] = count
    durations: dict[str, list[float]] = {}
    finished = [0] * len(days)
    for kind, day, count, mean in _successes(start):
        _line(durations, kind, days)[_at(days, day)] = mean.total_seconds() if mean else 0.0
        finished[_at(days, day)] += count
    blobs, stored = _storage()
    return Figures(days, failures, durations, finished, blobs, stored)


def _line(lines: dict[str, list[Any]], name: str, days: list[dt.date]) -> list[Any]:
    return lines.setdefault(name, [0] * len(days))


def _at(days: list[dt.date], day: dt.date) -> int:
    """A run that ended while this is read may be of tomorrow."""
    return min(max((day - days[0]).days, 0), len(days) - 1)


def _failures(start: dt.datetime) -> Any:
    rows = Run.objects.filter(status=RunStatus.FAILED, finished_at__gte=start).order_by()
    return (
        rows.annotate(day=TruncDate("finished_at", tzinfo=dt.UTC))
        .values_list("failure_class", "day")
        .annotate(count=Count("pk"))
    )


def _successes(start: dt.datetime) -> Any:
    took = ExpressionWrapper(F("finished_at") - F("started_at"), DurationField())
    rows = Run.objects.filter(
        status=RunStatus.SUCCEEDED, kind__in=list(RunKind), finished_at__gte=start
    )
    return (
        rows.order_by()
        .annotate(day=TruncDate("finished_at", tzinfo=dt.UTC))
        .values_list("kind", "day")
        .annotate(count=Count("pk"), mean=Avg(took))
    )


def _storage() -> tuple[int, int]:
    """Counted exactly while that is quick; else the planner's own estimate."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [Blob._meta.db_table]
        )
        row = cursor.fetchone()
    known = int(row[0]) if row else 0
    if known < _COUNTED:
        told = Blob.objects.aggregate(count=Count("pk"), size=Sum("size"))
        return int(told["count"]), int(told["size"] or 0)
    sample = Blob.objects.order_by("pk").values("size")[:_SAMPLE]
    mean = sum(row["size"] for row in sample) / _SAMPLE
    return known, round(known * mean)
