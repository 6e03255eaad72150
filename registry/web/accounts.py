"""The first operator's link, and how the site looks to a person."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from registry.models import User
from registry.services import accounts
from registry.services.errors import ServiceError
from registry.web.forms import SetupForm
from registry.web.pages import person, sentence

THEMES = {"light", "dark"}
_A_YEAR = 365 * 24 * 3600


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Light, dark, or (anything else) as the system."""
    response = HttpResponseRedirect(_local(request.POST.get("next", "/")))
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        secure = request.is_secure()
        response.set_cookie(
            "theme", chosen, max_age=_A_YEAR, samesite="Lax", httponly=True, secure=secure
        )
    else:
        response.delete_cookie("theme")
    return response


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """For this browser by a cookie; for mails too, where somebody is signed in."""
    response = HttpResponseRedirect(_local(request.POST.get("next", "/")))
    chosen = request.POST.get("language", "")
    if chosen in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen,
            max_age=_A_YEAR,
            samesite="Lax",
            httponly=True,
            secure=request.is_secure(),
        )
        if user := person(request):
            accounts.choose_language(user, language=chosen)
    return response


def _local(address: str) -> str:
    return address if url_has_allowed_host_and_scheme(address, allowed_hosts=None) else "/"


@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest, secret: str) -> HttpResponse:
    """The one-time link that the first `up` prints."""
    accounts.setup_link(secret)
    form = SetupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = _first_operator(secret, **form.person())
        except ServiceError as error:
            form.add_error(error.where if error.where in form.fields else None, sentence(error))
        else:
            login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
            said = _("You are %(name)s, the operator of this site.")
            messages.success(request, said % {"name": user.username})
            return HttpResponseRedirect("/")
    response = render(request, "registry/setup.html", {"form": form})
    # The address is a secret: no other site hears of it. Not "no-referrer": with that, browsers
    # send forms with `Origin: null`, which the check against forged forms refuses.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response


@transaction.atomic
def _first_operator(secret: str, *, name: str, password: str) -> User:
    """Both or neither: no account is left behind by a link that was used a moment ago."""
    user = accounts.sign_up(name=name, email="", password=password)
    return accounts.become_operator(secret, user=user)
