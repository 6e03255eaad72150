"""One page of a leaderboard as its table shows it; and the releases of the track as rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.db.models.fields.json import KeyTransform
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
from contributions.web.leaderboard import NEWEST, Ranked
from contributions.web.scores import LOSS, latest, value_of

RETRAINED = gettext_lazy("the retrained reference")
EARLIER = gettext_lazy("an earlier base")
RELEASES_SHOWN = 50


@dataclass(frozen=True)
class Standing:
    """The base or a release, as measured on T; with the interval of its gain around the loss."""

    release: Release
    loss: float | None
    metric: float | None
    best: float | None = None
    worst: float | None = None

    @property
    def name(self) -> str:
        if not self.release.number:
            return _("Base (release 0)")
        return _("Release %s") % self.release.number


@dataclass(frozen=True)
class Entry:
    row: Ranked
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


def entries(
    track: Track,
    rows: Sequence[Ranked],
    submissions: Mapping[int, Submission],
    standings: Sequence[Standing],
    originals: Mapping[int, int],
    *,
    sort: str,
) -> list[Entry]:
    shown = [(row, submissions[row.pk]) for row in rows if row.pk in submissions]
    listed = [(row, s, {c.measure: c for c in latest(s.shown)}) for row, s in shown]  # type: ignore[attr-defined]
    scales = {
        measure: Scale.over(
            bound
            for _row, _s, by in listed
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

    bases = {
        s.release.revision: _("release %s") % s.release.number
        for s in standings
        if s.release.revision
    }
    now = next((s.loss for s in standings if s.release.revision == track.base_revision), None)
    found = [
        Entry(
            row=row,
            submission=s,
            loss=row.loss,
            metric=row.metric,
            loss_gain=interval(by, LOSS),
            metric_gain=interval(by, track.metric),
            compared_with=_reference(track, s, by[LOSS], bases) if LOSS in by else "",
            lead=None if now is None else now - row.loss,
            copy_of=_original(s, originals.get(row.candidate, s.pk)),
            patch=s.pool[-1] if s.pool else None,  # type: ignore[attr-defined]
            credit=s.credit,  # type: ignore[attr-defined]
        )
        for row, s, by in listed
    ]
    return found if sort == NEWEST else _below_originals(found)


def _reference(track: Track, s: Submission, loss: Comparison, bases: Mapping[str, str]) -> str:
    """What the gain was measured against."""
    revision = loss.reference_revision  # type: ignore[attr-defined]
    if known := bases.get(revision):
        return known
    if loss.reference.model_digest == track.base_digest and track.base_revision in bases:
        return bases[track.base_revision]
    return str(RETRAINED if s.patch_kind.needs_training else EARLIER)


def _original(s: Submission, same: int) -> int | None:
    """The earlier submission of the same model; or of nearly the same, as a release has found."""
    pool = s.pool  # type: ignore[attr-defined]
    clusters = (pool[-1].clusters or []) if pool else []
    near = next((cluster[0] for cluster in clusters if str(s.pk) in map(str, cluster)), s.pk)
    first = min(int(near), same)
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


def releases_of(track: Track) -> QuerySet[Release]:
    """Newest first, with the report on T instead of the whole evidence."""
    return (
        track.releases.defer("evidence")
        .annotate(report=KeyTransform("report_T", "evidence"))
        .order_by("-number")[:RELEASES_SHOWN]
    )


def standings(track: Track, releases: Iterable[Release]) -> list[Standing]:
    """Releases as rows, newest first; the base is the last.

    A release was measured as the result of its own merge, or as the base of the next one; the
    newest base also by every benchmark since.
    """
    rows, newer = [], None
    for release in releases:
        release.track = track
        loss, metric = _reported(release, "merged", track.metric)
        if loss is None and newer is not None:
            loss, metric = _reported(newer, "base", track.metric)
        if loss is None and release.revision and release.revision == track.base_revision:
            loss, metric = _scored(track)
        rows.append(Standing(release, loss, metric, *_around(release)))
        if release.status == ReleaseStatus.RELEASED:
            newer = release
    return rows


def _report(release: Release) -> dict[str, Any]:
    return getattr(release, "report", None) or {}


def _reported(release: Release, role: str, metric: str) -> tuple[float | None, float | None]:
    scores = _report(release).get(role) or {}
    return scores.get("loss"), (scores.get("metrics") or {}).get(metric)


def _around(release: Release) -> tuple[float | None, float | None]:
    """The interval of the gain, set against the base that it was measured with."""
    report = _report(release)
    base = (report.get("base") or {}).get("loss")
    gain = (report.get("gain") or {}).get(LOSS)
    if base is None or not gain:
        return None, None
    return base - gain["high"], base - gain["low"]


def _scored(track: Track) -> tuple[float | None, float | None]:
    score = Score.objects.filter(
        model_digest=track.base_digest, benchmark=track.benchmark_id, split="T"
    ).last()
    return (score.loss, value_of(score, track.metric)) if score else (None, None)
