"""Pictures of measurements, as numbers that a template draws as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


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
        return {"better": "better", "worse": "worse"}.get(self.verdict, "no clear difference")

    @property
    def words(self) -> str:
        said = {
            "better": "better, the whole interval is above zero",
            "worse": "worse, the whole interval is below zero",
            "unclear": "no clear difference, the interval holds zero",
        }[self.verdict]
        return f"{said}; it goes beyond the scale" if self.below or self.above else said


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
class Curve:
    """A loss curve in a 640 x 220 box."""

    line: str
    area: str
    last_x: float
    last_y: float
    losses: list[Tick]
    steps: list[Tick]
    first: tuple[float, float]
    last: tuple[float, float]

    LEFT, TOP, RIGHT, BOTTOM = 48.0, 14.0, 628.0, 188.0


def curve(points: Sequence[Mapping[str, Any]]) -> Curve | None:
    """None while there are fewer than two points to join."""
    known = [(float(p["step"]), loss) for p in points if (loss := _loss(p)) is not None]
    if len(known) < 2:
        return None
    steps, losses = [step for step, _ in known], [loss for _, loss in known]
    bottom, top = _padded(min(losses), max(losses))
    first_step, width = steps[0], max(steps[-1] - steps[0], 1.0)

    def place(step: float, loss: float) -> tuple[float, float]:
        x = Curve.LEFT + (Curve.RIGHT - Curve.LEFT) * (step - first_step) / width
        y = Curve.BOTTOM - (Curve.BOTTOM - Curve.TOP) * (loss - bottom) / (top - bottom)
        return round(x, 1), round(y, 1)

    places = [place(step, loss) for step, loss in known]
    line = " ".join(f"{x},{y}" for x, y in places)
    return Curve(
        line=line,
        area=f"{places[0][0]},{Curve.BOTTOM} {line} {places[-1][0]},{Curve.BOTTOM}",
        last_x=places[-1][0],
        last_y=places[-1][1],
        losses=[Tick(place(first_step, v)[1], f"{v:.3g}") for v in _ticks(bottom, top)],
        steps=[Tick(place(s, bottom)[0], f"{s:.0f}") for s in _step_ticks(steps)],
        first=known[0],
        last=known[-1],
    )


def _loss(point: Mapping[str, Any]) -> float | None:
    value = point.get("loss", (point.get("metrics") or {}).get("loss"))
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value)


def _padded(smallest: float, largest: float) -> tuple[float, float]:
    room = (largest - smallest) * 0.06 or 0.5
    return smallest - room, largest + room


def _ticks(bottom: float, top: float) -> list[float]:
    """Three to six round numbers between the bounds."""
    rough = (top - bottom) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * f for f in (1, 2, 2.5, 5, 10) if power * f >= rough)
    first = math.ceil(bottom / step)
    return [i * step for i in range(first, math.floor(top / step) + 1)]


def _step_ticks(steps: Sequence[float]) -> list[float]:
    return sorted({steps[0], steps[len(steps) // 2], steps[-1]})
