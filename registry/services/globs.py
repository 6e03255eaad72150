"""Patterns of .gitattributes and .gitignore, matched in a time that no pattern can inflate.

Folders are compared one by one, each by an expression that never goes back over a star.
"""

from __future__ import annotations

import re
from collections.abc import Callable

LONGEST_PATTERN = 1000
_PIECE = re.compile(r"\*+|\?|\[[!^]?\]?[^\]]*\]|\\?.", re.DOTALL)

Match = Callable[[str], bool]


def matcher(pattern: str) -> Match:
    """Path → does it match? A pattern without a slash is for a name in any folder."""
    if len(pattern) > LONGEST_PATTERN:
        return lambda _: False
    parts = [
        None if part == "**" else _segment(part) for part in pattern.removeprefix("/").split("/")
    ]
    if "/" not in pattern:
        only = parts[0]
        return lambda path: only is None or bool(only.fullmatch(path.rpartition("/")[2]))
    return lambda path: _matches(parts, path.split("/"))


def _matches(parts: list[re.Pattern[str] | None], names: list[str]) -> bool:
    """`None` stands for any number of folders; at the end, for all that is inside."""
    reached = {0}
    for name in names:
        after = set()
        for at in _past_folders(parts, reached):
            if at == len(parts):
                continue
            part = parts[at]
            if part is None:
                after |= {at, at + 1} if at == len(parts) - 1 else {at}
            elif part.fullmatch(name):
                after.add(at + 1)
        reached = after
    return len(parts) in reached


def _past_folders(parts: list[re.Pattern[str] | None], reached: set[int]) -> set[int]:
    """A `**/` may stand for no folder at all."""
    found = set(reached)
    for at in sorted(reached):
        while at < len(parts) - 1 and parts[at] is None:
            at += 1
            found.add(at)
    return found


def _segment(glob: str) -> re.Pattern[str]:
    pieces = [_piece(piece) for piece in _PIECE.findall(glob)]
    # Between two stars the first place that fits is as good as any other: (?>…) keeps it.
    head, *rest = "".join(pieces).split("\0")
    middle = "".join(f"(?>.*?{piece})" for piece in rest[:-1] if piece)
    return re.compile(head + middle + (f".*{rest[-1]}" if rest else ""), re.DOTALL)


def _piece(piece: str) -> str:
    """One element as a regular expression; a star as NUL, which no pattern holds."""
    if piece.startswith("*"):
        return "\0"
    if piece == "?":
        return "."
    if len(piece) > 2 and piece.startswith("["):
        negated = piece[1] in "!^"
        allowed = re.escape(piece[2 if negated else 1 : -1]).replace(r"\-", "-")
        return _checked(f"[{'^' if negated else ''}{allowed}]")
    return re.escape(piece.removeprefix("\\") or "\\").replace("\0", "")


def _checked(expression: str) -> str:
    """A range like [z-a] is no range: it matches nothing."""
    try:
        re.compile(expression)
    except re.error:
        return "(?!)"
    return expression
