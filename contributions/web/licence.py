"""What a repository says of its licence, and what those say that it was made of. Facts only."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from contributions.services import lineage as lineages
from contributions.services.cards import Card
from contributions.web.repositories import header
from registry.models import Repository
from registry.services import access, contents, objects, refs
from registry.services.access import Need
from registry.services.errors import Forbidden, RevisionNotFound
from registry.web.pages import caller, person

# Names that a licence text goes by, in the root or in a folder LICENSES (as REUSE has it).
_TEXT = re.compile(
    r"(?:licen[cs]e|notice|copying|copyright|patents|third[-_]party[-_]notices?)(?:[-_.].*)?",
    re.IGNORECASE,
)
_FOLDER = re.compile(r"licen[cs]es?", re.IGNORECASE)
TEXTS, LONGEST = 8, 3000


@dataclass(frozen=True)
class Found:
    path: str
    beginning: str
    cut: bool


@require_GET
def licence(request: HttpRequest, repo_type: str, namespace: str, name: str) -> HttpResponse:
    repository = access.repository(caller(request), repo_type, namespace, name, need=Need.READ)
    user = person(request)
    card = Card(repository.card)
    link = card.text("license_link")
    family = lineages.of(repository, viewer=user)
    context = {
        **header(repository, "licence", user=user),
        "declared": card.texts("license"),
        "licence_name": card.text("license_name"),
        "licence_link": link if link.startswith(("https://", "http://")) else "",
        "bases": family.bases,
        "datasets": family.datasets,
        **_texts(request, repository),
    }
    return render(request, "contributions/licence.html", context)


def _texts(request: HttpRequest, repository: Repository) -> dict[str, object]:
    """Beginnings of the licence texts on the default branch, for those who may read files."""
    try:
        access.authorise(caller(request), repository, need=Need.CONTENT)
        revision = refs.resolve(repository)
    except Forbidden as refused:
        return {"refused": refused}
    except RevisionNotFound:
        return {"texts": []}
    root = objects.walk(revision.tree)
    folders = {e.path: e.oid for e in root if not e.is_file and _FOLDER.fullmatch(e.name)}
    inside = [
        objects.Entry(f"{folder}/{entry.path}", entry.kind, entry.oid, entry.mode)
        for folder, entries in objects.walk_many(folders, recursive=False).items()
        for entry in entries
    ]
    named = [entry for entry in root if _TEXT.fullmatch(entry.name)] + inside
    files, opened = contents.loaded([entry for entry in named if entry.is_file][:TEXTS])
    found = []
    for entry in files:
        with opened(entry) as stream:
            text = stream.read(4 * LONGEST).decode(errors="replace").replace("\0", "")
        found.append(Found(entry.path, text[:LONGEST], entry.size > LONGEST))
    return {"texts": found, "revision": revision}
