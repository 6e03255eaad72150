"""The leaderboard of a track: every measured submission in order, as cheap rows; one page in full.

Gains were measured against the base of their time, or a reference that was trained again, so they
do not compare with each other. The candidate's own loss on T does: it orders the rows.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from django.db.models import Count, FloatField, Max, Prefetch, Q, Sum
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast

from contributions.models import Comparison, Credit, ReleasePatch, RunKind, Submission, Track
from contributions.web.scores import LOSS
from registry.models import Repository, User

_T = "T"
NEWEST = "newest"
SORTS = ("", "metric", "credit", NEWEST)


@dataclass(frozen=True)
class Ranked:
    """One measured submission: its own loss with the interval of its gain around it.

    `first` and `last` are the ranks that it cannot be told from: whose intervals overlap its own.
    """

    pk: int
    candidate: int
    kind: str
    loss: float
    metric: float | None
    gain: float
    low: float
    high: float
    at: dt.datetime | None
    rank: int = 0
    first: int = 0
    last: int = 0

    @property
    def best(self) -> float:
        return self.loss - (self.high - self.gain)

    @property
    def worst(self) -> float:
        return self.loss + (self.gain - self.low)

    @property
    def is_tied(self) -> bool:
        return self.first < self.last


def ranking(track: Track, viewer: User | None) -> list[Ranked]:
    """Best first. Of repeated measurements the newest counts.

    Ranking thousands takes a second: this process keeps it until something was measured.
    """
    seen = (
        Repository.objects.visible_to(viewer)
        .filter(Q(pk=track.repository_id) | Q(trained_tracks__track=track))
        .values_list("pk", flat=True)
    )
    return list(_ranked(track.pk, track.metric, frozenset(seen), _version(track)))


def _version(track: Track) -> tuple[object, ...]:
    """Another one after every measurement, and when a submission came to or left the track."""
    runs = track.runs.filter(kind=RunKind.BENCHMARK, finished_at__isnull=False)
    measured = runs.aggregate(Max("finished_at"), Count("pk"))
    return (*measured.values(), track.submissions.count())


@lru_cache(maxsize=64)
def _ranked(
    track: int, metric_name: str, seen: frozenset[int], version: tuple[object, ...]
) -> tuple[Ranked, ...]:
    metric = Cast(KeyTextTransform(metric_name, "candidate__metrics"), FloatField())
    rows = (
        Comparison.objects.filter(run__track=track, split=_T, measure=LOSS, submission__track=track)
        .order_by("submission_id", "-run_id")
        .distinct("submission_id")
        .values_list(
            "submission__repository",
            "submission_id",
            "candidate_id",
            "submission__kind",
            "candidate__loss",
            metric,
            "difference",
            "low",
            "high",
            "run__finished_at",
        )
    )
    return tuple(_placed(sorted((Ranked(*r[1:]) for r in rows if r[0] in seen), key=_order)))


def _order(row: Ranked) -> tuple[float, int]:
    """Of equals, such as a copy, the first to arrive."""
    return row.loss, row.pk


def _placed(rows: Sequence[Ranked]) -> list[Ranked]:
    worst = sorted(row.worst for row in rows)
    best = sorted(row.best for row in rows)
    return [
        replace(
            row,
            rank=place,
            first=bisect_left(worst, row.best) + 1,
            last=bisect_right(best, row.worst),
        )
        for place, row in enumerate(rows, 1)
    ]


def ordered(rows: Sequence[Ranked], *, track: Track, sort: str, kind: str) -> list[Ranked]:
    chosen = [row for row in rows if not kind or row.kind == kind]
    if sort == "metric":
        return sorted(chosen, key=lambda r: (r.metric is None, -(r.metric or 0.0), r.pk))
    if sort == NEWEST:
        return sorted(chosen, key=lambda row: -row.pk)
    if sort == "credit":
        credit = credits_of(track)
        return sorted(chosen, key=lambda r: (r.pk not in credit, -credit.get(r.pk, 0.0), r.rank))
    return chosen


def credits_of(track: Track) -> dict[int, float]:
    """Submission → all that its releases of this track have credited it with."""
    lines = Credit.objects.filter(release__track=track).order_by().values_list("submission_id")
    return dict(lines.annotate(amount=Sum("amount")))


def loaded(track: Track, pks: Iterable[int]) -> dict[int, Submission]:
    """The rows of one page with their comparisons and releases: three queries."""
    reference = KeyTransform("reference", "run__plan")
    shown = (
        Comparison.objects.filter(run__track=track, split=_T, measure__in=[LOSS, track.metric])
        .select_related("candidate", "reference")
        .defer("candidate__report", "reference__report")
        .annotate(reference_revision=KeyTextTransform("revision", reference))
    )
    clusters = KeyTransform("clusters", KeyTransform("merge", "release__evidence"))
    pool = (
        ReleasePatch.objects.filter(release__track=track)
        .select_related("release__track")
        .defer("release__evidence")
        .annotate(clusters=clusters)
        .order_by("release_id")
    )
    rows = (
        Submission.objects.filter(pk__in=list(pks))
        .select_related("contributor", "repository__namespace")
        .annotate(credit=Sum("credits__amount"))
        .prefetch_related(
            Prefetch("comparisons", shown, to_attr="shown"),
            Prefetch("release_patches", pool, to_attr="pool"),
        )
    )
    return {row.pk: row for row in rows}


def originals(rows: Iterable[Ranked]) -> dict[int, int]:
    """Measured model → the first submission that brought exactly it."""
    first: dict[int, int] = {}
    for row in rows:
        first[row.candidate] = min(first.get(row.candidate, row.pk), row.pk)
    return first


def records(rows: Iterable[Ranked]) -> list[Ranked]:
    """Those that had the lowest loss so far when they were measured, oldest first."""
    best, found = float("inf"), []
    for row in sorted((r for r in rows if r.at is not None), key=lambda r: (r.at, r.pk)):
        if row.loss < best:
            best = row.loss
            found.append(row)
    return found
