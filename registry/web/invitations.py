"""Answering an invitation: by the link of a mail, or by name in the settings."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from registry.models import Invitation
from registry.services import organisations
from registry.services.errors import SignInNeeded
from registry.web.adapters import INVITATION
from registry.web.pages import attempt, person, signed_in


@never_cache
@require_http_methods(["GET", "POST"])
def by_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Somebody without an account may make one first, where the site asks for an invitation."""
    invitation = organisations.invitation(secret)
    user = person(request)
    if request.method == "POST":
        if user is None:
            raise SignInNeeded("answer an invitation")
        return _answer(request, invitation)
    if user is None:
        request.session[INVITATION] = invitation.digest
    response = render(
        request,
        "registry/invitation.html",
        {"invitation": invitation, "for_me": _mine(request, invitation)},
    )
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@login_required
@require_POST
def by_name(request: HttpRequest, pk: int) -> HttpResponse:
    mine = Invitation.objects.open().select_related("organisation__namespace")
    return _answer(request, get_object_or_404(mine, pk=pk, user=signed_in(request)))


def _mine(request: HttpRequest, invitation: Invitation) -> bool:
    return invitation.user_id is None or invitation.user_id == getattr(person(request), "pk", None)


def _answer(request: HttpRequest, invitation: Invitation) -> HttpResponseRedirect:
    accept = request.POST.get("answer") == "accept"
    name = invitation.organisation.namespace.name
    said = _("You belong to %(name)s now.") if accept else _("You declined to join %(name)s.")
    return attempt(
        request,
        lambda: organisations.answer(invitation, user=signed_in(request), accept=accept),
        done=said % {"name": name},
        then=f"/organisations/{name}",
    )
