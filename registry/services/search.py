"""The search of the whole site: what can be found is put here when it changes.

`put` and `remove` belong into the transaction of the change. Visibility is not stored: what may be
seen of an entry is what may be seen of its repository at the moment of the search.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVectorField
from django.db import models
from django.db.models.functions import Replace

from registry.models import Repository, SearchEntry, User
from registry.services import words as language

# Kind → how much a hit of it counts. Few things are looked for as often as models and people.
KINDS: dict[str, float] = {
    "model": 3.0,
    "dataset": 3.0,
    "track": 3.0,
    "person": 2.5,
    "organisation": 2.5,
    "docs": 2.0,
    "release": 1.5,
    "submission": 1.0,
    "discussion": 0.8,
}
# Of so many matches of a kind, the newest, are the best shown: a common word costs no more.
RANKED = 100
RANKED_OF_ONE_KIND = 500
_FIELDS = ("title", "url", "summary", "repository", "vector", "updated_at")


@dataclass(frozen=True)
class Entry:
    """`key`: number or name of the thing; `words`: all else that it should be found by."""

    kind: str
    key: str
    title: str
    url: str
    words: str = ""
    summary: str = ""
    repository: Repository | None = None


@dataclass(frozen=True)
class Hit:
    kind: str
    title: str
    url: str
    summary: str
    updated_at: dt.datetime


@dataclass(frozen=True)
class Found:
    """The best hits first; counts stop at `most`."""

    hits: list[Hit]
    counts: dict[str, int]
    most: int


def put(
    kind: str,
    key: object,
    *,
    title: str,
    url: str,
    words: str,
    summary: str = "",
    repository: Repository | None = None,
) -> None:
    """What is found under this kind and key from now on."""
    store([Entry(kind, str(key), title, url, words, summary, repository)])


def store(entries: Iterable[Entry]) -> int:
    rows = [
        SearchEntry(
            kind=entry.kind,
            key=entry.key,
            title=_cut(entry.title, 300),
            url=entry.url[:500],
            summary=_cut(entry.summary, 500),
            repository=entry.repository,
            vector=language.vector(entry.title, entry.words),
        )
        for entry in entries
    ]
    SearchEntry.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["kind", "key"], update_fields=_FIELDS
    )
    return len(rows)


def _cut(text: str, length: int) -> str:
    flat = " ".join(text.replace("\x00", "").split())
    return flat if len(flat) <= length else f"{flat[: length - 1]}…"


def remove(kind: str, key: object) -> None:
    SearchEntry.objects.filter(kind=kind, key=str(key)).delete()


def repository_moved(repository: Repository, *, before: str) -> None:
    """Addresses below it begin with its new name."""
    SearchEntry.objects.filter(repository=repository, url__startswith=f"{before}/").update(
        url=Replace(
            "url", models.Value(f"{before}/"), models.Value(f"{repository.get_absolute_url()}/")
        )
    )


def forget_person(user: User) -> None:
    """Call it while the name is known: nothing leads to it any more, also not what they made."""
    remove("person", user.pk)
    name = user.username
    theirs = models.Q(kind="submission", summary__contains=f" · {name} · ") | models.Q(
        kind="discussion", summary__endswith=f" · {name}"
    )
    SearchEntry.objects.filter(theirs, vector=_Asked(language.query(f'"{name}"'))).update(
        summary="",
        vector=models.Func(
            models.F("vector"),
            template="ts_filter(%(expressions)s, '{a}')",
            arity=1,
            output_field=SearchVectorField(),
        ),
    )


def find(user: User | None, text: str, *, kind: str = "") -> Found:
    """What `user` may see and `text` matches, in one query."""
    asked = language.query(text)
    most = RANKED_OF_ONE_KIND if kind in KINDS else RANKED
    if not asked:
        return Found([], {}, most)
    rows = _of_kinds(user, asked, text, [kind] if kind in KINDS else list(KINDS), most)
    counts = Counter(str(row["kind"]) for row in rows)
    hits = [Hit(**{name: row[name] for name in Hit.__annotations__}) for row in rows]
    return Found(hits, dict(counts), most)


def _of_kinds(
    user: User | None, asked: str, text: str, kinds: list[str], most: int
) -> list[dict[str, Any]]:
    """Each kind is looked through by itself: the many of one do not hide the few of another."""
    parts = [_of_kind(user, asked, text.strip(), kind, most) for kind in kinds]
    found = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    return sorted(found, key=lambda row: (-row["rank"], -row["pk"]))


def _of_kind(
    user: User | None, asked: str, text: str, kind: str, most: int
) -> models.QuerySet[SearchEntry, dict[str, Any]]:
    query = _Asked(asked)
    named = models.Case(
        models.When(title__iexact=text, then=models.Value(2.0)),
        models.When(title__iendswith=f"/{text}", then=models.Value(1.0)),
        default=models.Value(0.0),
        output_field=models.FloatField(),
    )
    visible = models.Q(repository=None) | models.Q(
        repository__in=Repository.objects.visible_to(user).values("pk")
    )
    weight = models.Value(KINDS[kind], output_field=models.FloatField())
    return (
        SearchEntry.objects.filter(visible, kind=kind, vector=query)
        .annotate(rank=SearchRank(models.F("vector"), query) * weight + named)
        .order_by("-pk")
        .values("pk", "kind", "title", "url", "summary", "updated_at", "rank")[:most]
    )


class _Asked(SearchQuery):
    """A query as `words.query` writes it; PostgreSQL's parser would take it apart once more."""

    def __init__(self, asked: str) -> None:
        super().__init__(asked, search_type="raw")
        self.asked = asked

    def as_sql(self, *args: Any, **kwargs: Any) -> tuple[str, list[str]]:
        return "%s::tsquery", [self.asked]


def repositories(text: str, kind: str) -> models.QuerySet[SearchEntry]:
    """Entries of repositories of a kind that the words match; visibility is the caller's matter."""
    asked = language.query(text)
    rows = SearchEntry.objects.filter(kind=kind, repository__isnull=False)
    return rows.filter(vector=_Asked(asked)) if asked else rows.none()
