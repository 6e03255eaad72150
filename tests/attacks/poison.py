"""Hostile text in every column that holds words of people or of machines.

The columns are found in the models: a new one is hostile in these tests unless it is named below
as one that only the site itself can write.
"""

from __future__ import annotations

import re

from django.apps import apps
from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models

TAG = "cw-evil"
# Breaks out of attributes in either quotes, of elements whose content is text, of comments.
SHORT = f"\"' data-evil=1><{TAG}>"
EVIL = f"\"' data-evil=1></textarea></title></script></style>--><{TAG} onclick=evil()>{{{{7*7}}}}"
LONG = (
    f'{EVIL}\n\n[link](javascript:evil()) ![picture](x" onerror="evil()) <javascript:evil()>\n'
    f'[x]: javascript:evil()\n```"><{TAG}>\ncode\n```\n<{TAG}>\n\n| a |\n| - |\n| <{TAG}> |\n'
    f"<!-- --><{TAG}> &lt;{TAG}&gt; &#60;{TAG}> \u202e\x1b[31m @berta #1\n"
)
# Written by the site from what it knows: numbers of revisions, digests, names of its own.
# A person's or a repository's name is refused unless it is letters, digits, . _ and -.
_SITE = re.compile(
    r"(^|_)(oid|revision|sha256|digest|password|secret|hint|language|provider|uid|storage\w*)$"
)
_SITES_OWN = {
    "Namespace.name", "User.username", "Repository.name", "Track.name", "Redirect.name",
    "Redirect.namespace_name", "Ref.name", "Repository.default_branch", "Discussion.base_branch",
    "Benchmark.name", "Benchmark.metric", "Track.metric", "Benchmark.path", "TrackDataset.path",
    "Event.verb", "Event.subject", "SearchEntry.kind", "SearchEntry.key", "SearchEntry.url",
    "Notification.url", "Notification.about", "NewsCursor.name", "OfferDraft.about",
    "Score.split", "Score.harness", "Score.precision", "Comparison.split", "Comparison.measure",
    "Run.queue", "Release.formula", "Credit.formula", "Submission.artifact_path",
    "PublicationStep.name", "GitObject.kind", "Revision.tree", "IdempotentRequest.key",
    "IdempotentRequest.fingerprint", "IdempotentRequest.location", "User.email",
    "Invitation.email", "Run.sandbox", "PathChange.path",
    # hub_tokens.clean_endpoint: a scheme of the web and a host, nothing else.
    "Publication.endpoint", "HubToken.endpoint",
}  # fmt: skip


def columns() -> list[tuple[type[models.Model], models.Field]]:
    ours = [m for a in ("registry", "contributions") for m in apps.get_app_config(a).get_models()]
    return [
        (model, field)
        for model in ours
        for field in model._meta.local_concrete_fields
        if isinstance(field, models.CharField | models.TextField)
        and not isinstance(field, SearchVectorField)
        and not field.choices
        and not field.primary_key
        and not _SITE.search(field.name)
        and f"{model.__name__}.{field.name}" not in _SITES_OWN
    ]


def everywhere() -> int:
    """Fills them all; returns how many columns are hostile now."""
    found = columns()
    tables = sorted({model._meta.db_table for model, _ in found})
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        # Some rows are never rewritten, by triggers.
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for model, field in found:
            _fill(cursor, model._meta.db_table, field)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    return len(found)


def _fill(cursor, table: str, field: models.Field) -> None:
    if field.unique:
        text = f'UPDATE {table} SET "{field.column}" = left(%s || id, %s)'
        cursor.execute(text, [SHORT, field.max_length or 1000])
    else:
        cursor.execute(f'UPDATE {table} SET "{field.column}" = %s', [_text(field)])


def _text(field: models.Field) -> str:
    if isinstance(field, models.URLField):
        return "javascript:evil()//" + SHORT
    if isinstance(field, models.TextField) and field.max_length is None:
        return LONG
    most = field.max_length or len(EVIL)
    return EVIL if len(EVIL) <= most else SHORT[:most]


def within(value):
    """Hostile words in every text of a JSON value that is no number of a revision."""
    if isinstance(value, dict):
        return {key: within(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [within(inner) for inner in value]
    if isinstance(value, str) and not re.fullmatch(r"[0-9a-f]{7,64}|refs/.*|", value):
        return f"{value}{EVIL}"
    return value
