"""One page of a leaderboard as its table shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contributions.models import (
    Comparison,
    ReleasePatch,
    Submission,
    Track,
)
from contributions.services.scores import LOSS
from contributions.services.standings import Standing
from contributions.services.track_ranking import NEWEST, Place, Ranked, Ranking
from contributions.web.charts import Interval, Scale
from contributions.web.scores import latest

RETRAINED = gettext_lazy("the retrained reference")
EARLIER = gettext_lazy("an earlier base")


@dataclass(frozen=True)
class Entry:
    row: Ranked
    place: Place
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
    ranking: Ranking,
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
            place=ranking.place(row),
            submission=s,
            loss=row.loss,
            metric=row.metric,
            loss_gain=interval(by, LOSS),
            metric_gain=interval(by, track.metric),
            compared_with=_reference(track, s, by[LOSS], bases) if LOSS in by else "",
            lead=None if now is None else now - row.loss,
            copy_of=_original(s, ranking.originals.get(row.candidate, s.pk)),
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
