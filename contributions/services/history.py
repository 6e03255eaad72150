"""Which commits a head brings, and who wrote them."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Lower

from registry.models import Repository, User

_TRAILER = "co-authored-by:"


# What $head reaches and $without does not, through every parent. Ends where the two meet.
_WALK = """
    WITH RECURSIVE known (oid) AS (
        SELECT %(without)s::text
        UNION
        SELECT parent.oid FROM known
        JOIN registry_revision made
          ON made.repository_id = %(repository)s AND made.oid = known.oid
        CROSS JOIN LATERAL jsonb_array_elements_text(made.parents) AS parent (oid)
    ), reached (oid, parents) AS (
        SELECT oid::text, parents FROM registry_revision
        WHERE repository_id = %(repository)s AND oid = %(head)s
          AND oid NOT IN (SELECT oid FROM known)
        UNION
        SELECT made.oid::text, made.parents FROM reached
        CROSS JOIN LATERAL jsonb_array_elements_text(reached.parents) AS parent (oid)
        JOIN registry_revision made
          ON made.repository_id = %(repository)s AND made.oid = parent.oid
        WHERE made.oid NOT IN (SELECT oid FROM known)
    )
"""
_REACHED = f"{_WALK} SELECT oid FROM reached"
# Messages of many words are left where they are unless they name somebody.
_WRITERS = f"""{_WALK}
    SELECT author_id, CASE WHEN message ILIKE %(trailer)s THEN message ELSE '' END
    FROM registry_revision
    WHERE repository_id = %(repository)s AND oid IN (SELECT oid FROM reached)
"""


def reached(repository: Repository, head: str, *, without: str = "") -> set[str]:
    """Commits that `head` reaches and `without` does not; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_REACHED, {"repository": repository.pk, "head": head, "without": without})
        return {row[0] for row in cursor.fetchall()}


def writers(repository: Repository, head: str, *, without: str = "") -> tuple[set[int], str]:
    """Of the commits that `head` brings: ids of all who uploaded one, and the text of those that
    name co-authors (see `co_authors`); one query."""
    asked: dict[str, int | str] = {
        "repository": repository.pk,
        "head": head,
        "without": without,
        "trailer": f"%{_TRAILER}%",
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITERS, asked)
        found = cursor.fetchall()
    return {author for author, _ in found}, "\n".join(text for _, text in found)


def co_authors(text: str) -> set[int]:
    names: set[str] = set()
    addresses: set[str] = set()
    for line in map(str.strip, text.lower().splitlines()):
        if not line.startswith(_TRAILER):
            continue
        name, _, email = line.removeprefix(_TRAILER).strip().removesuffix(">").partition("<")
        names.add(name.strip().lstrip("@"))
        if email:
            addresses.add(email)
            names.add(email.split("@")[0].split("+")[-1])
    people = User.objects.annotate(name=Lower("username"), address=Lower("email"))
    # Any address of theirs, not only the one that mails go to.
    kept = EmailAddress.objects.annotate(address=Lower("email"))
    owners = kept.filter(address__in=addresses).values("user")
    named = Q(name__in=names) | Q(address__in=addresses) | Q(pk__in=owners)
    return set(people.filter(named).values_list("pk", flat=True)) if names | addresses else set()
