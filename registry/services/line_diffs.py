"""Lines of a text, compared in bounded time.

The shortest edit script of Myers (1986), given up when it takes too long: what is left of the two
texts then stands as one block taken out and one put in, which is still true.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

CONTEXT = 3
# Lines taken out or put in, beyond which the shortest script is not looked for.
MOST_EDITS = 1000


@dataclass
class Budget:
    """What one page may cost, all its files together. `lines`: on both sides (200 000: 0.4 s);
    `steps`: comparisons of two lines (2 million: 0.5 s)."""

    lines: int = 200_000
    steps: int = 2_000_000


@dataclass(frozen=True)
class Line:
    """`kind` is " ", "-" or "+"; numbers count from 1 on the side where the line stands."""

    kind: str
    old: int | None
    new: int | None
    text: str


@dataclass(frozen=True)
class Hunk:
    lines: list[Line]

    @property
    def title(self) -> str:
        return f"@@ {self._range('old', '-')} {self._range('new', '+')} @@"

    def _range(self, side: str, sign: str) -> str:
        numbers = [n for line in self.lines if (n := getattr(line, side)) is not None]
        return f"{sign}{numbers[0] if numbers else 0},{len(numbers)}"


@dataclass(frozen=True)
class LineDiff:
    hunks: list[Hunk] = field(default_factory=list)
    added: int = 0
    removed: int = 0


def compare(before: Sequence[str], after: Sequence[str], budget: Budget) -> LineDiff | None:
    """None: they have more lines than the budget has left."""
    if len(before) + len(after) > budget.lines:
        return None
    budget.lines -= len(before) + len(after)
    lines = list(_lines(before, after, budget))
    return LineDiff(
        _hunks(lines),
        added=sum(line.kind == "+" for line in lines),
        removed=sum(line.kind == "-" for line in lines),
    )


def split(text: str) -> list[str]:
    """Lines with their ends, where git ends them: at line feeds alone."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def unified(before: str, after: str, names: tuple[str, str], budget: Budget) -> str | None:
    """As `git diff` prints it, without its first lines. None: too long for the budget."""
    found = compare(split(before), split(after), budget)
    if found is None:
        return None
    parts = [f"--- {names[0]}\n+++ {names[1]}\n"] if found.hunks else []
    for hunk in found.hunks:
        parts.append(f"{hunk.title}\n")
        for line in hunk.lines:
            ended = line.text.endswith("\n")
            parts += (line.kind, line.text, "" if ended else "\n\\ No newline at end of file\n")
    return "".join(parts)


def _lines(before: Sequence[str], after: Sequence[str], budget: Budget) -> Iterator[Line]:
    x = y = 0
    kept = [*_kept(before, after, budget), (len(before), len(after))]
    for same_x, same_y in kept:
        for at in range(x, same_x):
            yield Line("-", at + 1, None, before[at])
        for at in range(y, same_y):
            yield Line("+", None, at + 1, after[at])
        if same_x < len(before) and same_y < len(after):
            yield Line(" ", same_x + 1, same_y + 1, before[same_x])
        x, y = same_x + 1, same_y + 1


def _kept(before: Sequence[str], after: Sequence[str], budget: Budget) -> list[tuple[int, int]]:
    """Pairs of places that hold the same line in both, in order."""
    shorter = min(len(before), len(after))
    start = next((i for i in range(shorter) if before[i] != after[i]), shorter)
    rest = shorter - start
    tail = next((i for i in range(rest) if before[-1 - i] != after[-1 - i]), rest)
    numbers: dict[str, int] = {}
    old, new = (
        [numbers.setdefault(line, len(numbers)) for line in side[start : len(side) - tail]]
        for side in (before, after)
    )
    middle = [(start + x, start + y) for x, y in _matches(old, new, budget)]
    ends = zip(
        range(len(before) - tail, len(before)), range(len(after) - tail, len(after)), strict=True
    )
    return [*((i, i) for i in range(start)), *middle, *ends]


def _matches(old: list[int], new: list[int], budget: Budget) -> list[tuple[int, int]]:
    """Forward search; `trace` keeps, for each number of edits, how far each diagonal reached."""
    n, m = len(old), len(new)
    most = min(n + m, MOST_EDITS)
    reached = [0] * (2 * most + 3)
    middle = most + 1
    trace: list[list[int]] = []
    for edits in range(most + 1) if n and m else []:
        trace.append(reached[middle - edits - 1 : middle + edits + 2])
        for k in range(-edits, edits + 1, 2):
            down = k == -edits or (k != edits and reached[middle + k - 1] < reached[middle + k + 1])
            x = reached[middle + k + 1] if down else reached[middle + k - 1] + 1
            y = first = x - k
            while x < n and y < m and old[x] == new[y]:
                x, y = x + 1, y + 1
            budget.steps -= 1 + y - first
            reached[middle + k] = x
            if x >= n and y >= m:
                return _walked_back(trace, n, m)
            if budget.steps < 0:
                return []
    return []


def _walked_back(trace: list[list[int]], x: int, y: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for edits in range(len(trace) - 1, -1, -1):
        reached, k = trace[edits], x - y
        middle = edits + 1
        down = k == -edits or (k != edits and reached[middle + k - 1] < reached[middle + k + 1])
        came_from = k + 1 if down else k - 1
        before_x = reached[middle + came_from] if edits else 0
        before_y = before_x - came_from if edits else 0
        while x > before_x and y > before_y:
            x, y = x - 1, y - 1
            found.append((x, y))
        x, y = before_x, before_y
    return found[::-1]


def _hunks(lines: list[Line]) -> list[Hunk]:
    """Changed lines with `CONTEXT` lines around them."""
    wanted: set[int] = set()
    for at, line in enumerate(lines):
        if line.kind != " ":
            wanted.update(range(max(at - CONTEXT, 0), min(at + CONTEXT + 1, len(lines))))
    runs = groupby(enumerate(sorted(wanted)), key=lambda pair: pair[1] - pair[0])
    return [Hunk([lines[at] for _, at in run]) for _, run in runs]
