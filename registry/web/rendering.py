"""Text that contributors wrote, as HTML that can do no harm."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from urllib.parse import urlsplit

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

from registry.services.remembered import remembered
from registry.web import references

_LONGEST = 200_000
# A text can be made to be slow (seconds for 100 kB of brackets): it is so once in ten minutes.
_LONG_TEXT, _KEPT_SECONDS = 5_000, 600
_HEADINGS = {f"h{level}": f"h{min(level + 1, 6)}" for level in range(1, 7)}
_TEXT = {"p", "br", "hr", "em", "strong", "del", "blockquote", "a", "img"}
_CODE_AND_LISTS = {"code", "pre", "ul", "ol", "li"}
_TABLES = {"table", "thead", "tbody", "tr", "th", "td"}
_TAGS = _TEXT | _CODE_AND_LISTS | _TABLES | set(_HEADINGS.values())
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "th": {"scope"},
    "ol": {"start"},
    "code": {"class"},
}


@cache
def _markdown() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.block.ruler.before(
        "paragraph", "comment", _comment_lines, {"alt": ["paragraph", "reference", "blockquote"]}
    )
    parser.inline.ruler.before("text", "comment", _comment_in_line)
    return parser


def _comment_lines(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """`<!-- … -->` on lines of its own: notes to authors, such as templates of cards hold."""
    start = state.bMarks[first] + state.tShift[first]
    if state.is_code_block(first) or not state.src.startswith("<!--", start):
        return False
    end = state.src.find("-->", start + 4, state.eMarks[last - 1])
    if end < 0:
        return False
    line = next(n for n in range(first, last) if end < state.eMarks[n])
    if state.src[end + 3 : state.eMarks[line]].strip():
        return False
    if not silent:
        state.line = line + 1
    return True


def _comment_in_line(state: StateInline, silent: bool) -> bool:
    if not state.src.startswith("<!--", state.pos):
        return False
    end = state.src.find("-->", state.pos + 4)
    if end >= 0:
        state.pos = end + 3
    return end >= 0


def markdown(
    text: str, *, images_from: str = "", addresses: Mapping[str, str] | None = None
) -> SafeString:
    """CommonMark to sanitised HTML. HTML is shown as text, but for comments, which are left out.

    Headings move one level down (the page has its own h1). Links carry rel=nofollow. Images load
    from this site only: relative ones from `images_from`, all others become their alt text.
    `addresses`: where `@name` and `#3` lead, for those that lead anywhere.
    """
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + "\n\n… *(cut: the rest is in the file)*"
    known = addresses or {}
    if len(text) <= _LONG_TEXT:
        return _rendered(text, images_from, known)
    facts = repr((text, images_from, sorted(known.items())))
    key = f"markdown:1:{hashlib.sha256(facts.encode(errors='replace')).hexdigest()}"
    kept = remembered(
        key, _KEPT_SECONDS, lambda: str(_rendered(text, images_from, addresses or {}))
    )
    return mark_safe(kept)  # noqa: S308 — what the sanitiser gave


def _rendered(text: str, images_from: str, addresses: Mapping[str, str]) -> SafeString:
    tokens = _markdown().parse(text)
    for token in tokens:
        if token.tag in _HEADINGS:
            token.tag = _HEADINGS[token.tag]
        elif token.type == "th_open":
            token.attrSet("scope", "col")
    references.link(tokens, addresses)
    html = _markdown().renderer.render(tokens, _markdown().options, {})

    def checked(tag: str, attribute: str, value: str) -> str | None:
        if tag == "img" and attribute == "src":
            return _own_image(value, images_from)
        return value

    return mark_safe(  # noqa: S308 — the sanitiser's own output
        nh3.clean(
            html,
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            attribute_filter=checked,
            url_schemes={"http", "https", "mailto"},
            link_rel="nofollow noopener noreferrer",
        )
    )


def markdown_within(text: str, room: int, *, images_from: str = "") -> tuple[SafeString, bool]:
    """As much of a text as `room` bytes of HTML hold, and whether that is not all of it."""
    shown = text[:room]
    while len((html := markdown(shown, images_from=images_from)).encode()) > room:
        shown = shown[: len(shown) // 2]
    return html, len(shown) < len(text)


def _own_image(address: str, images_from: str) -> str | None:
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or address.startswith(("/", "\\")) or not images_from:
        return None
    return f"{images_from}/{address.removeprefix('./')}"
