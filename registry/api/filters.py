"""Filters of lists: only those that a request names are built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import django_filters


class Filters(django_filters.FilterSet):
    """django-filter copies every filter for every request, which took longer than the query."""

    def __init__(self, data: Mapping[str, Any] | None = None, *args: Any, **kwargs: Any) -> None:
        named = data or {}
        every: Mapping[str, Any] = getattr(type(self), "base_filters", {})
        self.base_filters = {name: each for name, each in every.items() if name in named}
        super().__init__(data, *args, **kwargs)
