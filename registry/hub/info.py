"""What a repository is: info, lists, and their filters."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.http.response import HttpResponseBase

from registry.hub import shapes
from registry.hub.routing import HubCall, hub_view
from registry.models import Ref, Repository, Revision
from registry.services import access, downloads, objects, refs
from registry.services.access import Need
from registry.services.errors import Invalid

_SORTS = {
    "lastModified": "updated_at",
    "last_modified": "updated_at",
    "createdAt": "created_at",
    "created_at": "created_at",
    "downloads": "downloads",
    # There are no likes and no trend here; newest first is what remains of them.
    "likes": "updated_at",
    "trendingScore": "updated_at",
    "trending_score": "updated_at",
}
_PAGE, _FULL_PAGE = 1000, 100
_FROM_FILES = frozenset({"siblings", "usedStorage"})


@hub_view("GET")
def info(call: HubCall) -> HttpResponseBase:
    repository = call.repository(Need.READ)
    revision = call.revision(repository)
    expand = set(call.request.GET.getlist("expand") + call.request.GET.getlist("expand[]"))
    shape = shapes.repository_info(repository, sha=revision.oid)
    if not expand or expand & _FROM_FILES:
        shape |= _from_files(revision, blobs=call.flag("blobs") or "usedStorage" in expand)
    if call.flag("securityStatus") or "securityStatus" in expand:
        shape["securityRepoStatus"] = {"scansDone": False, "filesWithIssues": []}
    if expand:
        shape = {key: shape[key] for key in ("_id", "id", *sorted(expand)) if key in shape}
    if "X-HF-Download-Counter" in call.request.headers:
        downloads.count(repository.pk, call.request)
    return call.json(shape)


def _from_files(revision: Revision, *, blobs: bool) -> dict[str, Any]:
    files = [entry for entry in objects.walk(revision.tree, recursive=True) if entry.is_file]
    if not blobs:
        return {"siblings": [shapes.sibling(entry, blobs=False) for entry in files]}
    known = objects.described(files)
    return {
        "siblings": [shapes.sibling(entry, blobs=True) for entry in known],
        "usedStorage": sum(entry.size for entry in known),
    }


@hub_view("GET")
def listing(call: HubCall) -> HttpResponseBase:
    """`/api/models`, `/api/datasets`; a constant number of queries."""
    query = call.request.GET
    expand = set(query.getlist("expand") + query.getlist("expand[]"))
    with_files = call.flag("full") or "siblings" in expand
    most = _FULL_PAGE if with_files else _PAGE
    limit = call.number("limit", most, most=most)
    found = _filtered(call).select_related("namespace")
    rows, cursor = _page(found, _sort(query.get("sort")), query.get("cursor", ""), limit)
    shas = _shas(rows)
    siblings = _siblings(rows, shas) if with_files else {}
    items = []
    for row in rows:
        shape = shapes.repository_info(row, sha=shas.get(row.pk)) | siblings.get(row.pk, {})
        if expand:
            shape = {key: shape[key] for key in ("_id", "id", *sorted(expand)) if key in shape}
        elif not (call.flag("cardData") or call.flag("full")):
            shape.pop("cardData")
        items.append(shape)
    return call.page(items, cursor=cursor)


def _filtered(call: HubCall) -> QuerySet[Repository]:
    query = call.request.GET
    found: QuerySet[Repository] = access.visible(call.caller).filter(
        repo_type=_type_of_list(call), disabled=False
    )
    if author := query.get("author"):
        found = found.filter(namespace__name__iexact=author)
    for term in query.getlist("search"):
        found = found.filter(_matches(term))
    wanted = [*query.getlist("filter"), *query.getlist("pipeline_tag")]
    for tag in (tag for item in wanted for tag in item.split(",") if tag):
        found = found.filter(tags__contains=[tag])
    if gated := query.get("gated"):
        found = found.exclude(gated="") if gated == "true" else found.filter(gated="")
    return found


def _type_of_list(call: HubCall) -> str:
    return call.repo_type.value


def _matches(term: str) -> Q:
    namespace, slash, name = term.strip().partition("/")
    if slash:
        return Q(namespace__name__iendswith=namespace, name__istartswith=name)
    return Q(name__icontains=namespace) | Q(namespace__name__icontains=namespace)


def _sort(given: str | None) -> str:
    if not given:
        return "updated_at"
    if given not in _SORTS:
        raise Invalid(
            f"Lists cannot be sorted by {given[:40]!a}.",
            where="sort",
            next=f"Use one of {', '.join(sorted(_SORTS))}.",
        )
    return _SORTS[given]


def _page(
    found: QuerySet[Repository], field: str, cursor: str, limit: int
) -> tuple[list[Repository], str | None]:
    """Newest (or most) first; the cursor names the last row of the page before."""
    if cursor:
        value, pk = _decoded(cursor, field)
        found = found.filter(Q(**{f"{field}__lt": value}) | Q(**{field: value}, pk__lt=pk))
    rows = list(found.order_by(f"-{field}", "-pk")[: limit + 1])
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    value = getattr(last, field)
    text = value.isoformat() if isinstance(value, dt.datetime) else str(value)
    return rows[:limit], base64.urlsafe_b64encode(f"{text} {last.pk}".encode()).decode()


def _decoded(cursor: str, field: str) -> tuple[dt.datetime | int, int]:
    try:
        text, _, pk = base64.urlsafe_b64decode(cursor.encode()).decode().rpartition(" ")
        value = int(text) if field == "downloads" else dt.datetime.fromisoformat(text)
        return value, int(pk)
    except (ValueError, binascii.Error) as wrong:
        raise Invalid("This page address is not valid.", where="cursor") from wrong


def _shas(rows: Sequence[Repository]) -> dict[int, str]:
    """Repository → commit at its default branch; one query."""
    names = {row.pk: refs.head(row.default_branch) for row in rows}
    found = Ref.objects.filter(repository__in=names, name__in=set(names.values()))
    return {
        pk: oid
        for pk, name, oid in found.values_list("repository_id", "name", "oid")
        if names[pk] == name
    }


def _siblings(rows: Sequence[Repository], shas: dict[int, str]) -> dict[int, dict[str, Any]]:
    """Files of a whole page of repositories: one query a level of depth."""
    trees = Revision.objects.filter(
        repository__in=[row.pk for row in rows], oid__in=set(shas.values())
    ).values_list("repository_id", "oid", "tree")
    roots = {pk: tree for pk, oid, tree in trees if shas.get(pk) == oid}
    return {
        pk: {"siblings": [shapes.sibling(e, blobs=False) for e in entries if e.is_file]}
        for pk, entries in objects.walk_many(roots).items()
    }


@hub_view("GET")
def tags_by_type(call: HubCall) -> HttpResponseBase:
    """Tags in use among public repositories, in the groups that the client shows."""
    kind = "model" if call.segments[-1].startswith("models") else "dataset"
    rows = access.visible(call.caller).filter(repo_type=kind).values_list("tags", flat=True)
    groups: dict[str, dict[str, dict[str, str]]] = {}
    for tag in sorted({tag for tags in rows for tag in tags}):
        group, colon, label = tag.partition(":")
        shown = (group, label) if colon else ("other", tag)
        groups.setdefault(shown[0], {})[tag] = {"id": tag, "label": shown[1], "type": shown[0]}
    return call.json({group: list(items.values()) for group, items in groups.items()})
