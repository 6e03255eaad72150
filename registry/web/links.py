"""Filters, sorting and paging as links: every state of a list has an address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.paginator import Page, Paginator
from django.db.models import Case, QuerySet, When
from django.http import HttpRequest
from django.utils.translation import gettext

if TYPE_CHECKING:
    _Paginator = Paginator[Any]
else:
    _Paginator = Paginator

PAGE_SIZE = 50
# No list is counted, and no page asked for, beyond so many rows: filters lead there.
MOST_COUNTED = 10_000
# From here on the numbers of the rows are found first, and everything else for those alone.
DEEP = 500


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
    def total(self) -> int | str:
        """How many rows there are; of very many only that there are more."""
        count = self.page.paginator.count
        if count <= MOST_COUNTED:
            return count
        return gettext("more than %(count)s") % {"count": f"{MOST_COUNTED:,}"}


class BoundedPaginator(_Paginator):
    """Counting, and walking to a page, cost the same whatever the size of the table."""

    @cached_property
    def count(self) -> int:
        if not isinstance(self.object_list, QuerySet) or self.object_list.query.is_sliced:
            return len(self.object_list)
        return self.object_list.order_by().values("pk")[: MOST_COUNTED + 1].count()

    @cached_property
    def num_pages(self) -> int:
        return max(1, -(-min(self.count, MOST_COUNTED) // self.per_page))

    def page(self, number: int | str) -> Page[Any]:
        checked = self.validate_number(number)
        start = (checked - 1) * self.per_page
        rows = self.object_list
        if start < DEEP or not isinstance(rows, QuerySet) or rows.query.is_sliced:
            return Page(rows[start : start + self.per_page], checked, self)
        keys = list(rows.values_list("pk", flat=True)[start : start + self.per_page])
        place = Case(*(When(pk=key, then=index) for index, key in enumerate(keys)), default=0)
        found = rows.filter(pk__in=keys).order_by(place) if keys else rows.none()
        return Page(found, checked, self)


def listing(request: HttpRequest, rows: Any, *, size: int = PAGE_SIZE) -> Listing:
    page = BoundedPaginator(rows, size).get_page(request.GET.get("page"))
    return Listing(
        page,
        _to(request, page.previous_page_number()) if page.has_previous() else "",
        _to(request, page.next_page_number()) if page.has_next() else "",
    )


def _to(request: HttpRequest, number: int) -> str:
    query = request.GET.copy()
    query["page"] = str(number)
    return f"?{query.urlencode()}"
