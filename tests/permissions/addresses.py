"""Every route of the site, from the table of URLs itself."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

API, HUB, PAGE = "api", "hub", "page"
# What git, LFS and the clients of the Hub call; the rest of the site is pages or /api/v1/.
_HUB = ("registry.hub.", "contributions.hub.")


@functools.cache
def routes() -> dict[str, str]:
    """Route → its face. A route that several names share is one."""
    return dict(_walk(get_resolver(), ""))


def _walk(resolver: URLResolver, prefix: str, module: str = "") -> Iterator[tuple[str, str]]:
    module = str(getattr(resolver.urlconf_name, "__name__", "")) or module
    for entry in resolver.url_patterns:
        # As Django names it in a match.
        own = str(entry.pattern)
        route = prefix + own.removeprefix("^") if prefix else own
        if isinstance(entry, URLPattern):
            yield route, _face(route, module)
        else:
            yield from _walk(entry, route, module)


def _face(route: str, module: str) -> str:
    if route.startswith("api/v1/"):
        return API
    return HUB if module.startswith(_HUB) else PAGE
