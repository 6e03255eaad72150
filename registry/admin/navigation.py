"""The side bar. Packages add their links; a link is shown to whom it opens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from registry.admin import staff as doors

Words = str | Promise


@dataclass(frozen=True)
class Link:
    title: Words
    name: str
    may: doors.May
    query: str = ""
    rank: int = 5

    @property
    def href(self) -> str:
        return reverse(self.name) + (f"?{self.query}" if self.query else "")

    def is_active(self, request: HttpRequest) -> bool:
        if self.query and f"{self.query}&" not in f"{request.META.get('QUERY_STRING', '')}&":
            return False
        path = reverse(self.name)
        return request.path == path or (path != "/admin/" and request.path.startswith(path))


# Group → its links, in the order in which packages were loaded.
GROUPS: dict[Words, list[Link]] = {
    _("Reviews"): [],
    _("Work"): [],
    _("Site"): [],
}
REVIEWS, WORK, SITE = GROUPS
HOME = Link(_("Overview"), "admin:index", doors.everyone)


def add(group: Words, *links: Link) -> None:
    GROUPS[group] = sorted([*GROUPS[group], *links], key=lambda link: link.rank)


def groups(request: HttpRequest) -> list[dict[str, Any]]:
    staff = doors.of(request)
    shown = [{"title": "", "items": [_item(HOME, request)]}]
    for title, links in GROUPS.items():
        items = [_item(link, request) for link in links if link.may(staff)]
        if items:
            shown.append({"title": str(title), "items": items})
    return shown


def _item(link: Link, request: HttpRequest) -> dict[str, Any]:
    return {
        "title": str(link.title),
        "link": link.href,
        "active": link.is_active(request),
    }
