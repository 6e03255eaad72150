"""Pages that belong to the whole site or to one person, and those of accounts."""

from __future__ import annotations

from tests.permissions.callers import (
    AUTHOR,
    EVERYBODY,
    MAINTAINER,
    NOBODY,
    SIGNED_IN,
)
from tests.permissions.entries import Call, Entry

_ORGANISATION, _CIRCLE = "organisations/<str:name>", "/organisations/{organisation}"
_MEMBER = f"{_ORGANISATION}/members/<str:username>"

ENTRIES = [
    Entry("health/", "/health/", GET=EVERYBODY),
    Entry("", "/", GET=EVERYBODY),
    Entry("home/live", "/home/live", GET=EVERYBODY),
    Entry("about", "/about", GET=EVERYBODY),
    Entry("search", "/search", GET=EVERYBODY),
    Entry("docs", "/docs", GET=EVERYBODY),
    Entry("docs/<slug:slug>", "/docs/credit", GET=EVERYBODY),
    Entry("models", "/models", GET=EVERYBODY),
    Entry("datasets", "/datasets", GET=EVERYBODY),
    Entry("queue", "/queue", GET=EVERYBODY),
    Entry("queue/live", "/queue/live", GET=EVERYBODY),
    Entry("<ns:namespace>", "/{organisation}", GET=EVERYBODY),
    Entry("notifications", "/notifications", GET=SIGNED_IN),
    Entry("notifications/read", "/notifications/read", POST=SIGNED_IN),
    Entry("notifications/<int:pk>", "/notifications/{notification}", GET=AUTHOR),
    Entry("notifications/off/<str:token>", "/notifications/off/x", GET=NOBODY, POST=NOBODY),
    Entry("new", "/new", GET=SIGNED_IN, POST=SIGNED_IN),
    Entry("new/name", "/new/name", GET=SIGNED_IN),
    Entry("tracks/new", "/tracks/new", GET=SIGNED_IN, POST=SIGNED_IN),
    Entry("tracks/new/sample", "/tracks/new/sample", POST=SIGNED_IN),
    Entry("settings", "/settings", GET=SIGNED_IN, POST=SIGNED_IN),
    Entry("settings/security", "/settings/security", GET=SIGNED_IN),
    Entry("settings/account", "/settings/account", GET=SIGNED_IN),
    Entry("settings/account/export", "/settings/account/export", GET=SIGNED_IN),
    Entry("settings/account/delete", "/settings/account/delete", GET=SIGNED_IN, POST=SIGNED_IN),
    Entry("settings/notifications", "/settings/notifications", GET=SIGNED_IN, POST=SIGNED_IN),
    Entry("settings/organisations", "/settings/organisations", GET=SIGNED_IN),
    Entry("settings/sessions", "/settings/sessions", GET=SIGNED_IN, POST=SIGNED_IN),
    Entry("settings/sessions/<int:pk>/end", "/settings/sessions/{session}/end", POST=AUTHOR),
    Entry("settings/tokens", "/settings/tokens", GET=SIGNED_IN, POST=SIGNED_IN),
    Entry(
        "settings/tokens/<int:pk>/revoke",
        "/settings/tokens/{token}/revoke",
        GET=AUTHOR,
        POST=Call(AUTHOR, {}, works=True),
    ),
    Entry("settings/theme", "/settings/theme", POST=EVERYBODY),
    Entry("settings/language", "/settings/language", POST=EVERYBODY),
    Entry("setup/<str:secret>", "/setup/guessed", GET=NOBODY, POST=NOBODY),
    Entry("organisations/new", "/organisations/new", GET=SIGNED_IN, POST=SIGNED_IN),
    Entry(
        _ORGANISATION,
        _CIRCLE,
        GET=EVERYBODY,
        POST=Call(MAINTAINER, {"whom": "stranger-person", "role": "read"}, works=True),
    ),
    Entry(
        f"{_ORGANISATION}/invitations/<int:pk>/withdraw",
        f"{_CIRCLE}/invitations/{{invitation}}/withdraw",
        POST=Call(MAINTAINER, {}, works=True),
    ),
    Entry(
        f"{_MEMBER}/role",
        f"{_CIRCLE}/members/{{member}}/role",
        POST=Call(MAINTAINER, {"role": "write"}, works=True),
    ),
    Entry(
        f"{_MEMBER}/remove",
        f"{_CIRCLE}/members/{{member}}/remove",
        GET=MAINTAINER,
        POST=Call(MAINTAINER, {}, works=True),
    ),
    # It is another person's.
    Entry(
        "invitations/<int:pk>/answer",
        "/invitations/{invitation}/answer",
        POST=Call(NOBODY, {"answer": "accept"}, works=True),
    ),
    Entry(
        "invitations/<str:secret>",
        "/invitations/{invitation_secret}",
        GET=EVERYBODY,
        POST=Call(NOBODY, {"answer": "accept"}, works=True),
    ),
]
