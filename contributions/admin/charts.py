"""Figures of days as pictures: stacked columns and lines, drawn as SVG, told as a table too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contributions.web.charts import Frame, Tick

# As many as admin.css has colours, dashes and signs for.
TONES = 6
_NAMED = 7  # more names than this would run into each other
_GAP = 0.2


@dataclass(frozen=True)
class Column:
    x: float
    y: float
    width: float
    height: float
    tone: int


@dataclass(frozen=True)
class Line:
    """`name`: for the legend; `tone`: its colour and its dashes."""

    name: str
    tone: int
    values: Sequence[float]
    points: str = ""


@dataclass(frozen=True)
class Chart:
    names: Sequence[str]
    lines: list[Line]
    values: list[Tick]
    places: list[Tick]
    columns: list[Column] = field(default_factory=list)


def columns(names: Sequence[str], lines: Mapping[str, Sequence[float]]) -> Chart | None:
    """Stacked; None when there is nothing to show."""
    totals = [sum(at) for at in zip(*lines.values(), strict=True)]
    if not any(totals):
        return None
    frame = Frame(0, len(names), 0, 1.06 * max(totals))
    reached = [0.0] * len(names)
    drawn = []
    for tone, values in enumerate(lines.values()):
        for at, value in enumerate(values):
            low, high = frame.y(reached[at]), frame.y(reached[at] + value)
            left, right = frame.x(at + _GAP / 2), frame.x(at + 1 - _GAP / 2)
            reached[at] += value
            if value:
                drawn.append(
                    Column(left, high, round(right - left, 1), round(low - high, 1), tone % TONES)
                )
    # Counts: a mark between two whole numbers would say nothing.
    ticks = [tick for tick in frame.ticks() if "." not in tick.label]
    told = [Line(name, at % TONES, values) for at, (name, values) in enumerate(lines.items())]
    return Chart(names, told, ticks, _places(frame, names, 0.5), drawn)


def lines(names: Sequence[str], lines: Mapping[str, Sequence[float]]) -> Chart | None:
    most = max((value for values in lines.values() for value in values), default=0)
    if not most:
        return None
    frame = Frame(0, max(len(names) - 1, 1), 0, 1.06 * most)
    told = [
        Line(name, at % TONES, values, frame.line([(float(x), y) for x, y in enumerate(values)]))
        for at, (name, values) in enumerate(lines.items())
    ]
    return Chart(names, told, frame.ticks(), _places(frame, names, 0))


def _places(frame: Frame, names: Sequence[str], middle: float) -> list[Tick]:
    step = -(-len(names) // _NAMED)
    return [Tick(frame.x(at + middle), names[at]) for at in range(0, len(names), step)]
