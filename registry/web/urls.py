from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from registry.web import accounts, invitations, organisations, sessions, settings, sign_in, tokens
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
    path("settings/sessions", page(sessions.session_list), name="sessions"),
    path("settings/sessions/<int:pk>/end", page(sessions.end), name="end-session"),
    path("settings/theme", accounts.theme, name="theme"),
    path("settings/language", accounts.language, name="language"),
    path("setup/<str:secret>", page(accounts.set_up), name="setup"),
    path("settings/organisations", page(organisations.own), name="own-organisations"),
    path("organisations/new", page(organisations.new), name="new-organisation"),
    path("organisations/<str:name>", page(organisations.organisation_page), name="organisation"),
    path(
        "organisations/<str:name>/invitations/<int:pk>/withdraw",
        page(organisations.withdraw),
        name="withdraw-invitation",
    ),
    path(
        "organisations/<str:name>/members/<str:username>/role",
        page(organisations.change_role),
        name="member-role",
    ),
    path(
        "organisations/<str:name>/members/<str:username>/remove",
        page(organisations.remove),
        name="remove-member",
    ),
    path("invitations/<int:pk>/answer", page(invitations.by_name), name="answer-invitation"),
    path("invitations/<str:secret>", page(invitations.by_link), name="invitation"),
    path("settings/tokens", page(tokens.token_list), name="tokens"),
    path("settings/tokens/<int:pk>/revoke", page(tokens.revoke), name="revoke-token"),
]
