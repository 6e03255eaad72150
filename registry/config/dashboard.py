"""The look and the site of the dashboard at /admin/ (django-unfold)."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.apps import AdminConfig
from django.contrib.admin.sites import AdminSite
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _


class DashboardConfig(AdminConfig):
    default_site = "registry.config.dashboard.the_site"


def the_site() -> AdminSite:
    """Always the same one: it is asked for again while the packages' admin is being loaded."""
    from registry.admin.site import site

    return site


# The colours of site.css, as the scales that unfold asks for.
_BASE = {
    "50": "#f6f4ee",
    "100": "#efece3",
    "200": "#dcd6c8",
    "300": "#b8c2be",
    "400": "#94a19d",
    "500": "#5f6967",
    "600": "#48524f",
    "700": "#2c383a",
    "800": "#202b2d",
    "900": "#182123",
    "950": "#11181a",
}
_PRIMARY = {
    "50": "#eef6f3",
    "100": "#dcebe6",
    "200": "#b9d8d0",
    "300": "#92c8bd",
    "400": "#74cabd",
    "500": "#5fb5a8",
    "600": "#0b5e57",
    "700": "#094e48",
    "800": "#17423e",
    "900": "#17322f",
    "950": "#0d1c1a",
}
UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Commonweight dashboard"),
    "SITE_HEADER": "Commonweight",
    "SITE_SUBHEADER": _("Reviews and operation"),
    "SITE_URL": "/",
    "SITE_ICON": lambda request: static("registry/mark.svg"),
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("registry/mark.svg"),
        }
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": False,
    "BORDER_RADIUS": "4px",
    "COLORS": {"base": _BASE, "primary": _PRIMARY},
    "DASHBOARD_CALLBACK": "contributions.admin.home.context",
    "STYLES": [lambda request: static("registry/admin.css")],
    "ACCOUNT": {
        "navigation": [
            {"title": _("Security"), "link": "/settings/security"},
            {"title": _("Settings"), "link": "/settings"},
        ]
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "registry.admin.navigation.groups",
    },
}
