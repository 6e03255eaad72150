"""The leaderboard of a track: its releases, and every measured submission with its scores on T.

Gains were measured against the base of their time, or a reference that was trained again, so they
do not compare with each other. The candidate's own loss on T does: it orders the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, FloatField, OuterRef, Prefetch, QuerySet, Subquery, Sum
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast

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
NEWEST = "newest"
# Key of ?sort= → ordering.
SORTS: dict[str, Any] = {
    "": F("own_loss").asc(nulls_last=True),
    "metric": F("own_metric").desc(nulls_last=True),
    "credit": F("credit").desc(nulls_last=True),
    NEWEST: F("pk").desc(),
}
RETRAINED = "the retrained reference"
EARLIER = "an earlier base"


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
    compared_with: str
    # Present base's loss − own: two means, without an interval of the difference.
    lead: float | None
    copy_of: int | None
    patch: ReleasePatch | None
    credit: float | None


def entries(track: Track, viewer: User | None, *, sort: str) -> QuerySet[Submission]:
    """Measured submissions in the order asked for; the rest is loaded in two more queries."""

    measured = Comparison.objects.filter(run__track=track, split=_T)
    newest = measured.filter(submission=OuterRef("pk"), measure=LOSS).order_by("-run_id")
    seen = track.submissions.visible_to(viewer)
    same = measured.filter(candidate=OuterRef("candidate"), submission__in=seen.values("pk"))
    reference = KeyTransform("reference", "run__plan")
    shown = (
        measured.filter(measure__in=[LOSS, track.metric])
        .select_related("candidate", "reference")
        .annotate(reference_revision=KeyTextTransform("revision", reference))
    )
    pool = ReleasePatch.objects.filter(release__track=track).select_related("release__track")
    metrics = Score.objects.filter(pk=OuterRef("candidate"))
    own = metrics.annotate(own=Cast(KeyTextTransform(track.metric, "metrics"), FloatField()))
    return (
        seen.select_related("contributor", "repository__namespace")
        .annotate(
            candidate=Subquery(newest.values("candidate")[:1]),
            own_loss=Subquery(newest.values("candidate__loss")[:1]),
        )
        .filter(candidate__isnull=False)
        .annotate(
            own_metric=Subquery(own.values("own")[:1]),
            first=Subquery(same.order_by("submission").values("submission")[:1]),
            credit=Sum("credits__amount"),
        )
        .prefetch_related(
            Prefetch("comparisons", shown, to_attr="shown"),
            Prefetch("release_patches", pool.order_by("release_id"), to_attr="pool"),
        )
        .order_by(
            SORTS.get(sort, SORTS[""]), "pk"
        )  # of equals, such as a copy, the first to arrive
    )


def lines(
    track: Track, submissions: Iterable[Submission], standings: Sequence[Standing], *, sort: str
) -> list[Entry]:
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

    bases = {s.release.revision: f"release {s.release.number}" for s in standings}
    now = next((s.loss for s in standings if s.release.revision == track.base_revision), None)
    found = [
        Entry(
            submission=s,
            loss=by[LOSS].candidate.loss if LOSS in by else None,
            metric=value_of(by[track.metric].candidate, track.metric)
            if track.metric in by
            else None,
            loss_gain=interval(by, LOSS),
            metric_gain=interval(by, track.metric),
            compared_with=_reference(track, s, by[LOSS], bases) if LOSS in by else "",
            lead=now - by[LOSS].candidate.loss if now is not None and LOSS in by else None,
            copy_of=_original(s),
            patch=s.pool[-1] if s.pool else None,  # type: ignore[attr-defined]
            credit=s.credit,  # type: ignore[attr-defined]
        )
        for s, by in listed
    ]
    return found if sort == NEWEST else _below_originals(found)


def _reference(track: Track, s: Submission, loss: Comparison, bases: dict[str, str]) -> str:
    """What the gain was measured against."""
    revision = loss.reference_revision  # type: ignore[attr-defined]
    if known := bases.get(revision):
        return known
    if loss.reference.model_digest == track.base_digest and track.base_revision in bases:
        return bases[track.base_revision]
    return RETRAINED if s.patch_kind.needs_training else EARLIER


def _original(s: Submission) -> int | None:
    """The earlier submission of the same model; or of nearly the same, as a release has found."""
    pool = s.pool  # type: ignore[attr-defined]
    clusters = (
        ((pool[-1].release.evidence.get("merge") or {}).get("clusters") or []) if pool else []
    )
    near = next((cluster[0] for cluster in clusters if str(s.pk) in map(str, cluster)), s.pk)
    first = min(int(near), s.first)  # type: ignore[attr-defined]
    return first if first < s.pk else None


def _below_originals(found: list[Entry]) -> list[Entry]:
    """Copies right after what they copy, if that is on the page, whatever they scored."""
    listed = {entry.submission.pk for entry in found}
    copies: dict[int | None, list[Entry]] = {}
    for entry in found:
        if entry.copy_of in listed:
            copies.setdefault(entry.copy_of, []).append(entry)
    return [
        shown
        for entry in found
        if entry.copy_of not in listed
        for shown in (entry, *copies.get(entry.submission.pk, ()))
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
