"""The search of the whole site: what can be found is put here when it changes.

`put` and `remove` belong into the transaction of the change. Visibility is not stored: what may be
seen of an entry is what may be seen of its repository at the moment of the search.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVectorField
from django.db import models
from django.db.models.functions import Replace

from registry.models import Repository, SearchEntry, User
from registry.models.search import ABUNDANT
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
# Of so many matches of a kind a page tells.
RANKED = 100
# So many of a kind are looked at, whatever matches.
CANDIDATES = 200
# Among so many of the newest entries common words are looked for.
RECENT = 8000
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
    """Numbers of entries, the best first; counts stop at `most`."""

    keys: list[int]
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
    theirs = models.Q(kind="submission", summary__regex=rf"(^| · ){re.escape(name)} · ") | models.Q(
        kind="discussion", summary__endswith=f" · {name}"
    )
    rows = SearchEntry.objects.filter(theirs, vector=_Asked(language.query(f'"{name}"')))
    title = models.Func(
        models.F("vector"),
        template="ts_filter(%(expressions)s, '{a}')",
        output_field=SearchVectorField(),
    )
    rows.update(summary="", vector=title)


def find(user: User | None, text: str, *, kind: str = "") -> Found:
    """What `user` may see and `text` matches: numbers of entries, `hits` has what they say.

    Numbers of candidates come by the indexes alone; then those that may be seen are ranked.
    """
    asked = language.query(text)
    if not asked:
        return Found([], {}, RANKED)
    kinds = [kind] if kind in KINDS else list(KINDS)
    numbers = _few(asked, [few for few in kinds if few not in ABUNDANT])
    for many in ABUNDANT:
        if many in kinds:
            numbers += _many(asked, many)
    ranked = _ranked(SearchEntry.objects.filter(pk__in=set(numbers)), user, asked, text)
    counts: Counter[str] = Counter()
    keys = []
    for number, its_kind, _rank in sorted(ranked, key=lambda row: (-row[2], -row[0])):
        counts[its_kind] += 1
        if counts[its_kind] <= RANKED:
            keys.append(number)
    return Found(keys, {name: min(count, RANKED) for name, count in counts.items()}, RANKED)


def hits(keys: Iterable[int]) -> list[Hit]:
    """What a page shows, in the order of the keys."""
    wanted = list(keys)
    rows = {entry.pk: entry for entry in SearchEntry.objects.filter(pk__in=wanted).defer("vector")}
    return [
        Hit(entry.kind, entry.title, entry.url, entry.summary, entry.updated_at)
        for key in wanted
        if (entry := rows.get(key))
    ]


def _few(asked: str, kinds: list[str]) -> list[int]:
    """The newest matches of kinds of which there are so few that one index finds them all."""
    rows = SearchEntry.objects.exclude(kind__in=ABUNDANT).filter(vector=_Asked(asked))
    parts = [
        rows.filter(kind=kind).order_by(_BY_NUMBER).values_list("pk", flat=True)[:CANDIDATES]
        for kind in kinds
    ]
    return (
        list(parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]) if parts else []
    )


def _many(asked: str, kind: str) -> list[int]:
    """The newest matches; of words that are rare among them also older ones."""
    of_kind = SearchEntry.objects.filter(kind=kind)
    newest = of_kind.order_by("-pk").values("pk")[:1]
    rows = of_kind.filter(vector=_Asked(asked)).values_list("pk", flat=True)
    recent = rows.filter(pk__gt=models.Subquery(newest) - RECENT).order_by("-pk")
    found = list(recent[:CANDIDATES])
    if len(found) < CANDIDATES:
        found += rows.order_by(_BY_NUMBER)[: 2 * CANDIDATES]
    return found


# Newest first. The sum keeps PostgreSQL from walking backwards over all there is, looking for
# the words, where the index of words knows.
_BY_NUMBER = (-(models.F("pk") + 0)).asc()


def _ranked(
    rows: models.QuerySet[SearchEntry], user: User | None, asked: str, text: str
) -> models.QuerySet[SearchEntry, tuple[int, str, float]]:
    """By words, kind, and whether it is just what it is called."""
    name = text.strip()
    visible = Repository.objects.visible_to(user).values("pk")
    named = models.Case(
        models.When(title__iexact=name, then=models.Value(2.0)),
        models.When(title__iendswith=f"/{name}", then=models.Value(1.0)),
        default=models.Value(0.0),
        output_field=models.FloatField(),
    )
    weight = models.Case(
        *(models.When(kind=kind, then=models.Value(weight)) for kind, weight in KINDS.items()),
        default=models.Value(1.0),
        output_field=models.FloatField(),
    )
    rank = SearchRank(models.F("vector"), _Asked(asked)) * weight + named
    return (
        rows.filter(models.Q(repository=None) | models.Q(repository__in=visible))
        .annotate(rank=rank)
        .values_list("pk", "kind", "rank")
    )


class _Asked(SearchQuery):
    """A query as `words.query` writes it; PostgreSQL's parser would take it apart once more."""

    def __init__(self, asked: str) -> None:
        super().__init__(asked, search_type="raw")
        self.asked = asked

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        return "%s::tsquery", [self.asked]


def repositories(text: str, kind: str) -> models.QuerySet[SearchEntry]:
    """Entries of repositories of a kind that the words match; visibility is the caller's matter."""
    asked = language.query(text)
    rows = SearchEntry.objects.filter(kind=kind, repository__isnull=False)
    return rows.filter(vector=_Asked(asked)) if asked else rows.none()
