"""By what the lists of models and datasets can be narrowed, and how many each choice leaves."""

from __future__ import annotations

from django.db import connection

from registry.models import RepoType
from registry.models.repositories import RepositoryQuerySet
from registry.services.remembered import remembered

SECONDS = 60
# The newest public repositories are counted; beyond so many the counts are of these.
COUNTED = 20_000
SHOWN = 12
_LONGEST = 80

# Name in the address → prefix of the tags that it looks for.
FACETS: dict[RepoType, dict[str, str]] = {
    RepoType.MODEL: {
        "task": "",
        "licence": "license:",
        "language": "language:",
        "library": "",
        "base": "base_model:",
    },
    RepoType.DATASET: {
        "task": "task_categories:",
        "licence": "license:",
        "language": "language:",
    },
}
_SQL = """
WITH newest AS (
    SELECT tags, card FROM registry_repository
    WHERE repo_type = %(kind)s AND NOT private AND NOT disabled
    ORDER BY updated_at DESC LIMIT %(most)s
), found AS (
    SELECT split_part(tag, ':', 1) || ':' AS facet, substr(tag, strpos(tag, ':') + 1) AS value
    FROM newest, jsonb_array_elements_text(tags) AS tag
    WHERE tag ~ '^(license|language|base_model|task_categories):'
    UNION ALL SELECT 'task', card ->> 'pipeline_tag' FROM newest
    WHERE jsonb_typeof(card -> 'pipeline_tag') = 'string'
    UNION ALL SELECT 'library', card ->> 'library_name' FROM newest
    WHERE jsonb_typeof(card -> 'library_name') = 'string'
), counted AS (
    SELECT facet, value, count(*) AS times,
        row_number() OVER (PARTITION BY facet ORDER BY count(*) DESC, value) AS place
    FROM found WHERE value <> '' AND length(value) <= %(longest)s GROUP BY facet, value
)
SELECT facet, value, times FROM counted WHERE place <= %(shown)s ORDER BY facet, place
"""


def counts(kind: RepoType) -> dict[str, list[tuple[str, int]]]:
    """Facet → (value, how many public repositories have it), the most frequent first."""
    return remembered(f"facets:{kind.value}", SECONDS, lambda: _counted(kind))


def _counted(kind: RepoType) -> dict[str, list[tuple[str, int]]]:
    with connection.cursor() as cursor:
        given: dict[str, str | int] = {
            "kind": kind.value,
            "most": COUNTED,
            "longest": _LONGEST,
            "shown": SHOWN,
        }
        cursor.execute(_SQL, given)
        rows = cursor.fetchall()
    found: dict[str, list[tuple[str, int]]] = {}
    for facet, prefix in FACETS[kind].items():
        said = prefix or facet
        if values := [(str(value), int(times)) for name, value, times in rows if name == said]:
            found[facet] = values
    return found


def narrowed(
    rows: RepositoryQuerySet, kind: RepoType, facet: str, value: str
) -> RepositoryQuerySet:
    return rows.filter(tags__contains=[f"{FACETS[kind][facet]}{value}"])
