"""Search over everything: models, people, tracks, submissions, discussions, releases, pages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from registry.services import search, words
from registry.services.search import Found, Hit
from registry.web.links import listing, with_value
from registry.web.pages import person

RESULTS = 20
KINDS: dict[str, str | Promise] = {
    "model": _("Models"),
    "dataset": _("Datasets"),
    "track": _("Tracks"),
    "person": _("People"),
    "organisation": _("Organisations"),
    "docs": _("Documentation"),
    "release": _("Releases"),
    "submission": _("Submissions"),
    "discussion": _("Discussions"),
}
ONE: dict[str, str | Promise] = {
    "model": _("model"),
    "dataset": _("dataset"),
    "track": _("track"),
    "person": _("person"),
    "organisation": _("organisation"),
    "docs": _("documentation"),
    "release": _("release"),
    "submission": _("submission"),
    "discussion": _("discussion"),
}


@dataclass(frozen=True)
class Kind:
    label: str | Promise
    href: str
    chosen: bool
    count: str


@dataclass(frozen=True)
class Line:
    hit: Hit
    title: SafeString
    kind: str | Promise


@require_GET
def results(request: HttpRequest) -> HttpResponse:
    asked = " ".join(request.GET.get("q", "").split())[: words.LONGEST_QUERY]
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    found = search.find(person(request), asked, kind=kind)
    shown = listing(request, found.keys, size=RESULTS)
    context = {
        "asked": asked,
        "kind": kind,
        "kind_name": KINDS.get(kind, ""),
        "kinds": _kinds(request, found, kind),
        "everywhere": with_value(request, "kind", ""),
        "listing": shown,
        "lines": [
            Line(hit, highlighted(hit.title, asked), ONE.get(hit.kind, hit.kind))
            for hit in search.hits(shown.page)
        ],
        "many": any(count >= found.most for count in found.counts.values()),
        "most": found.most,
    }
    return render(request, "contributions/search.html", context)


def _kinds(request: HttpRequest, found: Found, chosen: str) -> list[Kind]:
    """Kinds of which there is something; while one is chosen, the others are only named."""
    listed = [Kind(_("Everything"), with_value(request, "kind", ""), not chosen, "")]
    for kind, label in KINDS.items():
        count = found.counts.get(kind, 0)
        if chosen or count:
            told = f"{count}+" if count >= found.most else str(count)
            listed.append(
                Kind(
                    label,
                    with_value(request, "kind", kind),
                    kind == chosen,
                    told if not chosen or kind == chosen else "",
                )
            )
    return listed


def highlighted(title: str, asked: str) -> SafeString:
    """The title, escaped, with what was asked for marked."""
    wanted = sorted({word for word in words.words(asked) if word}, key=len, reverse=True)
    if not wanted or len(title) != len(words.plain(title)):
        return format_html_join("", "{}", [(title,)])
    pattern = re.compile("|".join(re.escape(word) for word in wanted[:20]))
    pieces: list[tuple[str, str, str]] = []
    end = 0
    for match in pattern.finditer(words.plain(title)):
        pieces += [("", title[end : match.start()], "")]
        pieces += [("<mark>", title[match.start() : match.end()], "</mark>")]
        end = match.end()
    pieces.append(("", title[end:], ""))
    return _joined(pieces)


def _joined(pieces: list[tuple[str, str, str]]) -> SafeString:
    """The marks are ours; the text between them is not."""
    marked = [(SafeString(before), text, SafeString(after)) for before, text, after in pieces]
    return format_html_join("", "{}{}{}", marked)
