from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from registry.web import accounts, tokens
from registry.web.pages import page

urlpatterns: list[URLPattern | URLResolver] = [
    path("login", accounts.sign_in, name="login"),
    path("logout", accounts.sign_out, name="logout"),
    path("settings/theme", accounts.theme, name="theme"),
    path("settings/language", accounts.language, name="language"),
    path("setup/<str:secret>", page(accounts.set_up), name="setup"),
    path("settings/tokens", page(tokens.token_list), name="tokens"),
    path("settings/tokens/<int:pk>/revoke", page(tokens.revoke), name="revoke-token"),
]
