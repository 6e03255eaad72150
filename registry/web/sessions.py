"""Where one is signed in, and signing out there. The rows are those of allauth.usersessions."""

from __future__ import annotations

from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from registry.services import sessions
from registry.web.devices import device
from registry.web.pages import signed_in


class LastSeenMiddleware:
    """Keeps "last used" of a browser up to date, without a query on most pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Who asks was looked up already, or nobody needs to know.
        key = request.session.session_key if request.session.accessed else None
        if key and request.user.is_authenticated and not sessions.was_seen(key):
            UserSession.objects.create_from_request(request)
        return response


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def session_list(request: HttpRequest) -> HttpResponse:
    """POST: out of all others."""
    user, here = signed_in(request), request.session.session_key
    if request.method == "POST":
        count = sessions.end_others(user, kept=here)
        said = ngettext(
            "%(count)s browser is signed out.", "%(count)s browsers are signed out.", count
        )
        messages.success(request, said % {"count": count})
        return HttpResponseRedirect("/settings/sessions")
    found = sessions.of(user)
    context = {
        "rows": [(each, device(each.user_agent)) for each in found[: sessions.SHOWN]],
        "here": here,
        "count": len(found),
    }
    return render(request, "registry/sessions.html", context)


@login_required
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    here = request.session.session_key
    ended = sessions.end(signed_in(request), pk)
    if ended.session_key == here:
        logout(request)
        return HttpResponseRedirect("/")
    messages.success(request, _("That browser is signed out."))
    return HttpResponseRedirect("/settings/sessions")
