"""The site's documentation: Markdown of our own, in the reader's language where it exists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from registry.web.rendering import markdown

_FOLDER = Path(__file__).resolve().parents[1] / "docs"
_FALLBACK = "en"
# In the order in which a newcomer reads them.
PAGES = ("contribute", "browser", "ci", "credit", "recipes", "tracks", "review", "api")
_HEADING = re.compile(r"<h3>(.*?)</h3>")


@dataclass(frozen=True)
class Document:
    slug: str
    title: str
    summary: str
    body: str
    language: str


@cache
def document(slug: str, language: str) -> Document:
    """The page in `language`, or in English. Its first line is the title, its second a summary."""
    path = _FOLDER / language / f"{slug}.md"
    if not path.exists():
        language, path = _FALLBACK, _FOLDER / _FALLBACK / f"{slug}.md"
    title, summary, body = path.read_text(encoding="utf-8").split("\n", 2)
    return Document(slug, title.removeprefix("# "), summary, body, language)


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "contributions/docs.html", {"documents": _all()})


@require_GET
def docs_page(request: HttpRequest, slug: str) -> HttpResponse:
    if slug not in PAGES:
        raise Http404(_("There is no such page of the documentation."))
    found = document(slug, get_language() or _FALLBACK)
    endpoint = request.build_absolute_uri("/").rstrip("/")
    html, sections = _anchored(markdown(found.body.replace("SITE_URL", endpoint)))
    context = {"document": found, "html": html, "sections": sections, "documents": _all()}
    return render(request, "contributions/docs_page.html", context)


def _all() -> list[Document]:
    language = get_language() or _FALLBACK
    return [document(slug, language) for slug in PAGES]


def _anchored(html: str) -> tuple[SafeString, list[tuple[str, str]]]:
    """Every section gets an address, `#section-2`; the text is the sanitiser's own output."""
    sections: list[tuple[str, str]] = []

    def numbered(match: re.Match[str]) -> str:
        anchor = f"section-{len(sections) + 1}"
        sections.append((anchor, re.sub(r"<[^>]+>", "", match[1])))
        return f'<h2 id="{anchor}">{match[1]}</h2>'

    return SafeString(_HEADING.sub(numbered, html)), sections
