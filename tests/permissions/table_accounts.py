"""Signing in, up and out, and what protects an account: allauth's pages."""

from __future__ import annotations

from tests.permissions.callers import EVERYBODY, NOBODY, SIGNED_IN
from tests.permissions.entries import Entry, Group

_KEY = "accounts/2fa/webauthn/keys/<int:pk>"


def _page(route: str, who: Group, *, address: str = "", post: bool = True) -> Entry:
    methods = {"GET": who, "POST": who} if post else {"GET": who}
    return Entry(route, address or f"/{route}", **methods)


ENTRIES = [
    *(_page(name, EVERYBODY) for name in ("login", "logout", "signup")),
    # Older addresses of the same pages: on to these, which refuse themselves.
    *(_page(f"accounts/{name}/", NOBODY, post=False) for name in ("login", "login/code/confirm")),
    *(
        _page(f"accounts/{name}/", EVERYBODY, post=False)
        for name in ("logout", "signup", "sessions", "2fa", "2fa/webauthn")
    ),
    *(
        _page(f"accounts/social/{name}/", EVERYBODY, post=False)
        for name in ("login/cancelled", "login/error", "signup", "connections")
    ),
    *(
        _page(f"accounts/{name}/", EVERYBODY, post=False)
        for name in (
            "inactive",
            "confirm-email",
            "password/reset/done",
            "password/reset/key/done",
            "3rdparty/login/cancelled",
        )
    ),
    # Tells what another site answered: here it answered nothing.
    _page("accounts/3rdparty/login/error/", NOBODY, post=False),
    _page("accounts/password/reset/", EVERYBODY),
    # What a secret opens; nobody here has one.
    Entry(
        r"accounts/confirm-email/(?P<key>[-:\w]+)/$",
        "/accounts/confirm-email/guessed/",
        GET=EVERYBODY,
        POST=NOBODY,
    ),
    _page(
        "accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        EVERYBODY,
        address="/accounts/password/reset/key/1-guessed/",
    ),
    _page("accounts/3rdparty/signup/", NOBODY),
    # One's own account.
    *(
        _page(f"accounts/{name}/", SIGNED_IN)
        for name in (
            "reauthenticate",
            "email",
            "password/change",
            "password/set",
            "3rdparty",
            "2fa/reauthenticate",
            "2fa/totp/activate",
            "2fa/recovery-codes/generate",
            "2fa/webauthn/add",
            "2fa/webauthn/reauthenticate",
        )
    ),
    # None of them has a second factor to show or to remove.
    _page("accounts/2fa/totp/deactivate/", NOBODY),
    *(
        _page(f"accounts/2fa/recovery-codes/{name}", NOBODY, post=False)
        for name in ("", "download/")
    ),
    # It is another person's.
    *(
        _page(f"{_KEY}/{verb}/", NOBODY, address=f"/accounts/2fa/webauthn/keys/{{passkey}}/{verb}/")
        for verb in ("remove", "edit")
    ),
    # For those half signed in; whoever is signed in is sent on.
    _page("accounts/2fa/authenticate/", SIGNED_IN),
    _page("accounts/2fa/webauthn/login/", SIGNED_IN),
    # Other sites that one may sign in with; none is set up here.
    *(
        _page(f"accounts/{site}/login/{end}", NOBODY)
        for site in ("github", "gitlab")
        for end in ("", "callback/")
    ),
    *(
        _page(
            f"accounts/oidc/(?P<provider_id>[^/]+)/login/{end}",
            NOBODY,
            address=f"/accounts/oidc/huggingface/login/{end}",
        )
        for end in ("", "callback/")
    ),
]
