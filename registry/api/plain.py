"""Rows of a list written by hand: a serializer's fields one by one cost more than their query.

class ThingSerializer(Plain[Thing]):
    name = serializers.CharField()

    @staticmethod
    def plain(thing: Thing, root: str) -> dict[str, Any]:
        return {"name": thing.name}

The fields go on describing the answer; a test compares the two.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from rest_framework import serializers
from rest_framework.request import Request

Row = TypeVar("Row")


class Plain(serializers.Serializer[Row]):
    @staticmethod
    def plain(row: Any, root: str) -> dict[str, Any]:
        """`row`: what the list reads, a model or its columns.

        `root`: the address of the site, without the slash at its end.
        """
        raise NotImplementedError


def written(
    shown: type[serializers.BaseSerializer[Any]], rows: Iterable[Any], context: Mapping[str, Any]
) -> Any:
    if not issubclass(shown, Plain):
        return shown(rows, many=True, context=dict(context)).data
    root = root_of(context["request"])
    return [shown.plain(row, root) for row in rows]


def root_of(request: Request) -> str:
    return str(request.build_absolute_uri("/"))[:-1]


def moment(at: dt.datetime) -> str:
    """As the serializers write it: every time of the database is UTC."""
    return at.isoformat().removesuffix("+00:00") + "Z"
