"""The site of the dashboard at /admin/ (django-unfold)."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.apps import AdminConfig
from django.contrib.admin.sites import AdminSite
from django.utils.translation import gettext_lazy as _


class DashboardConfig(AdminConfig):
    default_site = "registry.config.dashboard.the_site"


def the_site() -> AdminSite:
    """Always the same one: it is asked for again while the packages' admin is being loaded."""
    from registry.admin.site import site

    return site


# Its pages are drawn by the templates of registry/admin, which look like the rest of the site.
UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Commonweight dashboard"),
    "SITE_HEADER": "Commonweight",
    "SITE_URL": "/",
    "DASHBOARD_CALLBACK": "contributions.admin.home.context",
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "registry.admin.navigation.groups",
    },
}
