"""The site at /admin/: who may enter, how one signs in, and its pages that are no model's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper, wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import LogoutView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, path
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from unfold.sites import UnfoldAdminSite

from registry.admin import staff
from registry.services.errors import Forbidden
from registry.web.pages import page, person

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class ExtraPage:
    path: str
    view: View
    name: str
    may: staff.May


METHODS = ("GET", "HEAD", "POST")
# Pages of the packages above; registered when their admin is loaded.
EXTRA_PAGES: list[ExtraPage] = []


def add_page(path: str, view: View, *, name: str, may: staff.May) -> None:
    EXTRA_PAGES.append(ExtraPage(path, view, name, may))


class DashboardSite(UnfoldAdminSite):
    """Signing in is allauth's, with its second factor; a password alone never opens this door."""

    # Django's own pages for what this site does elsewhere, or not at all.
    left_out = frozenset(
        {
            "search",
            "password_change",
            "password_change_done",
            "view_on_site",
            "autocomplete",
            "jsi18n",
            "app_list",
        }
    )

    def has_permission(self, request: HttpRequest) -> bool:
        return person(request) is not None and staff.of(request).may_enter

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        @wraps(view)
        def entered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if person(request) is None:
                return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
            if not self.has_permission(request):
                raise Forbidden("You have no role on this site that opens the dashboard.")
            if request.method not in METHODS:
                return HttpResponseNotAllowed(METHODS)
            try:
                return view(request, *args, **kwargs)
            except PermissionDenied:
                raise Forbidden("Your role does not open this page.") from None

        guarded = csrf_protect(page(entered))
        return update_wrapper(guarded if cacheable else never_cache(guarded), view)

    def register(
        self, model_or_iterable: Any, admin_class: type[Any] | None = None, **options: Any
    ) -> None:
        """Desks only: forms of other packages would write past the services."""
        if hasattr(admin_class, "may_see"):
            super().register(model_or_iterable, admin_class, **options)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        own = [
            path(extra.path, self.admin_view(_for(extra)), name=extra.name) for extra in EXTRA_PAGES
        ]
        inherited = [
            url for url in super().get_urls() if getattr(url, "name", "") not in self.left_out
        ]
        return [*own, *inherited]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """None: the side bar has links of its own, and no page lists models."""
        return []

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if person(request) is not None:
            return redirect("admin:index")
        return redirect_to_login("/admin/", settings.LOGIN_URL)

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return LogoutView.as_view(next_page="/")(request)


def _for(extra: ExtraPage) -> View:
    @wraps(extra.view)
    def allowed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not extra.may(staff.of(request)):
            raise PermissionDenied
        return extra.view(request, *args, **kwargs)

    return allowed


site = DashboardSite()
