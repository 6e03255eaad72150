"""What every page shares: who asks, and how a refusal looks to a person."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from registry.hub.targets import storable
from registry.models import User
from registry.services.access import Caller
from registry.services.errors import Invalid, Moved, ServiceError

P = ParamSpec("P")
# The request comes first and by position.
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def person(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def signed_in(request: HttpRequest) -> User:
    """Behind `login_required` only."""
    assert isinstance(request.user, User)
    return request.user


def caller(request: HttpRequest) -> Caller:
    return Caller(user=person(request), token=None)


def page(view: View[P]) -> View[P]:
    """Turns errors of the services into pages that say what to do next."""

    @wraps(view)
    def answered(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            if not storable([request.path, *(values for _, values in request.GET.lists())]):
                raise Invalid("The address holds a NUL or text that is not Unicode.")
            response = view(request, *args, **kwargs)
            return _no_page_here(request, response) if response.status_code == 405 else response
        except Moved as moved:
            return redirect(moved.repository)
        except ServiceError as error:
            return _refusal(request, error)

    return answered


_HEADINGS = {403: _("Not allowed"), 404: _("Not found")}


def _refusal(request: HttpRequest, error: ServiceError) -> HttpResponse:
    anonymous = person(request) is None
    if anonymous and error.status == 403:
        return redirect_to_login(request.get_full_path())
    # To a stranger a private thing does not exist, signed in or not.
    status = 404 if error.status in (401, 404) else error.status
    context = {
        "error": error,
        "status": status,
        "may_sign_in": anonymous and status == 404,
        "heading": _HEADINGS.get(status, _("That did not work")),
    }
    return render(request, "registry/error.html", context, status=status)


def _no_page_here(request: HttpRequest, refused: HttpResponseBase) -> HttpResponse:
    """Whoever comes back to the address of a form, as after signing in, learns where to go."""
    error = {
        "message": _("This address takes what a form sends and has no page of its own."),
        "next": _("Go back to the page of the form and send it again."),
    }
    context = {"error": error, "status": 405, "heading": _("There is nothing to show here")}
    response = render(request, "registry/error.html", context, status=405)
    response["Allow"] = refused["Allow"]
    return response


def attempt(
    request: HttpRequest, act: Callable[[], object], *, done: str, then: str
) -> HttpResponseRedirect:
    """One action of a form: says how it went and goes back to the page."""
    try:
        act()
    except ServiceError as error:
        messages.error(request, sentence(error))
    else:
        messages.success(request, done)
    return HttpResponseRedirect(then)


def sentence(error: ServiceError) -> str:
    """The error in one line: what, where, what next."""
    where = f" ({error.where})" if error.where else ""
    return " ".join(part for part in (f"{error.message}{where}", error.next) if part)
