"""An entry of the matrix: a route, how its address is filled, and who is let in by each method.

    Entry("tracks/<str:name>/close", "/tracks/{track}/close", GET=MAINTAINER, POST=MAINTAINER)
    Entry("api/v1/tracks/", "/api/v1/tracks/", GET=EVERYBODY)

An address with a `{name}` of a thing (tests/permissions/scene.py) is asked for in a public and in
a private repository. A group tells who is let in where the thing is public; in private, those of
them who see it. `Call` says more: a body with which the call succeeds, another group in private,
which scopes of a token suffice.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.permissions.callers import WHO_SEES
from tests.permissions.scene import SCOPES

Group = frozenset[str]
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
# Names that belong to the site or to one person: the same in public and in private.
SITE_NAMES = frozenset(
    {
        "any_event",
        "contributor",
        "invitation",
        "invitation_secret",
        "member",
        "notification",
        "organisation",
        "organisation_pk",
        "passkey",
        "quarantine",
        "reply",
        "session",
        "token",
        "usage",
        "user",
    }
)


@dataclass(frozen=True)
class Call:
    """`works`: with this body those let in change something; a message may tell a refusal."""

    who: Group
    body: Mapping[str, Any] | str | None = None
    works: bool = False
    private: Group | None = None
    scopes: tuple[str, ...] | None = None
    query: str = ""

    def let_in(self, *, private: bool) -> Group:
        if not private:
            return self.who
        return self.who & WHO_SEES if self.private is None else self.private

    def scopes_of(self, method: str) -> tuple[str, ...]:
        if self.scopes is not None:
            return self.scopes
        return SCOPES if method in SAFE else ("write",)


class Entry:
    def __init__(
        self, route: str, address: str, *, kind: str = "model", **methods: Group | Call
    ) -> None:
        self.route, self.address, self.kind = route, address, kind
        self.calls = {
            method: given if isinstance(given, Call) else Call(given)
            for method, given in methods.items()
        }

    @property
    def names(self) -> set[str]:
        texts = [self.address]
        for call in self.calls.values():
            body = call.body if isinstance(call.body, Mapping) else {}
            texts += [text for text in body.values() if isinstance(text, str)]
        return {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}

    @property
    def is_of_a_thing(self) -> bool:
        return bool(self.names - SITE_NAMES)

    def filled(self, text: str, things: Mapping[str, Mapping[str, object]]) -> str:
        return text.format(**things[self.kind])

    def body(self, call: Call, things: Mapping[str, Mapping[str, object]]) -> Any:
        if isinstance(call.body, Mapping):
            return {
                name: self.filled(value, things) if isinstance(value, str) else value
                for name, value in call.body.items()
            }
        return call.body
