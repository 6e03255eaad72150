"""What a person says about themselves, and everything that opens their account."""

from __future__ import annotations

import ipaddress

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from registry.services import profiles, sessions
from registry.web.pages import signed_in
from registry.web.settings_forms import ProfileForm


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    initial = {name: getattr(user, name) for name in ProfileForm.base_fields}
    form = ProfileForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        profiles.change(user, **form.cleaned_data)
        messages.success(request, _("Your profile is saved."))
        return HttpResponseRedirect("/settings")
    return render(request, "registry/profile.html", {"form": form})


@login_required
@never_cache
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    factors = [each.wrap() for each in Authenticator.objects.filter(user=user).order_by("pk")]
    kinds = {each.instance.type: each for each in factors}
    codes = kinds.get(Authenticator.Type.RECOVERY_CODES)
    context = {
        "addresses": EmailAddress.objects.filter(user=user).order_by("-primary", "email"),
        "app": kinds.get(Authenticator.Type.TOTP),
        "passkeys": [e for e in factors if e.instance.type == Authenticator.Type.WEBAUTHN],
        "codes": codes,
        "codes_left": len(codes.get_unused_codes()) if codes else 0,
        "connected": SocialAccount.objects.filter(user=user).order_by("pk"),
        "passkeys_work": not _is_number(request.get_host()),
        "others": sum(s.session_key != request.session.session_key for s in sessions.of(user)),
    }
    return render(request, "registry/security.html", context)


def _is_number(host: str) -> bool:
    """Browsers keep passkeys for names only, never for an address such as 127.0.0.1."""
    try:
        ipaddress.ip_address(host.rsplit(":", 1)[0].strip("[]"))
    except ValueError:
        return False
    return True
