"""One root for everything, in this order: fixed paths, the Hub protocol, the pages.

The protocol and the pages share `/{namespace}/{name}`.
"""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from registry.web.health import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/", health, name="health"),
    path("", include("contributions.hub.urls")),
    path("", include("registry.hub.urls")),
    path("", include("contributions.web.urls")),
    path("", include("registry.web.urls")),
]
