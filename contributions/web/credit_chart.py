"""Credit over time: one stepped line for each track, from the first release to now."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from contributions.web.charts import Tick
from registry.templatetags.figures import short_day

LEFT, TOP, RIGHT, BOTTOM = 58.0, 14.0, 628.0, 188.0
# More lines than this are not told apart: the others are drawn as one.
MOST_LINES = 5
_DAY = 86_400.0


@dataclass(frozen=True)
class Gain:
    """What one release credited, in nats."""

    track: str
    at: dt.datetime
    amount: float


@dataclass(frozen=True)
class Series:
    name: str
    # Which of the line styles of the stylesheet: they differ in dashes, not in colour alone.
    style: int
    total: float
    line: str
    end_x: float
    end_y: float


@dataclass(frozen=True)
class CreditChart:
    """In a 640 x 220 box."""

    series: list[Series]
    amounts: list[Tick]
    days: list[tuple[float, str, str]]
    zero_y: float
    total: float
    first: dt.datetime
    last: dt.datetime


def credit_chart(
    gains: Iterable[Gain], totals: dict[str, float], *, now: dt.datetime
) -> CreditChart | None:
    """`totals` per track: `gains` may be the newest only. None when there is nothing to draw."""
    known = sorted((g for g in gains if math.isfinite(g.amount)), key=lambda gain: gain.at)
    if not known:
        return None
    names = _names(totals)
    paths = {name: _path(name, names, known, totals) for name in dict.fromkeys(names.values())}
    first, last = known[0].at, max(now, known[-1].at)
    start = min(first, last - dt.timedelta(days=1)).timestamp()
    width = last.timestamp() - start
    heights = [height for path in paths.values() for _at, height in path]
    low, high = min(0.0, *heights), max(0.0, *heights)
    room = (high - low) * 0.06 or 0.5
    bottom, top = low - (room if low < 0 else 0.0), high + room

    def x(at: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * (at - start) / width, 1)

    def y(height: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * (height - bottom) / (top - bottom), 1)

    series = []
    for style, (name, path) in enumerate(paths.items()):
        end = path[-1][1]
        places = _steps([(x(at), y(height)) for at, height in path], x(last.timestamp()))
        series.append(Series(name, style, end, places, x(last.timestamp()), y(end)))
    return CreditChart(
        series=series,
        amounts=[Tick(y(value), f"{value:.3g}") for value in _round_between(bottom, top)],
        days=_days(start, last.timestamp()),
        zero_y=y(0.0),
        total=sum(line.total for line in series),
        first=first,
        last=last,
    )


def _names(totals: dict[str, float]) -> dict[str, str]:
    """Track → the line it is drawn in: the largest for themselves, the others together."""
    ordered = sorted(totals, key=lambda track: (-abs(totals[track]), track))
    shown = ordered if len(ordered) <= MOST_LINES else ordered[: MOST_LINES - 1]
    return {track: track if track in shown else _("other tracks") for track in ordered}


def _path(
    name: str, names: dict[str, str], gains: list[Gain], totals: dict[str, float]
) -> list[tuple[float, float]]:
    """(moment, height) after each of its gains, from what came before the first of all."""
    own = [gain for gain in gains if names.get(gain.track, gain.track) == name]
    total = sum(amount for track, amount in totals.items() if names[track] == name)
    height = total - sum(gain.amount for gain in own)
    if abs(height) < 1e-12:
        height = 0.0
    path = [(gains[0].at.timestamp(), height)]
    for gain in own:
        height += gain.amount
        path.append((gain.at.timestamp(), height))
    return path


def _steps(places: list[tuple[float, float]], end: float) -> str:
    """Along, then up: nothing is gained between two releases."""
    points = [places[0]]
    for at, height in places[1:]:
        points += [(at, points[-1][1]), (at, height)]
    points.append((end, points[-1][1]))
    return " ".join(f"{at},{height}" for at, height in points)


def _round_between(bottom: float, top: float) -> list[float]:
    rough = (top - bottom) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * f for f in (1, 2, 2.5, 5, 10) if power * f >= rough)
    first = math.ceil(bottom / step)
    return [number * step for number in range(first, math.floor(top / step) + 1)]


def _days(start: float, end: float) -> list[tuple[float, str, str]]:
    """(x, how the text is anchored, day): the beginning, the middle and now."""
    made = []
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        moment = dt.datetime.fromtimestamp(start + (end - start) * share, dt.UTC)
        at = round(LEFT + (RIGHT - LEFT) * share, 1)
        made.append((at, anchor, short_day(moment)))
    return made if end - start > 3 * _DAY else [made[0], made[2]]
