"""Models and datasets: searched, narrowed by facets, sorted, leafed through."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, F, Func, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET

from contributions.models import Release, Track, TrackDataset
from contributions.services import ranking
from contributions.services.ranking import Figures
from registry.models import Repository, RepoType, User
from registry.models.repositories import RepositoryQuerySet
from registry.services import facets, search
from registry.web.links import Choice, choices, listing, with_value
from registry.web.pages import person

PAGE_SIZE = 30
NAMES: dict[str, str | Promise] = {
    "task": _("Task"),
    "licence": _("Licence"),
    "language": _("Language"),
    "library": _("Library"),
    "base": _("Base model"),
    "has": _("Measured"),
}
_SORTS: dict[str, tuple[str | Promise, str]] = {
    "": (_("recently changed"), "-updated_at"),
    "downloads": (_("most downloaded"), "-downloads"),
    "name": (_("by name"), "name"),
}
_RANKED: dict[str, tuple[str | Promise, Callable[[RepoType], list[int]]]] = {
    "gain": (_("largest gain"), ranking.by_gain),
    "contributors": (_("most contributors"), ranking.by_contributors),
}
_HAS: dict[str, str | Promise] = {
    "track": pgettext_lazy("filter", "with an open track"),
    "release": pgettext_lazy("filter", "with a release"),
}


@dataclass(frozen=True)
class Facet:
    name: str | Promise
    choices: list[tuple[Choice, int | None]]
    chosen: str
    without: str


@dataclass(frozen=True)
class Line:
    repository: Repository
    tasks: str
    licence: str
    figures: Figures


@require_GET
def repository_list(request: HttpRequest, repo_type: str) -> HttpResponse:
    kind = RepoType(repo_type)
    words = request.GET.get("search", "").strip()
    user = person(request)
    rows = _narrowed(
        Repository.objects.visible_to(user).filter(repo_type=kind), request, kind, words
    )
    page = listing(request, _ordered(rows, request, kind), size=PAGE_SIZE)
    offered = _facets(request, kind)
    chosen = [facet for facet in offered if facet.chosen]
    context = {
        "kind": kind,
        "listing": page,
        "lines": _lines(page.page.object_list, user),
        "search": words,
        "facets": offered,
        "chosen": chosen,
        "kept": _kept(request),
        "sorts": choices(request, "sort", [(k, v[0]) for k, v in (_SORTS | _sorts(kind)).items()]),
        "filtered": bool(words or chosen),
        "endpoint": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "contributions/repositories.html", context)


def _narrowed(
    rows: RepositoryQuerySet, request: HttpRequest, kind: RepoType, words: str
) -> RepositoryQuerySet:
    if words:
        rows = rows.filter(pk__in=search.repositories(words, kind).values("repository"))
    for facet in facets.FACETS[kind]:
        if value := request.GET.get(facet, ""):
            rows = facets.narrowed(rows, kind, facet, value[:200])
    has = request.GET.get("has")
    if has == "release":
        released = Release.objects.released().filter(number__gt=0)
        return rows.filter(pk__in=released.values("track__repository"))
    if has == "track":
        worked_on = Track.objects.visible_to(person(request)).open()
        if kind is RepoType.MODEL:
            return rows.filter(pk__in=worked_on.values("repository"))
        return rows.filter(
            pk__in=TrackDataset.objects.filter(track__in=worked_on).values("dataset")
        )
    return rows


def _ordered(rows: RepositoryQuerySet, request: HttpRequest, kind: RepoType) -> RepositoryQuerySet:
    rows = rows.select_related("namespace")
    wanted = request.GET.get("sort", "")
    if wanted in _sorts(kind):
        best = Value(_RANKED[wanted][1](kind), output_field=ArrayField(BigIntegerField()))
        place = Func(best, F("pk"), function="array_position")
        return rows.order_by(place.asc(nulls_last=True), "-updated_at", "-pk")
    return rows.order_by(_SORTS.get(wanted, _SORTS[""])[1], "-pk")


def _sorts(kind: RepoType) -> dict[str, Any]:
    """No release is made of a dataset."""
    return {k: v for k, v in _RANKED.items() if kind is RepoType.MODEL or k != "gain"}


def _lines(repositories: Iterable[Repository], user: User | None) -> list[Line]:
    listed = list(repositories)
    known = ranking.figures((repository.pk for repository in listed), viewer=user)
    return [
        Line(
            repository,
            _said(repository, "pipeline_tag") or _said(repository, "task_categories"),
            _said(repository, "license"),
            known[repository.pk],
        )
        for repository in listed
    ]


def _said(repository: Repository, key: str) -> str:
    """A card is what somebody wrote: it may hold anything anywhere."""
    value = repository.card.get(key)
    values = value if isinstance(value, list) else [value]
    return ", ".join(str(item) for item in values[:3] if isinstance(item, str | int | float))[:80]


def _facets(request: HttpRequest, kind: RepoType) -> list[Facet]:
    known = facets.counts(kind)
    found = [
        _facet(request, name, [(value, value, count) for value, count in known.get(name, [])])
        for name in facets.FACETS[kind]
    ]
    has: list[tuple[str, str | Promise, int | None]] = [
        (k, v, None) for k, v in _HAS.items() if kind is RepoType.MODEL or k == "track"
    ]
    found.append(_facet(request, "has", has))
    return [facet for facet in found if facet.choices or facet.chosen]


def _facet(
    request: HttpRequest, name: str, options: list[tuple[str, str | Promise, int | None]]
) -> Facet:
    current = request.GET.get(name, "")[:200]
    listed = [
        (Choice(str(label), with_value(request, name, value), value == current), count)
        for value, label, count in options
    ]
    said = next((choice.label for choice, _count in listed if choice.chosen), current)
    return Facet(NAMES[name], listed, said, with_value(request, name, ""))


def _kept(request: HttpRequest) -> list[tuple[str, str]]:
    """What the search form hands on beside its words."""
    return [(key, value) for key in (*NAMES, "sort") if (value := request.GET.get(key, "")[:200])]
