"""Pages of a list by keyset: `?limit=&cursor=`, stable while rows come and go, one query each.

A cursor says behind which row the page begins, so nothing is counted and nothing is skipped.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from registry.hub.targets import storable
from registry.services.errors import Invalid

if TYPE_CHECKING:
    from rest_framework.views import APIView

DEFAULT, MOST = 25, 100
_LONGEST = 1000
_FORWARD, _BACK = "n", "p"
_TYPES = (int, float, str)


class CursorPages(BasePagination):
    """The view names `ordering`, which ends in a unique column and holds no NULL."""

    def paginate_queryset(
        self, queryset: QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        self._request = request
        self._limit = _limit(request)
        ordering: Sequence[str] = getattr(view, "ordering", ("-id",))
        direction, position = _decoded(request, queryset.model, ordering)
        back = direction == _BACK
        columns = [_flipped(name) if back else name for name in ordering]
        if position is not None:
            queryset = queryset.filter(_behind(columns, position))
        rows = list(queryset.order_by(*columns)[: self._limit + 1])
        more, rows = len(rows) > self._limit, rows[: self._limit]
        if back:
            rows.reverse()
        self._next = self._previous = None
        if rows and (more or back):
            self._next = self._link(_FORWARD, rows[-1], ordering) if more or back else None
        if rows and position is not None:
            self._previous = self._link(_BACK, rows[0], ordering)
        if back and not more:
            self._previous = None
        return rows

    def _link(self, direction: str, row: Any, ordering: Sequence[str]) -> str:
        values = [_plain(getattr(row, name.lstrip("-"))) for name in ordering]
        packed = json.dumps([direction, values], separators=(",", ":")).encode()
        cursor = base64.urlsafe_b64encode(packed).decode().rstrip("=")
        address = remove_query_param(self._request.build_absolute_uri(), "cursor")
        return str(replace_query_param(address, "cursor", cursor))

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
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": dict(link), "results": schema},
        }


def _limit(request: Request) -> int:
    given = request.query_params.get("limit")
    if given is None:
        return DEFAULT
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:6]) <= MOST):
        raise Invalid(f"limit must be a whole number from 1 to {MOST}.", where="limit")
    return int(given)


def _flipped(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _behind(columns: Sequence[str], position: Sequence[Any]) -> Q:
    """Rows that come after `position` in this order; the first column alone bounds an index."""
    found, same = Q(), Q()
    for name, value in zip(columns, position, strict=True):
        column, step = name.lstrip("-"), "lt" if name.startswith("-") else "gt"
        found |= same & Q(**{f"{column}__{step}": value})
        same &= Q(**{column: value})
    first, step = columns[0].lstrip("-"), "lte" if columns[0].startswith("-") else "gte"
    return Q(**{f"{first}__{step}": position[0]}) & found


def _plain(value: Any) -> Any:
    return value if isinstance(value, _TYPES) else value.isoformat()


def _decoded(
    request: Request, model: type[models.Model], ordering: Sequence[str]
) -> tuple[str, list[Any] | None]:
    given = request.query_params.get("cursor")
    if given is None:
        return _FORWARD, None
    try:
        if len(given) > _LONGEST:
            raise ValueError
        padded = given + "=" * (-len(given) % 4)
        direction, values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if direction not in (_FORWARD, _BACK) or len(values) != len(ordering):
            raise ValueError
        return direction, [
            _typed(model, name.lstrip("-"), value)
            for name, value in zip(ordering, values, strict=True)
        ]
    except (ValueError, TypeError, RecursionError, binascii.Error, ValidationError) as wrong:
        raise Invalid(
            "The cursor is not one of this list.",
            where="cursor",
            next="Take it from `next` or `previous` of a page, or leave it out.",
        ) from wrong


def _typed(model: type[models.Model], name: str, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, _TYPES) or not storable(value):
        raise ValueError(name)
    if isinstance(value, float) and not -1e300 < value < 1e300:
        raise ValueError(name)
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        if isinstance(value, str):
            raise ValueError(name) from None
        return value
    typed = field.to_python(value) if isinstance(field, models.Field) else None
    if typed is None or (isinstance(typed, int) and abs(typed) >= 2**63):
        raise ValueError(name)
    return typed
