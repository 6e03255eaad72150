"""A browser that follows every link it sees, some of each kind, and hands over every answer."""

from __future__ import annotations

import html.parser
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from urllib.parse import urldefrag, urljoin, urlsplit

from django.http import HttpResponse
from django.urls import Resolver404, resolve

OF_EACH = 3
SITE = "http://testserver"
_ADDRESSES = {"href", "src", "action", "formaction", "hx-get", "poster", "data", "xlink:href"}


class Elements(html.parser.HTMLParser):
    """Every element of a page with its attributes, also of those that nobody closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, {name: value or "" for name, value in attributes}))

    def addresses(self) -> Iterator[tuple[str, str]]:
        for tag, attributes in self.found:
            for name in _ADDRESSES & set(attributes):
                yield tag, attributes[name].strip()


def site(
    client, starts: Iterable[str], *, of_each: int = OF_EACH
) -> Iterator[tuple[str, HttpResponse]]:
    """Every page that links lead to from `starts`, which are all visited themselves.

    Of filters, pages and orders that add up in links, no more than two at once.
    """
    waiting, seen, kinds = deque(starts), set(), Counter()
    first = set(waiting)
    while waiting:
        address = waiting.popleft()
        if address in seen:
            continue
        seen.add(address)
        kind = _kind(address)
        if kind is None:
            continue
        if address not in first and (kinds[kind] >= of_each or _questions(address) > 2):
            continue
        kinds[kind] += 1
        response = client.get(address)
        yield address, response
        if not response.streaming and response.get("Content-Type", "").startswith("text/html"):
            text = response.content.decode()
            waiting += [
                found
                for tag, to in Elements(text).addresses()
                if tag in {"a", "iframe", "div", "span", "form"} and (found := _local(address, to))
            ]


def _kind(address: str) -> str | None:
    """Pages of one view with the same kind of query are alike."""
    parts = urlsplit(address)
    try:
        match = resolve(parts.path)
    except Resolver404:
        return None
    names = sorted(part.partition("=")[0] for part in parts.query.split("&") if part)
    tab = parts.path.rpartition("/")[2] if "/admin/" in parts.path else ""
    return f"{match.route} {tab if tab.isalpha() else ''} {','.join(names)}"


def _questions(address: str) -> int:
    return len({part.partition("=")[0] for part in urlsplit(address).query.split("&")})


def _local(base: str, address: str) -> str | None:
    try:
        whole = urldefrag(urljoin(f"{SITE}{base}", address)).url
    except ValueError:
        return None
    ours = whole.startswith(f"{SITE}/")
    return whole.removeprefix(SITE) if ours and "/static/" not in whole else None
