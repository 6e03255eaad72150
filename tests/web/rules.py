"""What holds for every page: structure, labels, no foreign origin, nothing inline."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser

LARGEST_PAGE = 200_000
_EMPTY = {
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "wbr",
}
_OWN = re.compile(r"^(/(?!/)|#|\?|mailto:|data:image/)")


class _Page(HTMLParser):
    """The elements of a page with their attributes and text, and who is open around them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[dict] = []
        self.open: list[dict] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag, attributes):
        element = {
            "tag": tag,
            "text": "",
            "inside": [e["tag"] for e in self.open],
            **dict(attributes),
        }
        element["of"] = list(self.open)
        self.elements.append(element)
        if tag not in _EMPTY:
            self.open.append(element)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if self.open and self.open[-1]["tag"] == tag and tag not in _EMPTY:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open[-1]["tag"] != tag:
            self.wrong.append(f"</{tag}> closes {self.open[-1]['tag'] if self.open else 'nothing'}")
            while self.open and self.open[-1]["tag"] != tag:
                self.open.pop()
        if self.open:
            self.open.pop()

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def all(self, tag):
        return [element for element in self.elements if element["tag"] == tag]


def faults(html: str) -> list[str]:
    """Everything that is against the rules of our pages, in words."""
    page = _Page()
    page.feed(html)
    found = [*page.wrong, *(f"<{e['tag']}> is never closed" for e in page.open)]
    return found + _structure(page) + _fields(page) + _tables(page) + _origins(page, html)


def _structure(page: _Page) -> list[str]:
    found = []
    if len(page.all("h1")) != 1:
        found.append(f"{len(page.all('h1'))} h1 elements")
    if not page.all("html")[0].get("lang"):
        found.append("no language")
    if not page.all("title")[0]["text"].strip():
        found.append("no title")
    first_link = page.all("a")[0]
    if first_link.get("href") != "#content" or not any(
        e.get("id") == "content" for e in page.all("main")
    ):
        found.append("no skip link to the content")
    ids = [e["id"] for e in page.elements if e.get("id")]
    found += [f"id {name} twice" for name in set(ids) if ids.count(name) > 1]
    for element in page.elements:
        for name in (element.get("aria-labelledby") or "").split():
            if name not in ids:
                found.append(f"aria-labelledby names {name}, which is not there")
    levels = [int(e["tag"][1]) for e in page.elements if re.fullmatch(r"h[1-6]", e["tag"])]
    for before, after in itertools.pairwise(levels):
        if after > before + 1:
            found.append(f"h{after} follows h{before}")
    return found


def _fields(page: _Page) -> list[str]:
    found = []
    labelled = {e["for"] for e in page.all("label") if e.get("for")}
    for tag in ("input", "select", "textarea"):
        for field in page.all(tag):
            if field.get("type") == "hidden" or "label" in field["inside"]:
                continue
            if field.get("id") not in labelled and not field.get("aria-label"):
                found.append(f"the field {field.get('name')} has no label")
    for form in page.all("form"):
        inside = [e for e in page.elements if form in e["of"]]
        if form.get("method") == "post" and not any(
            e.get("name") == "csrfmiddlewaretoken" for e in inside
        ):
            found.append(f"the form {form.get('action')} has no CSRF token")
    found += [f"a button without words: {b}" for b in page.all("button") if not b["text"].strip()]
    found += [
        f"a link without words: {a.get('href')}" for a in page.all("a") if not a["text"].strip()
    ]
    found += [f"no alt text: {i.get('src')}" for i in page.all("img") if i.get("alt") is None]
    for svg in page.all("svg"):
        if not svg.get("aria-label") and svg.get("aria-hidden") != "true":
            found.append("a picture without a text")
    return found


def _tables(page: _Page) -> list[str]:
    found = []
    for table in page.all("table"):
        inside = [e for e in page.elements if table in e["of"]]
        if "prose" not in str([e.get("class") for e in table["of"]]) and not any(
            e["tag"] == "caption" and e["text"].strip() for e in inside
        ):
            found.append("a table without a caption")
        found += [
            f"a heading cell without scope: {e['text'].strip()}"
            for e in inside
            if e["tag"] == "th" and not e.get("scope")
        ]
    return found


def _origins(page: _Page, html: str) -> list[str]:
    found = []
    for element in page.elements:
        tag = element["tag"]
        loads = element.get("src") or (element.get("href") if tag in {"link", "use"} else None)
        if loads and not _OWN.match(loads):
            found.append(f"{tag} loads {loads} from elsewhere")
        if tag == "form" and element.get("action") and not element["action"].startswith("/"):
            found.append(f"a form sends to {element['action']}")
        if tag == "style" or (tag == "script" and not element.get("src")):
            found.append(f"inline {tag}")
        found += [
            f"inline attribute {name} on {tag}"
            for name in element
            if name == "style" or (name.startswith("on") and name != "on")
        ]
        if (element.get("href") or "").lower().startswith("javascript:"):
            found.append("a javascript: link")
    if len(html.encode()) > LARGEST_PAGE:
        found.append(f"{len(html.encode())} bytes")
    return found
