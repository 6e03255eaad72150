"""The leaderboard of a track: its releases, and every measured submission with its gain on T."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, Prefetch, QuerySet, Subquery, Sum

from contributions.models import (
    Comparison,
    Release,
    ReleasePatch,
    ReleaseStatus,
    Score,
    Submission,
    Track,
)
from contributions.web.charts import Interval, Scale
from contributions.web.scores import LOSS, latest, value_of
from registry.models import User

_T = "T"
# Key of ?sort= → (heading, ordering). Unmeasured submissions come last in each.
SORTS: dict[str, tuple[str, Any]] = {
    "": ("Gain in loss", F("loss_gain").desc(nulls_last=True)),
    "metric": ("Gain in metric", F("metric_gain").desc(nulls_last=True)),
    "credit": ("Credit", F("credit").desc(nulls_last=True)),
    "newest": ("Newest", F("pk").desc()),
}


@dataclass(frozen=True)
class Standing:
    """The base or a release, as measured on T."""

    release: Release
    loss: float | None
    metric: float | None

    @property
    def name(self) -> str:
        return f"Release {self.release.number}" if self.release.number else "Base (release 0)"


@dataclass(frozen=True)
class Entry:
    submission: Submission
    loss: float | None
    metric: float | None
    loss_gain: Interval | None
    metric_gain: Interval | None
    patch: ReleasePatch | None
    credit: float | None


def entries(track: Track, viewer: User | None, *, sort: str) -> QuerySet[Submission]:
    """Measured submissions in the order asked for; the rest is loaded in two more queries."""

    def gain(measure: str) -> Subquery:
        newest = Comparison.objects.filter(
            submission=OuterRef("pk"), run__track=track, split=_T, measure=measure
        ).order_by("-run_id")
        return Subquery(newest.values("difference")[:1])

    shown = Comparison.objects.filter(
        run__track=track, split=_T, measure__in=[LOSS, track.metric]
    ).select_related("candidate")
    pool = ReleasePatch.objects.filter(release__track=track).select_related("release__track")
    _, ordering = SORTS.get(sort, SORTS[""])
    return (
        track.submissions.visible_to(viewer)
        .select_related("contributor", "repository__namespace")
        .annotate(loss_gain=gain(LOSS), metric_gain=gain(track.metric))
        .annotate(credit=Sum("credits__amount"))
        .filter(loss_gain__isnull=False)
        .prefetch_related(
            Prefetch("comparisons", shown, to_attr="shown"),
            Prefetch("release_patches", pool.order_by("release_id"), to_attr="pool"),
        )
        .order_by(ordering, "pk")  # of equals, such as a copy, the first to arrive
    )


def lines(track: Track, submissions: Iterable[Submission]) -> list[Entry]:
    listed = [(s, {c.measure: c for c in latest(s.shown)}) for s in submissions]  # type: ignore[attr-defined]
    scales = {
        measure: Scale.over(
            bound
            for _, by in listed
            if measure in by
            for bound in (by[measure].low, by[measure].high)
        )
        for measure in (LOSS, track.metric)
    }

    def interval(by: dict[str, Comparison], measure: str) -> Interval | None:
        found = by.get(measure)
        if found is None:
            return None
        return scales[measure].interval(found.difference, found.low, found.high)

    return [
        Entry(
            submission=s,
            loss=by[LOSS].candidate.loss if LOSS in by else None,
            metric=value_of(by[track.metric].candidate, track.metric)
            if track.metric in by
            else None,
            loss_gain=interval(by, LOSS),
            metric_gain=interval(by, track.metric),
            patch=s.pool[-1] if s.pool else None,  # type: ignore[attr-defined]
            credit=s.credit,  # type: ignore[attr-defined]
        )
        for s, by in listed
    ]


def standings(track: Track, releases: Iterable[Release]) -> list[Standing]:
    """Releases as rows, newest first; the base is the last.

    A release was measured as the result of its own merge, or as the base of the next one; the
    newest base also by every benchmark since.
    """
    rows, newer = [], None
    for release in releases:
        loss, metric = _reported(release, "merged", track.metric)
        if loss is None and newer is not None:
            loss, metric = _reported(newer, "base", track.metric)
        if loss is None and release.revision and release.revision == track.base_revision:
            loss, metric = _scored(track)
        rows.append(Standing(release, loss, metric))
        if release.status == ReleaseStatus.RELEASED:
            newer = release
    return rows


def _reported(release: Release, role: str, metric: str) -> tuple[float | None, float | None]:
    scores = (release.evidence.get("report_T") or {}).get(role) or {}
    return scores.get("loss"), (scores.get("metrics") or {}).get(metric)


def _scored(track: Track) -> tuple[float | None, float | None]:
    score = Score.objects.filter(
        model_digest=track.base_digest, benchmark=track.benchmark_id, split=_T
    ).last()
    return (score.loss, value_of(score, track.metric)) if score else (None, None)
