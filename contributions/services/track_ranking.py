"""The order of a track's measured submissions, as cheap rows.

Gains were measured against the base of their time, or a reference that was trained again, so they
do not compare with each other. The candidate's own loss on T does: it orders the rows.

A process keeps the rankings that it has built; a number that every measurement raises says whether
one still holds, and what was measured since is read and sorted in.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from threading import Lock
from typing import NamedTuple

from django.db.models import FloatField, Q, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from contributions.models import Comparison, Credit, Leaderboard, Track
from contributions.services.scores import LOSS, REPORTED_SPLIT
from registry.models import Repository, User

NEWEST = "newest"
SORTS = ("", "metric", "credit", NEWEST)
_KEPT = 64


class Ranked(NamedTuple):
    """One measured submission: its own loss with the interval of its gain around it."""

    pk: int
    candidate: int
    kind: str
    loss: float
    metric: float | None
    gain: float
    low: float
    high: float
    at: dt.datetime | None
    run: int

    @property
    def order(self) -> tuple[float, int]:
        """Of equals, such as a copy, the first to arrive."""
        return self.loss, self.pk

    @property
    def best(self) -> float:
        return self.loss - (self.high - self.gain)

    @property
    def worst(self) -> float:
        return self.loss + (self.gain - self.low)


class Place(NamedTuple):
    """`first` and `last`: of those whose intervals overlap its own, which it may as well be."""

    rank: int
    first: int
    last: int

    @property
    def is_tied(self) -> bool:
        return self.first < self.last


class Ranking:
    """Everything measured on a track that a viewer may see, best first."""

    def __init__(self, rows: Iterable[Ranked]) -> None:
        self.rows: Sequence[Ranked] = sorted(rows, key=lambda row: (row.loss, row.pk))
        self._worst = sorted([row.loss + (row.gain - row.low) for row in self.rows])
        self._best = sorted([row.loss - (row.high - row.gain) for row in self.rows])

    def place(self, row: Ranked) -> Place:
        return Place(
            rank=bisect_left(self.rows, row.order, key=lambda other: other.order) + 1,
            first=bisect_left(self._worst, row.best) + 1,
            last=bisect_right(self._best, row.worst),
        )

    @cached_property
    def kinds(self) -> frozenset[str]:
        return frozenset(row.kind for row in self.rows)

    @cached_property
    def originals(self) -> Mapping[int, int]:
        """Measured model → the first submission that brought exactly it."""
        first: dict[int, int] = {}
        for row in self.rows:
            first[row.candidate] = min(first.get(row.candidate, row.pk), row.pk)
        return first

    @cached_property
    def records(self) -> Sequence[Ranked]:
        """Those that had the lowest loss so far when they were measured, oldest first."""
        best, found = float("inf"), []
        dated = [(row.at, row.pk, row) for row in self.rows if row.at is not None]
        for _at, _pk, row in sorted(dated):
            if row.loss < best:
                best = row.loss
                found.append(row)
        return found


class _Kept(NamedTuple):
    measurements: int
    moves: int
    newest: int  # the last comparison that was read
    ranking: Ranking

    @property
    def version(self) -> tuple[int, int]:
        return self.measurements, self.moves


kept: OrderedDict[tuple[int, str, frozenset[int]], _Kept] = OrderedDict()
_reading = Lock()


def ranking(track: Track, viewer: User | None) -> Ranking:
    """Best first. Of repeated measurements the newest counts."""
    concerned = Q(pk=track.repository_id) | Q(trained_tracks__track=track)
    seen = Repository.objects.filter(concerned).keys_open_to(viewer)
    key = (track.pk, track.metric, seen)
    state = Leaderboard.objects.filter(track=track).values_list("measurements", "moves").first()
    measurements, moves = state or (0, 0)
    version = (measurements, moves)
    if (known := kept.get(key)) is None or known.version != version:
        # Of many who ask at once, one reads.
        with _reading:
            known = kept.get(key)
            if known is None or known.version != version:
                same = known if known is not None and known.moves == moves else None
                known = kept[key] = _read(track, seen, measurements, moves, same)
                kept.move_to_end(key)
                while len(kept) > _KEPT:
                    kept.popitem(last=False)
    return known.ranking


def _read(
    track: Track, seen: frozenset[int], measurements: int, moves: int, known: _Kept | None
) -> _Kept:
    """What was measured after `known`, sorted in; everything without it."""
    metric = Cast(KeyTextTransform(track.metric, "candidate__metrics"), FloatField())
    lines = Comparison.objects.filter(
        run__track=track, split=REPORTED_SPLIT, measure=LOSS, submission__track=track
    )
    if known is not None:
        lines = lines.filter(pk__gt=known.newest)
    found = lines.order_by("pk").values_list(
        "pk",
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
        "run_id",
    )
    newest = known.newest if known else 0
    rows = {row.pk: row for row in known.ranking.rows} if known else {}
    for number, repository, *facts in found:
        newest = number
        row = Ranked(*facts)
        if repository in seen and (row.pk not in rows or rows[row.pk].run < row.run):
            rows[row.pk] = row
    return _Kept(measurements, moves, newest, Ranking(rows.values()))


def ordered(found: Ranking, *, track: Track, sort: str, kind: str) -> Sequence[Ranked]:
    chosen = [row for row in found.rows if row.kind == kind] if kind else found.rows
    if sort == "metric":
        return sorted(chosen, key=lambda r: (r.metric is None, -(r.metric or 0.0), r.pk))
    if sort == NEWEST:
        return sorted(chosen, key=lambda row: -row.pk)
    if sort == "credit":
        credit = credits_of(track)
        # Of equal credit, and of none, the better one: sorting keeps the order of the ranks.
        return sorted(chosen, key=lambda r: (r.pk not in credit, -credit.get(r.pk, 0.0)))
    return chosen


def credits_of(track: Track, among: Sequence[Ranked] | None = None) -> dict[int, float]:
    """Submission → all that its releases of this track have credited it with."""
    lines = Credit.objects.filter(release__track=track).order_by().values_list("submission_id")
    if among is not None:
        lines = lines.filter(submission__in=[row.pk for row in among])
    return dict(lines.annotate(amount=Sum("amount")))
