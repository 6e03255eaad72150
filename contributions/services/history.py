"""Which commits a head brings, and who wrote them."""

from __future__ import annotations

import re

from django.db.models import Q
from django.db.models.functions import Lower

from registry.models import Repository, Revision, User

_TRAILER = re.compile(
    r"^co-authored-by:\s*(?P<name>[^<\n]*?)\s*(?:<(?P<email>[^>\n]*)>)?\s*$", re.I | re.M
)


def reached(repository: Repository, head: str, *, without: str = "") -> set[str]:
    """Commits that `head` reaches and `without` does not; one query."""
    parents = dict(Revision.objects.filter(repository=repository).values_list("oid", "parents"))
    return _walk(parents, head, set()) - (_walk(parents, without, set()) if without else set())


def _walk(parents: dict[str, list[str]], start: str, seen: set[str]) -> set[str]:
    waiting = [start]
    while waiting:
        oid = waiting.pop()
        if oid in parents and oid not in seen:
            seen.add(oid)
            waiting.extend(parents[oid])
    return seen


def writers(repository: Repository, oids: set[str]) -> set[int]:
    """Ids of all who uploaded one of the commits or are named in a Co-authored-by trailer."""
    found: set[int] = set()
    rows = Revision.objects.filter(repository=repository, oid__in=oids)
    for author, message in rows.values_list("author", "message"):
        found.add(author)
        found |= co_authors(message)
    return found


def co_authors(text: str) -> set[int]:
    names: set[str] = set()
    addresses: set[str] = set()
    for trailer in _TRAILER.finditer(text):
        names.add(trailer["name"].lstrip("@").lower())
        if trailer["email"]:
            addresses.add(trailer["email"].lower())
            names.add(trailer["email"].split("@")[0].split("+")[-1].lower())
    people = User.objects.annotate(name=Lower("username"), address=Lower("email"))
    named = Q(name__in=names) | Q(address__in=addresses)
    return set(people.filter(named).values_list("pk", flat=True)) if names | addresses else set()
