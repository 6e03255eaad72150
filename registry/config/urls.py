"""One root for everything. Order matters: the Hub protocol and the pages share `/{namespace}/{name}`,
so fixed paths come first, then the protocol, then the pages."""

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
