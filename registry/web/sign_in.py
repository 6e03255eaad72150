"""django-allauth's views at this site's addresses, with its errors as this site's pages."""

from __future__ import annotations

from collections.abc import Iterable
from functools import wraps
from typing import Any

from allauth.account import views
from allauth.account.decorators import reauthentication_required
from allauth.core.ratelimit import respond_429
from allauth.socialaccount.models import SocialApp
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, HttpResponseRedirectBase
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, path
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods
from django.views.generic import RedirectView

from registry.web.pages import P, View, page


class SignInView(views.LoginView):
    def form_invalid(self, form: Any) -> HttpResponse:
        if form.throttled:
            refused: HttpResponse = respond_429(self.request)
            return refused
        answer: HttpResponse = super().form_invalid(form)
        return answer


# What a browser sends; Django's class-based forms would take a PUT for a POST.
_forms = require_http_methods(["GET", "HEAD", "POST"])
sign_in = _forms(SignInView.as_view())
sign_up = _forms(views.signup)
sign_out = _forms(views.logout)

# Their addresses are ours, or their page makes no sense here.
_MOVED = {
    "account_login": "/login",
    "account_logout": "/logout",
    "account_signup": "/signup",
    "account_confirm_login_code": "/login",
    "mfa_index": "/settings/security",
    "mfa_list_webauthn": "/settings/security",
    "usersessions_list": "/settings/sessions",
}
# Whoever finds an unlocked computer shall not read them.
_CONFIRMED = {"mfa_view_recovery_codes", "mfa_download_recovery_codes"}


def confirmed(view: View[P]) -> View[P]:
    """Asks for the password or a second factor once more, unless that was a moment ago."""
    asking: View[P] = reauthentication_required(app="allauth.account")(view)
    return asking


def addresses(found: Iterable[Any]) -> list[URLPattern | URLResolver]:
    """The addresses of django-allauth: ours redirected to, all others as pages of this site."""
    kept: list[URLPattern | URLResolver] = []
    for each in found:
        if isinstance(each, URLResolver):
            inner = path("", ([*addresses(each.url_patterns)], None, None))
            inner.pattern = each.pattern
            kept.append(inner)
        elif each.name in _MOVED:
            target = RedirectView.as_view(url=_MOVED[each.name], query_string=True)
            kept.append(URLPattern(each.pattern, _forms(target)))
        else:
            inside = each.name in _CONFIRMED
            view = page(_forms(_leaving(confirmed(each.callback) if inside else each.callback)))
            kept.append(URLPattern(each.pattern, view, each.default_args, each.name))
    return kept


def _leaving(view: View[Any]) -> View[Any]:
    """Goes on to another site by a page of ours.

    Browsers apply `form-action` to where a form is redirected, too, and a provider may redirect
    further to places that nobody can list.
    """

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except SocialApp.DoesNotExist as unknown:
            raise Http404 from unknown
        there = isinstance(response, HttpResponseRedirectBase) and response.url
        if not there or url_has_allowed_host_and_scheme(there, {request.get_host()}):
            return response
        return render(request, "socialaccount/leaving.html", {"address": there})

    return answered
