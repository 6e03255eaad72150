"""What the site keeps of a person: to take away, and to have forgotten.

Whoever finds an unlocked computer takes nothing away and destroys nothing.
"""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from contributions.services import erasure, personal_data
from registry.services.errors import ServiceError
from registry.web.pages import sentence, signed_in
from registry.web.sign_in import confirmed


class ErasureForm(forms.Form):
    """`name` guards against a click too fast, not against others."""

    name = forms.CharField(
        label=gettext_lazy("Your username, to be sure"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: object, username: str) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.username = username

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name != self.username:
            raise ValidationError(_("That is not your username, so nothing was deleted."))
        return name


@login_required
@require_safe
def account_page(request: HttpRequest) -> HttpResponse:
    context = {"hindrances": erasure.hindrances(signed_in(request))}
    return render(request, "contributions/account.html", context)


@login_required
@never_cache
@require_safe
@confirmed
def export(request: HttpRequest) -> StreamingHttpResponse:
    user = signed_in(request)
    response = StreamingHttpResponse(personal_data.export(user), content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{user.username}.zip"'
    return response


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
@confirmed
def delete(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    form = ErasureForm(request.POST or None, username=user.username)
    if request.method == "POST" and form.is_valid():
        try:
            erasure.erase(user)
        except ServiceError as error:
            form.add_error(None, sentence(error))
        else:
            logout(request)
            messages.success(request, _("Your account is deleted."))
            return HttpResponseRedirect("/")
    context = {"form": form, "hindrances": erasure.hindrances(user)}
    return render(request, "contributions/delete_account.html", context)
