"""One cell: a caller sends a call, and what came of it is undone."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.db import transaction

from tests.permissions import world
from tests.permissions.addresses import PAGE
from tests.permissions.callers import CALLERS, TOKENS
from tests.permissions.entries import SAFE, Call, Entry

REFUSED = frozenset({401, 403, 404})
FAILED = frozenset(range(500, 600)) - {501}


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    text: str
    changed: bool

    @property
    def is_let_in(self) -> bool:
        return self.status not in REFUSED and not self.asks_to_sign_in

    @property
    def asks_to_sign_in(self) -> bool:
        return self.status == 302 and urlsplit(self.location).path == "/login"


def callers_of(face: str) -> tuple[str, ...]:
    return CALLERS if face == PAGE else (*CALLERS, *TOKENS)


def ask(matrix, face, entry: Entry, method: str, call: Call, caller: str, things) -> Answer:
    address = entry.filled(entry.address, things) + call.query
    with transaction.atomic():
        response = matrix.callers.send(
            caller, method, address, entry.body(call, things), form=face == PAGE
        )
        text = b"".join(response.streaming_content) if response.streaming else response.content
        answer = Answer(
            response.status_code,
            response.get("Location", ""),
            text.decode(errors="replace"),
            world.state() != matrix.before,
        )
        transaction.set_rollback(True)
    return answer


def is_let_in(face: str, call: Call, method: str, caller: str, *, private: bool) -> bool:
    """What the entry says of this caller; a token is its owner as far as its scope goes."""
    who = call.let_in(private=private)
    if not caller.startswith("token "):
        return caller in who
    if "contributor" not in who:
        return False
    return "anonymous" in who or caller.removeprefix("token ") in call.scopes_of(method)


def fault(answer: Answer, call: Call, method: str, expected: bool) -> str:
    """What is wrong with a cell, or nothing."""
    # 501: what the protocol has and this site does not offer.
    if answer.status in FAILED or answer.status == 429:
        return "failed"
    if method in SAFE and answer.changed:
        return "changed something by looking"
    if call.works:
        if answer.changed != expected:
            return "was to work, but changed nothing" if expected else "CHANGED SOMETHING"
        return ""
    if answer.is_let_in != expected:
        return "is kept out" if expected else "IS LET IN"
    return "CHANGED SOMETHING" if answer.changed and not expected else ""
