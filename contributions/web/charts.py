"""Pictures of measurements, as numbers that a template draws as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Interval:
    """A gain with its 95 % interval on a shared scale; positions in a 160 x 24 box."""

    value: float
    low: float
    high: float
    zero_x: float
    low_x: float
    value_x: float
    high_x: float
    # What goes on beyond an end of the scale is cut there and drawn as an arrow.
    below: bool = False
    above: bool = False
    # Whether the gain itself is on the scale.
    within: bool = True

    @property
    def verdict(self) -> str:
        return verdict(self.low, self.high)

    @property
    def short(self) -> str:
        words = {"better": _("better"), "worse": _("worse")}
        return words.get(self.verdict, _("no clear difference"))

    @property
    def words(self) -> str:
        said = {
            "better": _("better, the whole interval is above zero"),
            "worse": _("worse, the whole interval is below zero"),
            "unclear": _("no clear difference, the interval holds zero"),
        }[self.verdict]
        return _("%s; it goes beyond the scale") % said if self.below or self.above else said


def verdict(low: float, high: float) -> str:
    if low > 0:
        return "better"
    return "worse" if high < 0 else "unclear"


@dataclass(frozen=True)
class Scale:
    """From the smallest to the largest bound of all intervals that are to be compared.

    One far-off interval would squeeze all others to dots: one that reaches `FAR` times as far
    from zero as the one in the middle is left out, and cut where the scale ends.
    """

    smallest: float
    largest: float

    LEFT = 6.0
    WIDTH = 148.0
    FAR = 12.0
    ROOM = 0.25

    @classmethod
    def over(cls, bounds: Iterable[float]) -> Scale:
        """`bounds`: low and high of one interval after the other."""
        known = [bound for bound in bounds if math.isfinite(bound)]
        reach = sorted(max(abs(a), abs(b)) for a, b in zip(known[::2], known[1::2], strict=False))
        middle = reach[(len(reach) - 1) // 2] if reach else 0.0
        near = [bound for bound in known if not middle or abs(bound) <= cls.FAR * middle]
        smallest, largest = min([0.0, *near]), max([0.0, *near])
        room = cls.ROOM * (largest - smallest)
        return cls(
            smallest - room * any(bound < smallest for bound in known),
            largest + room * any(bound > largest for bound in known),
        )

    def x(self, value: float) -> float:
        span = self.largest - self.smallest
        if span <= 0 or not math.isfinite(value):
            return self.LEFT + self.WIDTH / 2
        share = min(max((value - self.smallest) / span, 0.0), 1.0)
        return round(self.LEFT + self.WIDTH * share, 1)

    def interval(self, value: float, low: float, high: float) -> Interval:
        return Interval(
            value,
            low,
            high,
            self.x(0.0),
            self.x(low),
            self.x(value),
            self.x(high),
            below=low < self.smallest,
            above=high > self.largest,
            within=self.smallest <= value <= self.largest,
        )


@dataclass(frozen=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True)
class Frame:
    """The axes of a picture of 640 x 220: values up, steps or time to the right."""

    left: float
    width: float
    bottom: float
    top: float

    LEFT, TOP, RIGHT, BOTTOM = 60.0, 14.0, 628.0, 188.0

    @classmethod
    def around(cls, xs: Sequence[float], ys: Sequence[float]) -> Frame:
        room = (max(ys) - min(ys)) * 0.06 or abs(max(ys)) * 0.05 or 0.5
        return cls(min(xs), max(max(xs) - min(xs), 1e-9), min(ys) - room, max(ys) + room)

    def x(self, value: float) -> float:
        return round(self.LEFT + (self.RIGHT - self.LEFT) * (value - self.left) / self.width, 1)

    def y(self, value: float) -> float:
        share = (value - self.bottom) / (self.top - self.bottom)
        return round(self.BOTTOM - (self.BOTTOM - self.TOP) * share, 1)

    def line(self, points: Iterable[tuple[float, float]]) -> str:
        return " ".join(f"{self.x(x)},{self.y(y)}" for x, y in points)

    def ticks(self) -> list[Tick]:
        return [Tick(self.y(v), _short(v)) for v in _ticks(self.bottom, self.top)]


@dataclass(frozen=True)
class Curve:
    """One measure over the steps of a training, beside that of its reference."""

    measure: str
    line: str
    area: str
    reference: str
    last_x: float
    last_y: float
    values: list[Tick]
    steps: list[Tick]
    first: tuple[float, float]
    last: tuple[float, float]
    # A dozen points as figures: step, own value, the reference's value nearest to it.
    rows: list[tuple[float, float, float | None]]


ROWS = 12


def curve(
    points: Sequence[Mapping[str, Any]],
    reference: Sequence[Mapping[str, Any]] = (),
    *,
    measure: str = "loss",
) -> Curve | None:
    """None while there are fewer than two points to join."""
    own, other = _known(points, measure), _known(reference, measure)
    if len(own) < 2:
        return None
    both = [*own, *other]
    frame = Frame.around([step for step, _ in both], [value for _, value in both])
    line = frame.line(own)
    steps = [step for step, _ in own]
    return Curve(
        measure=measure,
        line=line,
        area=f"{frame.x(steps[0])},{Frame.BOTTOM} {line} {frame.x(steps[-1])},{Frame.BOTTOM}",
        reference=frame.line(other),
        last_x=frame.x(steps[-1]),
        last_y=frame.y(own[-1][1]),
        values=frame.ticks(),
        steps=[Tick(frame.x(s), f"{s:.0f}") for s in _step_ticks(steps)],
        first=own[0],
        last=own[-1],
        rows=_rows(own, other),
    )


def _known(points: Sequence[Mapping[str, Any]], measure: str) -> list[tuple[float, float]]:
    """Points of the training; what was measured after it counts steps of its own."""
    found = []
    for point in points:
        value = point.get(measure, (point.get("metrics") or {}).get(measure))
        usable = isinstance(value, int | float) and math.isfinite(value)
        if usable and point.get("stage") in {None, "train"}:
            found.append((float(point["step"]), float(value)))
    return found


def _rows(
    own: Sequence[tuple[float, float]], other: Sequence[tuple[float, float]]
) -> list[tuple[float, float, float | None]]:
    last = len(own) - 1
    picked = sorted({round(index * last / (ROWS - 1)) for index in range(ROWS)})
    return [
        (
            own[at][0],
            own[at][1],
            min(other, key=lambda point: abs(point[0] - own[at][0]))[1] if other else None,
        )
        for at in picked
    ]


def _short(value: float) -> str:
    """Fits beside the axis: 0.25, 12, 5.2e-4."""
    text = f"{value:.3g}"
    return text if len(text) <= 6 else f"{value:.1e}".replace("e-0", "e-").replace("e+0", "e")


def _ticks(bottom: float, top: float) -> list[float]:
    """Three to six round numbers between the bounds."""
    rough = (top - bottom) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * f for f in (1, 2, 2.5, 5, 10) if power * f >= rough)
    first = math.ceil(bottom / step)
    return [i * step for i in range(first, math.floor(top / step) + 1)]


def _step_ticks(steps: Sequence[float]) -> list[float]:
    return sorted({steps[0], steps[len(steps) // 2], steps[-1]})
