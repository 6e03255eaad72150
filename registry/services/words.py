"""Text as the words that a search looks for, and a query as what PostgreSQL is asked.

Words are lower case and without accents; Chinese, Japanese and Korean text, which has no spaces
between words, becomes pairs of characters. Text and query are taken apart by the same rules here,
not by PostgreSQL's parser, which takes `ada/digits` for a file name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

LONGEST_WORD = 64
MOST_WORDS = 3000
LONGEST_QUERY = 200
MOST_TERMS = 12
# A word of which only the beginning is typed has to be this long to be completed.
SHORTEST_PREFIX = 2

_RUN = re.compile(r"[^\W_]+")
_CJK = r"\u2e80-\u2fdf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_CJK += "\U00020000-\U0003ffff"
_PARTS = re.compile(f"[{_CJK}]+|[^{_CJK}]+")
_IS_CJK = re.compile(f"[{_CJK}]")
_CHUNK = re.compile(r'"([^"]*)"?|(\S+)')


def words(text: str) -> Iterator[str]:
    """In order; a run of Chinese gives its pairs, and its last character alone."""
    for part in _parts(text):
        if _IS_CJK.match(part):
            yield from (part[at : at + 2] for at in range(len(part)))
        else:
            yield part[:LONGEST_WORD]


def _parts(text: str) -> Iterator[str]:
    for run in _RUN.finditer(plain(text)):
        yield from _PARTS.findall(run[0])


def plain(text: str) -> str:
    """Lower case, without accents, one form of each character."""
    taken_apart = unicodedata.normalize("NFKD", text.replace("\x00", " "))
    kept = (letter for letter in taken_apart if unicodedata.category(letter) != "Mn")
    return unicodedata.normalize("NFC", "".join(kept)).lower()


def vector(title: str, body: str) -> str:
    """A tsvector: what the title says weighs more than what the text says."""
    found: dict[str, list[str]] = {}
    place = 0
    for text, weight in ((title, "A"), (body, "B")):
        for word in words(text):
            place += 1
            if place > MOST_WORDS:
                break
            places = found.setdefault(word, [])
            if len(places) < 100:
                places.append(f"{place}{weight}")
        place += 1  # no phrase goes from the title on into the text
    return " ".join(f"'{word}':{','.join(places)}" for word, places in found.items())


def query(text: str) -> str:
    """A tsquery of what somebody typed; empty when there is no word in it.

    All words have to be there; those in quotes, and the parts of `warm-up`, side by side. The last
    word may be the beginning of one.
    """
    chunks = list(_CHUNK.finditer(text[:LONGEST_QUERY]))[:MOST_TERMS]
    terms = [
        _phrase(chunk[1] if chunk[2] is None else chunk[2], open_end=chunk[2] is not None and last)
        for last, chunk in zip(_lasts(len(chunks)), chunks, strict=True)
    ]
    return " & ".join(term for term in terms if term)


def _lasts(count: int) -> list[bool]:
    return [number == count - 1 for number in range(count)]


def _phrase(text: str, *, open_end: bool) -> str:
    found: list[str] = []
    for part in _parts(text):
        if not _IS_CJK.match(part):
            found.append(f"'{part[:LONGEST_WORD]}'")
        elif len(part) == 1:
            found.append(f"'{part}':*")
        else:
            found += [f"'{part[at : at + 2]}'" for at in range(len(part) - 1)]
    if open_end and found and len(found[-1]) - 2 >= SHORTEST_PREFIX and found[-1].endswith("'"):
        found[-1] += ":*"
    return f"({' <-> '.join(found)})" if len(found) > 1 else "".join(found)
