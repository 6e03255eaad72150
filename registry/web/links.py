"""Filters, sorting and paging as links: every state of a list has an address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest

PAGE_SIZE = 50


@dataclass(frozen=True)
class Choice:
    label: str
    href: str
    chosen: bool


def choices(request: HttpRequest, key: str, options: Iterable[tuple[str, str]]) -> list[Choice]:
    """One link for each (value, label); other filters stay, the page number does not."""
    current = request.GET.get(key, "")
    return [
        Choice(label, with_value(request, key, value), value == current) for value, label in options
    ]


def with_value(request: HttpRequest, key: str, value: str) -> str:
    query = request.GET.copy()
    query.pop("page", None)
    query.pop(key, None)
    if value:
        query[key] = value
    return f"?{query.urlencode()}" if query else request.path


@dataclass(frozen=True)
class Listing:
    """One page of a list, with the links to its neighbours."""

    page: Page[Any]
    newer: str
    older: str

    @property
    def total(self) -> int:
        return self.page.paginator.count


def listing(request: HttpRequest, rows: Any, *, size: int = PAGE_SIZE) -> Listing:
    page = Paginator(rows, size).get_page(request.GET.get("page"))
    return Listing(
        page,
        _to(request, page.previous_page_number()) if page.has_previous() else "",
        _to(request, page.next_page_number()) if page.has_next() else "",
    )


def _to(request: HttpRequest, number: int) -> str:
    query = request.GET.copy()
    query["page"] = str(number)
    return f"?{query.urlencode()}"
