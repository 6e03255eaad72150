from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from registry.web import accounts, settings, sign_in, tokens
from registry.web.pages import page

urlpatterns: list[URLPattern | URLResolver] = [
    path("login", page(sign_in.sign_in), name="login"),
    path("logout", page(sign_in.sign_out), name="logout"),
    path("signup", page(sign_in.sign_up), name="signup"),
    # The names by which django-allauth finds them.
    path("login", page(sign_in.sign_in), name="account_login"),
    path("logout", page(sign_in.sign_out), name="account_logout"),
    path("signup", page(sign_in.sign_up), name="account_signup"),
    path("settings", page(settings.profile), name="settings"),
    path("settings/security", page(settings.security), name="security"),
    path("settings/security", page(settings.security), name="mfa_index"),
    path("settings/security", page(settings.security), name="mfa_list_webauthn"),
    path("settings/theme", accounts.theme, name="theme"),
    path("settings/language", accounts.language, name="language"),
    path("setup/<str:secret>", page(accounts.set_up), name="setup"),
    path("settings/tokens", page(tokens.token_list), name="tokens"),
    path("settings/tokens/<int:pk>/revoke", page(tokens.revoke), name="revoke-token"),
]
