"""Along the first parents of a revision: its log, and the last commit of each path."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection

from registry.models import Revision

# Revisions of one repository from $oid back through first parents, newest first.
_ANCESTRY = """
    WITH RECURSIVE history AS (
        SELECT id, oid, parents, generation FROM registry_revision
        WHERE repository_id = %(repository)s AND oid = %(oid)s
        UNION ALL
        SELECT older.id, older.oid, older.parents, older.generation
        FROM registry_revision older JOIN history ON older.oid = history.parents ->> 0
        WHERE older.repository_id = %(repository)s AND history.generation > %(oldest)s
    )
"""


class LastCommit(NamedTuple):
    oid: str
    title: str
    when: dt.datetime
    generation: int


def log(revision: Revision, *, limit: int, skip: int = 0) -> list[Revision]:
    """`revision` and those before it, newest first, authors loaded; two queries."""
    newest = revision.generation - skip
    oldest = max(newest - limit + 1, 0)
    with connection.cursor() as cursor:
        cursor.execute(
            _ANCESTRY + "SELECT id FROM history",
            {"repository": revision.repository_id, "oid": revision.oid, "oldest": oldest},
        )
        ids = [row[0] for row in cursor.fetchall()]
    found = Revision.objects.filter(pk__in=ids, generation__lte=newest).select_related("author")
    return list(found.order_by("-generation")[:limit])


def last_commits(revision: Revision, *, folder: str = "") -> dict[str, LastCommit]:
    """Path → the commit that last changed it, for files and folders below `folder`. One query."""
    prefix = f"{folder}/" if folder else ""
    with connection.cursor() as cursor:
        cursor.execute(
            _ANCESTRY
            + """
            SELECT DISTINCT ON (change.path) change.path, made.oid, made.title, made.created_at,
                   made.generation
            FROM registry_pathchange change
            JOIN history ON history.id = change.revision_id
            JOIN registry_revision made ON made.id = history.id
            WHERE starts_with(change.path, %(prefix)s)
            ORDER BY change.path, made.generation DESC
            """,
            {
                "repository": revision.repository_id,
                "oid": revision.oid,
                "oldest": 0,
                "prefix": prefix,
            },
        )
        rows = cursor.fetchall()
    found: dict[str, LastCommit] = {}
    for path, *rest in rows:
        last = LastCommit(*rest)
        for name in _path_and_folders(path):
            if name not in found or found[name].generation < last.generation:
                found[name] = last
    return found


def last_commits_of(revision: Revision, folder: str, names: Sequence[str]) -> dict[str, LastCommit]:
    """Path → the commit that last changed it or anything below it, for `names` in `folder` alone.

    One query, whose answer is as long as `names`.
    """
    prefix = f"{folder}/" if folder else ""
    with connection.cursor() as cursor:
        cursor.execute(
            _ANCESTRY
            + """
            , newest AS (
                SELECT DISTINCT ON (name)
                       split_part(substr(change.path, %(start)s), '/', 1) AS name, history.id
                FROM registry_pathchange change
                JOIN history ON history.id = change.revision_id
                WHERE starts_with(change.path, %(prefix)s)
                  AND split_part(substr(change.path, %(start)s), '/', 1) = ANY(%(names)s)
                ORDER BY name, history.generation DESC
            )
            SELECT newest.name, made.oid, made.title, made.created_at, made.generation
            FROM newest JOIN registry_revision made ON made.id = newest.id
            """,
            {
                "repository": revision.repository_id,
                "oid": revision.oid,
                "oldest": 0,
                "prefix": prefix,
                "start": len(prefix) + 1,
                "names": list(names),
            },
        )
        return {prefix + name: LastCommit(*rest) for name, *rest in cursor.fetchall()}


def _path_and_folders(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[: n + 1]) for n in range(len(parts))]
