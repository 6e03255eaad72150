"""`@name` and `#3` in a text become links, if they name something that the reader may see."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from markdown_it.token import Token

_REFERENCE = re.compile(r"(?<![\w@#/.-])(?:@[A-Za-z0-9][A-Za-z0-9._-]{0,95}|#[0-9]{1,9}(?!\w))")
MOST = 200


def found_in(text: str) -> set[str]:
    """What a text refers to, in lower case: "@ada", "#3". Whether it exists is another question."""
    found = {_plain(match[0]) for match in _REFERENCE.finditer(text)}
    return set(sorted(found)[:MOST])


def _plain(word: str) -> str:
    return word.rstrip(".-_").lower()


def link(tokens: Sequence[Token], addresses: Mapping[str, str]) -> None:
    """Put links into parsed Markdown; code and existing links stay as they are."""
    for token in tokens:
        if token.type == "inline" and token.children:
            inside, children = 0, []
            for child in token.children:
                inside += child.nesting if child.type.startswith("link_") else 0
                plain = child.type == "text" and not inside
                children += _split(child, addresses) if plain else [child]
            token.children = children


def _split(token: Token, addresses: Mapping[str, str]) -> list[Token]:
    made: list[Token] = []
    at = 0
    for match in _REFERENCE.finditer(token.content):
        address = addresses.get(_plain(match[0]))
        if address is None:
            continue
        word = match[0].rstrip(".-_")
        made += [
            _text(token.content[at : match.start()]),
            Token("link_open", "a", 1, attrs={"href": address}),
            _text(word),
            Token("link_close", "a", -1),
        ]
        at = match.start() + len(word)
    return [*made, _text(token.content[at:])] if made else [token]


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
