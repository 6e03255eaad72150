"""The leaderboard of a track: every measured submission in order, as cheap rows; one page in full.

Gains were measured against the base of their time, or a reference that was trained again, so they
do not compare with each other. The candidate's own loss on T does: it orders the rows.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from django.db.models import Count, FloatField, Max, OuterRef, Prefetch, Q, Subquery, Sum
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast

from contributions.models import (
    Comparison,
    Credit,
    ReleasePatch,
    Run,
    RunKind,
    Submission,
    Track,
)
from contributions.web.scores import LOSS
from registry.models import Repository, User

_T = "T"
NEWEST = "newest"
SORTS = ("", "metric", "credit", NEWEST)


class Ranked(NamedTuple):
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


@dataclass(frozen=True)
class Ranking:
    """Everything measured on a track that a viewer may see, and what is told of it as a whole."""

    rows: tuple[Ranked, ...]
    kinds: frozenset[str]
    # Measured model → the first submission that brought exactly it.
    originals: Mapping[int, int]
    # Those that had the lowest loss so far when they were measured, oldest first.
    records: tuple[Ranked, ...]


def ranking(track: Track, viewer: User | None) -> Ranking:
    """Best first. Of repeated measurements the newest counts.

    Ranking thousands takes a second: this process keeps it until something was measured.
    """
    seen = (
        Repository.objects.visible_to(viewer)
        .filter(Q(pk=track.repository_id) | Q(trained_tracks__track=track))
        .values_list("pk", flat=True)
    )
    return _ranked(track.pk, track.metric, frozenset(seen), _version(track))


def _version(track: Track) -> tuple[object, ...]:
    """Another one after every measurement, and when a submission came to or left the track."""
    submissions = Submission.objects.filter(track=OuterRef("track")).order_by().values("track")
    offered = submissions.annotate(number=Count("*")).values("number")
    runs = Run.objects.filter(track=track, kind=RunKind.BENCHMARK, finished_at__isnull=False)
    # Counted without looking at the rows: the index holds all three columns.
    measured = runs.order_by().values("track").annotate(Max("finished_at"), number=Count("*"))
    found = measured.values_list("finished_at__max", "number", Subquery(offered))
    return next(iter(found), ())


@lru_cache(maxsize=64)
def _ranked(
    track: int, metric_name: str, seen: frozenset[int], version: tuple[object, ...]
) -> Ranking:
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
    placed = _placed(sorted((Ranked(*r[1:]) for r in rows if r[0] in seen), key=_order))
    return Ranking(
        rows=tuple(placed),
        kinds=frozenset(row.kind for row in placed),
        originals=_originals(placed),
        records=tuple(_records(placed)),
    )


def _order(row: Ranked) -> tuple[float, int]:
    """Of equals, such as a copy, the first to arrive."""
    return row.loss, row.pk


def _placed(rows: Sequence[Ranked]) -> list[Ranked]:
    worst = sorted(row.worst for row in rows)
    best = sorted(row.best for row in rows)
    return [
        row._replace(
            rank=place,
            first=bisect_left(worst, row.best) + 1,
            last=bisect_right(best, row.worst),
        )
        for place, row in enumerate(rows, 1)
    ]


def ordered(found: Ranking, *, track: Track, sort: str, kind: str) -> Sequence[Ranked]:
    chosen = [row for row in found.rows if row.kind == kind] if kind else found.rows
    if sort == "metric":
        return sorted(chosen, key=lambda r: (r.metric is None, -(r.metric or 0.0), r.pk))
    if sort == NEWEST:
        return sorted(chosen, key=lambda row: -row.pk)
    if sort == "credit":
        credit = credits_of(track)
        return sorted(chosen, key=lambda r: (r.pk not in credit, -credit.get(r.pk, 0.0), r.rank))
    return chosen


def credits_of(track: Track, among: Sequence[Ranked] | None = None) -> dict[int, float]:
    """Submission → all that its releases of this track have credited it with."""
    lines = Credit.objects.filter(release__track=track).order_by().values_list("submission_id")
    if among is not None:
        lines = lines.filter(submission__in=[row.pk for row in among])
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


def _originals(rows: Iterable[Ranked]) -> dict[int, int]:
    first: dict[int, int] = {}
    for row in rows:
        first[row.candidate] = min(first.get(row.candidate, row.pk), row.pk)
    return first


def _records(rows: Iterable[Ranked]) -> list[Ranked]:
    best, found = float("inf"), []
    for row in sorted((r for r in rows if r.at is not None), key=lambda r: (r.at, r.pk)):
        if row.loss < best:
            best = row.loss
            found.append(row)
    return found
