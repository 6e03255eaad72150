"""One root for everything, in this order: fixed paths, the Hub protocol, the pages.

The protocol and the pages share `/{namespace}/{name}`.
"""

from __future__ import annotations

import allauth.urls
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from registry.web.health import health
from registry.web.sign_in import addresses

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/", health, name="health"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("contributions.api.urls")),
    path("api/v1/", include("registry.api.urls")),
    path("accounts/", include(addresses(allauth.urls.urlpatterns))),
    path("", include("contributions.hub.urls")),
    path("", include("registry.hub.urls")),
    path("", include("contributions.web.urls")),
    path("", include("registry.web.urls")),
]
