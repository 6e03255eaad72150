"""The request target as it was sent: split at its slashes first, then decoded."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

from django.http import HttpRequest

from registry.services.errors import Unprocessable

_JOINED_REFS = ("pr", "heads", "tags", "convert", "runs")


def raw_path(request: HttpRequest) -> str:
    """The request target as it was sent; rebuilt where the server does not tell it."""
    raw = str(request.META.get("RAW_URI") or request.META.get("REQUEST_URI") or "")
    if "://" in raw.split("?")[0]:
        raw = "/" + raw.split("://", 1)[1].partition("/")[2]
    return raw.partition("?")[0] or quote(request.path)


def segments(request: HttpRequest) -> list[str]:
    parts = raw_path(request).strip("/").split("/")
    try:
        decoded = [unquote(part, errors="strict") for part in parts]
    except UnicodeDecodeError as wrong:
        raise Unprocessable("The address is not UTF-8.") from wrong
    if not storable([decoded, *(values for _, values in request.GET.lists())]):
        raise Unprocessable("The address holds a NUL or text that is not Unicode.")
    return decoded


def storable(value: Any) -> bool:
    """PostgreSQL holds no NUL and no half of a surrogate pair."""
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, dict):
        return storable(list(value)) and storable(list(value.values()))
    return all(storable(item) for item in value) if isinstance(value, list) else True


def joined(tail: list[str]) -> list[str]:
    """`refs/pr/1` typed without quoting is one revision all the same."""
    if len(tail) > 2 and tail[0] == "refs" and tail[1] in _JOINED_REFS:
        return ["/".join(tail[:3]), *tail[3:]]
    return list(tail)
