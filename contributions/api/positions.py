"""Pages of a list that was computed: cut behind the row that a cursor names, as those of tables."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from registry.api import paging

Row = TypeVar("Row")
Key = tuple[float, int]

PARAMETERS = [
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": paging.MOST, "default": paging.DEFAULT},
        description="Rows on a page.",
    ),
    OpenApiParameter("cursor", str, description="From `next` or `previous` of another page."),
]


@dataclass(frozen=True)
class Page(Generic[Row]):
    rows: list[Row]
    next: str | None
    previous: str | None


def cut(request: Request, rows: Sequence[Row], *, key: Callable[[Row], Key]) -> Page[Row]:
    """`rows` in ascending order of `key`."""
    limit = paging.limit(request)
    direction, position = paging.position(request, [float, int])
    start = 0
    if position is not None:
        place = (float(position[0]), int(position[1]))
        if direction == paging.FORWARD:
            start = bisect_right(rows, place, key=key)
        else:
            start = max(0, bisect_left(rows, place, key=key) - limit)
    shown = list(rows[start : start + limit])
    more = start + limit < len(rows)
    return Page(
        rows=shown,
        next=paging.link(request, paging.FORWARD, key(shown[-1])) if shown and more else None,
        previous=paging.link(request, paging.BACK, key(shown[0])) if shown and start else None,
    )
