"""Logs as pages show them: a bounded end, what was added since, and the lines that hold a word.

Only the last 64,000 characters of a log are kept, so a place in it is told by an offset and by
the characters before it: when the beginning was dropped, the characters are looked for.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from django.utils.html import escape

SHOWN = 12_000
MATCHES = 200
LONGEST_LINE = 1000
LONGEST_WORD = 200
_MARK = 48


@dataclass(frozen=True)
class Tail:
    """The end of a log. `cursor` names its last place; `cut`: there is more before it."""

    text: str
    cursor: str
    cut: bool


@dataclass(frozen=True)
class Match:
    """One line with its number; `parts` alternate between other text and the word looked for."""

    number: int
    parts: list[tuple[str, bool]]


@dataclass(frozen=True)
class Found:
    word: str
    lines: list[Match]
    total: int


def tail(log: str, *, length: int | None = None) -> Tail:
    """Whole lines from the end; escaping may lengthen a text, so what is sent is what counts.

    `length`: of the whole log, where only its end was loaded.
    """
    whole = len(log) if length is None else length
    text = log[-SHOWN:]
    while len(escape(text)) > 1.5 * SHOWN:
        text = text[len(text) // 2 :]
    if len(text) < whole and "\n" in text:
        text = text.split("\n", 1)[1]
    return Tail(text, cursor(log, whole), len(text) < whole)


def cursor(log: str, length: int) -> str:
    mark = base64.urlsafe_b64encode(log[-_MARK:].encode()).decode()
    return f"{length}.{mark}"


def added(log: str, after: str) -> str | None:
    """What follows the place `after`. None: the log does not hold that place (any more)."""
    offset, _, mark = after.partition(".")
    try:
        before = base64.urlsafe_b64decode(mark.encode()).decode()
        place = int(offset)
    except (binascii.Error, ValueError):
        return None
    if place <= len(log) and log[:place].endswith(before):
        return log[place:]
    at = log.rfind(before) if before else -1
    return None if at < 0 else log[at + len(before) :]


def search(log: str, word: str) -> Found:
    """The last lines that hold `word`, whatever its case."""
    wanted = word.strip()[:LONGEST_WORD]
    hits = [
        (number, line)
        for number, line in enumerate(log.splitlines(), 1)
        if wanted.lower() in line.lower()
    ]
    shown = [Match(number, _parts(line[:LONGEST_LINE], wanted)) for number, line in hits[-MATCHES:]]
    return Found(wanted, shown, len(hits))


def _parts(line: str, word: str) -> list[tuple[str, bool]]:
    parts: list[tuple[str, bool]] = []
    lowered, wanted, at = line.lower(), word.lower(), 0
    # Some letters change their number with their case: then the line is shown without marks.
    while len(lowered) == len(line) and (hit := lowered.find(wanted, at)) >= 0:
        parts += [(line[at:hit], False), (line[hit : hit + len(wanted)], True)]
        at = hit + len(wanted)
    return [(text, marked) for text, marked in [*parts, (line[at:], False)] if text]
