"""Who calls, and the groups that entries are written with."""

from __future__ import annotations

import json
from http.cookies import SimpleCookie
from types import SimpleNamespace

from allauth.account.internal.flows.login import record_authentication
from django.test import Client

from tests.permissions.scene import SCOPES

PEOPLE = (
    "stranger",
    "contributor",
    "teammate",
    "licence",
    "privacy",
    "technical",
    "maintainer",
    "operator",
)
CALLERS = ("anonymous", *PEOPLE)
# Tokens of the contributor.
TOKENS = tuple(f"token {scope}" for scope in SCOPES)
# Tokens of an operator who holds every role as well.
MIGHTY = tuple(f"mighty {scope}" for scope in SCOPES)

NOBODY: frozenset[str] = frozenset()
ANONYMOUS = frozenset({"anonymous"})
SIGNED_IN = frozenset(PEOPLE)
EVERYBODY = ANONYMOUS | SIGNED_IN
# The contributor: of what is private, whoever offered it and was let in to do so.
AUTHOR = frozenset({"contributor"})
MAINTAINER = frozenset({"maintainer", "operator"})
WRITERS = MAINTAINER | {"teammate"}
AUTHOR_OR_WRITER = AUTHOR | WRITERS
WHO_SEES = AUTHOR_OR_WRITER
OPERATOR = frozenset({"operator"})
LICENCE, PRIVACY = frozenset({"licence"}), frozenset({"privacy"})
REVIEWERS = frozenset({"licence", "privacy", "technical"})
REVIEW_DESK = REVIEWERS | OPERATOR
STAFF = REVIEW_DESK | MAINTAINER


class Callers:
    """One browser for each person, and a bare client that sends tokens."""

    def __init__(self, scene) -> None:
        self._secrets = scene.secrets
        self._client = Client(raise_request_exception=False)
        self._sessions = {"anonymous": "", **{n: _session(scene.people[n]) for n in PEOPLE}}

    def send(self, caller: str, method: str, address: str, body, *, form: bool):
        """As a person by session, as `token …` by bearer token; nothing is kept in between."""
        session = self._sessions.get(caller, "")
        self._client.cookies = SimpleCookie({"sessionid": session} if session else {})
        headers = {}
        if secret := self._secrets.get(caller):
            headers["Authorization"] = f"Bearer {secret}"
        if form and method == "POST":
            return self._client.post(address, body or {}, headers=headers)
        text = body if isinstance(body, str) else json.dumps(body or {})
        sent = "" if method in {"GET", "HEAD"} else text
        return self._client.generic(
            method, address, sent, content_type="application/json", headers=headers
        )


def _session(user) -> str:
    client = Client()
    client.force_login(user)
    # As after a password a moment ago: pages that ask for it again go on to decide for themselves.
    session = client.session
    asked = SimpleNamespace(session=session)
    record_authentication(asked, user, method="password", reauthenticated=True)
    session.save()
    return client.cookies["sessionid"].value
