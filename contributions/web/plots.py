"""Pictures of a track and a release: values along releases or time, bars that add up."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from contributions.web.charts import Frame, Tick


@dataclass(frozen=True)
class Dot:
    """`low` and `high`: ends of the interval, if it is known."""

    x: float
    y: float
    label: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Plot:
    """Dots from left to right in a 640 x 220 box, joined by a line."""

    dots: list[Dot]
    line: str
    values: list[Tick]


@dataclass(frozen=True)
class Value:
    """What a dot stands for. `at` orders; only differences of it count."""

    at: float
    value: float
    label: str
    low: float | None = None
    high: float | None = None


def plot(values: Sequence[Value], *, stepped: bool = False) -> Plot | None:
    """None while there are fewer than two. `stepped`: a value holds until the next one."""
    if len(values) < 2:
        return None
    listed = sorted(values, key=lambda value: value.at)
    bounds = [b for v in listed for b in (v.value, v.low, v.high) if b is not None]
    frame = Frame.around([v.at for v in listed], bounds)
    dots = [
        Dot(
            frame.x(v.at),
            frame.y(v.value),
            v.label,
            None if v.low is None else frame.y(v.low),
            None if v.high is None else frame.y(v.high),
        )
        for v in listed
    ]
    corners = [(v.at, v.value) for v in listed]
    if stepped:
        pairs = itertools.pairwise(corners)
        corners = [c for a, b in pairs for c in (a, (b[0], a[1]))] + corners[-1:]
    return Plot(dots, frame.line(corners), frame.ticks())


def seconds(moment: dt.datetime) -> float:
    return moment.timestamp()


@dataclass(frozen=True)
class Bar:
    """One bar of a chart of rows: name to the left, bar to the right, 28 high."""

    name: str
    said: str
    tone: str
    y: float
    x: float
    width: float
    low: float | None = None
    high: float | None = None
    href: str = ""

    @property
    def text_y(self) -> float:
        return self.y + 14

    @property
    def middle(self) -> float:
        return self.y + 9

    @property
    def end(self) -> float:
        return round(self.x + self.width, 1)


@dataclass(frozen=True)
class Bars:
    bars: list[Bar]
    zero: float
    height: float


@dataclass(frozen=True)
class Amount:
    """A named amount from `start` to `end`, with its interval around the end if it is known."""

    name: str
    start: float
    end: float
    said: str
    tone: str = ""
    low: float | None = None
    high: float | None = None
    href: str = ""


LEFT, WIDTH, ROW = 190.0, 370.0, 28.0


def bars(amounts: Sequence[Amount], *, around_zero: bool = True) -> Bars | None:
    """Amounts below each other on one scale; a waterfall leaves the zero out to be readable."""
    if not amounts:
        return None
    known = [b for a in amounts for b in (a.start, a.end, a.low, a.high) if b is not None]
    known += [0.0] if around_zero else []
    smallest, largest = min(known), max(known)
    room = 0.04 * (largest - smallest) or 0.01
    smallest = smallest if around_zero and smallest == 0 else smallest - room
    span = (largest + room - smallest) or 1.0

    def x(value: float) -> float:
        return round(LEFT + WIDTH * (value - smallest) / span, 1)

    drawn = []
    for index, amount in enumerate(amounts):
        start, end = sorted((amount.start, amount.end))
        drawn.append(
            Bar(
                amount.name,
                amount.said,
                amount.tone,
                4 + ROW * index,
                x(start),
                max(round(x(end) - x(start), 1), 1.0),
                None if amount.low is None else x(amount.low),
                None if amount.high is None else x(amount.high),
                amount.href,
            )
        )
    return Bars(drawn, x(0.0) if around_zero else LEFT, 8 + ROW * len(amounts))
