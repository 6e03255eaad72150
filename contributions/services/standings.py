"""The base and the releases of a track as rows beside its submissions, as measured on T."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.db.models.fields.json import KeyTransform
from django.utils.translation import gettext as _

from contributions.models import Release, ReleaseStatus, Score, Track
from contributions.services.scores import LOSS, REPORTED_SPLIT, value_of

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
        model_digest=track.base_digest, benchmark=track.benchmark_id, split=REPORTED_SPLIT
    ).last()
    return (score.loss, value_of(score, track.metric)) if score else (None, None)
