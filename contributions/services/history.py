"""Which commits a head brings, and who wrote them."""

from __future__ import annotations

from django.db.models import Q
from django.db.models.functions import Lower

from registry.models import Repository, Revision, User

_TRAILER = "co-authored-by:"


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
    for line in text.lower().splitlines():
        if not line.startswith(_TRAILER):
            continue
        name, _, email = line.removeprefix(_TRAILER).strip().removesuffix(">").partition("<")
        names.add(name.strip().lstrip("@"))
        if email:
            addresses.add(email)
            names.add(email.split("@")[0].split("+")[-1])
    people = User.objects.annotate(name=Lower("username"), address=Lower("email"))
    named = Q(name__in=names) | Q(address__in=addresses)
    return set(people.filter(named).values_list("pk", flat=True)) if names | addresses else set()
