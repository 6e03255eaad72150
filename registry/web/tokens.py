"""Access tokens of the signed-in person: made, shown once, listed, revoked."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from registry.models import AccessToken
from registry.services import tokens
from registry.services.errors import ServiceError
from registry.web.pages import attempt, sentence, signed_in
from registry.web.settings_forms import TokenForm
from registry.web.sign_in import confirmed


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def token_list(request: HttpRequest) -> HttpResponseBase:
    return _make(request) if request.method == "POST" else _show(request, TokenForm())


@confirmed
def _make(request: HttpRequest) -> HttpResponse:
    """A token outlives the session that made it: whoever finds an open browser makes none."""
    user, form, issued = signed_in(request), TokenForm(request.POST), None
    if form.is_valid():
        given = form.cleaned_data
        try:
            issued = tokens.issue(
                user, name=given["name"], scope=given["scope"], expires_at=form.expires_at()
            )
        except ServiceError as error:
            form.add_error(error.where if error.where in form.fields else None, sentence(error))
        else:
            form = TokenForm()
    return _show(request, form, issued)


def _show(
    request: HttpRequest, form: TokenForm, issued: tuple[AccessToken, str] | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "tokens": signed_in(request).access_tokens.order_by("-created_at"),
        "issued": issued and {"token": issued[0], "secret": issued[1]},
        "endpoint": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "registry/tokens.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks first: whatever uses the token stops working."""
    user = signed_in(request)
    token = AccessToken.objects.filter(pk=pk, user=user).first()
    if token is None:
        raise Http404(_("You have no such token."))
    if request.method == "GET":
        return render(request, "registry/revoke_token.html", {"token": token})
    return attempt(
        request,
        lambda: tokens.revoke(token, actor=user),
        done=_("The token %(name)s no longer works.") % {"name": token.name},
        then="/settings/tokens",
    )
