"""Text that contributors wrote, as HTML that can do no harm."""

from __future__ import annotations

from functools import cache
from urllib.parse import urlsplit

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_LONGEST = 200_000
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
    return parser


def markdown(text: str, *, images_from: str = "") -> SafeString:
    """CommonMark to sanitised HTML.

    Headings move one level down (the page has its own h1). Links carry rel=nofollow. Images load
    from this site only: relative ones from `images_from`, all others become their alt text.
    """
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + "\n\n… *(cut: the rest is in the file)*"
    tokens = _markdown().parse(text)
    for token in tokens:
        if token.tag in _HEADINGS:
            token.tag = _HEADINGS[token.tag]
        elif token.type == "th_open":
            token.attrSet("scope", "col")
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


def _own_image(address: str, images_from: str) -> str | None:
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or address.startswith(("/", "\\")) or not images_from:
        return None
    return f"{images_from}/{address.removeprefix('./')}"
