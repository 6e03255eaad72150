"""Pages of a list by keyset: `?limit=&cursor=`, stable while rows come and go, one query each.

A cursor says behind which row the page begins, so nothing is counted and nothing is skipped.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from registry.hub.targets import storable
from registry.services.errors import Invalid

if TYPE_CHECKING:
    from rest_framework.views import APIView

DEFAULT, MOST = 25, 100
PARAMETERS = {"limit", "cursor"}
FORWARD, BACK = "n", "p"
_LONGEST = 1000


class CursorPages(BasePagination):
    """The view names `ordering`, which ends in a unique column and holds no NULL."""

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        most = limit(request)
        ordering: Sequence[str] = getattr(view, "ordering", ("-id",))
        types = [_reader(queryset.model, name.lstrip("-")) for name in ordering]
        direction, behind = position(request, types)
        back = direction == BACK
        columns = [_flipped(name) if back else name for name in ordering]
        if behind is not None:
            queryset = queryset.filter(_behind(columns, behind))
        rows = list(queryset.order_by(*columns)[: most + 1])
        more, rows = len(rows) > most, rows[:most]
        if back:
            rows.reverse()
        columns = [name.lstrip("-") for name in ordering]
        ends = [[_plain(_of(row, name)) for name in columns] for row in rows[:1] + rows[-1:]]
        after, before = (True, more) if back else (more, behind is not None)
        self._next = link(request, FORWARD, ends[-1]) if ends and after else None
        self._previous = link(request, BACK, ends[0]) if ends and before else None
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self._next, "previous": self._previous, "results": data})

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            {
                "name": "limit",
                "in": "query",
                "description": "Rows on a page.",
                "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT},
            },
            {
                "name": "cursor",
                "in": "query",
                "description": "From `next` or `previous` of another page.",
                "schema": {"type": "string"},
            },
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        other = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": other, "previous": dict(other), "results": schema},
        }


def limit(request: Request) -> int:
    given = request.query_params.get("limit")
    if given is None:
        return DEFAULT
    if not (given.isascii() and given.isdigit() and len(given) < 6 and 1 <= int(given) <= MOST):
        raise Invalid(f"limit must be a whole number from 1 to {MOST}.", where="limit")
    return int(given)


def link(request: Request, direction: str, values: Sequence[Any]) -> str:
    """The address of the page behind (or before) the row with these values."""
    packed = json.dumps([direction, list(values)], separators=(",", ":")).encode()
    cursor = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    address = remove_query_param(request.build_absolute_uri(), "cursor")
    return str(replace_query_param(address, "cursor", cursor))


def position(
    request: Request, types: Sequence[Callable[[Any], Any]]
) -> tuple[str, list[Any] | None]:
    """What the cursor names: a direction, and the values of a row (None: the beginning)."""
    given = request.query_params.get("cursor")
    if given is None:
        return FORWARD, None
    try:
        if len(given) > _LONGEST:
            raise ValueError
        padded = given + "=" * (-len(given) % 4)
        direction, values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if direction not in (FORWARD, BACK) or not isinstance(values, list):
            raise ValueError
        return direction, [_typed(of, value) for of, value in zip(types, values, strict=True)]
    except (ValueError, TypeError, OverflowError, RecursionError, ValidationError) as wrong:
        raise Invalid(
            "The cursor is not one of this list.",
            where="cursor",
            next="Take it from `next` or `previous` of a page, or leave it out.",
        ) from wrong


def _typed(of: Callable[[Any], Any], value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str) or not storable(value):
        raise ValueError
    typed = of(value)
    if typed is None or (isinstance(typed, int | float) and not abs(typed) < 2**63):
        raise ValueError
    return typed


def _reader(model: type[models.Model], name: str) -> Callable[[Any], Any]:
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field)
    return field.to_python


def _flipped(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _behind(columns: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows that come after these values in this order; the first column alone bounds an index."""
    found, same = Q(), Q()
    for name, value in zip(columns, values, strict=True):
        column, step = name.lstrip("-"), "lt" if name.startswith("-") else "gt"
        found |= same & Q(**{f"{column}__{step}": value})
        same &= Q(**{column: value})
    first, step = columns[0].lstrip("-"), "lte" if columns[0].startswith("-") else "gte"
    return Q(**{f"{first}__{step}": values[0]}) & found


def _of(row: Any, name: str) -> Any:
    return row[name] if isinstance(row, dict) else getattr(row, name)


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float | str) else value.isoformat()
