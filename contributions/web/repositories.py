"""Repositories: the lists, and the card with what was measured."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from contributions.models import Credit, Discussion, DiscussionStatus, Release, Submission, Track
from contributions.web.lists import submission_lines
from registry.models import Repository, RepoType, User
from registry.services import access, commits, front_matter, refs
from registry.services.access import Need
from registry.services.errors import EntryNotFound, Forbidden, RevisionNotFound
from registry.web.links import choices, listing
from registry.web.pages import caller, person
from registry.web.rendering import markdown

LONGEST_CARD = 200_000
_SORTS = {
    "": ("recently changed", "-updated_at"),
    "downloads": ("most downloaded", "-downloads"),
    "name": ("by name", "name"),
}


@require_GET
def repository_list(request: HttpRequest, repo_type: str) -> HttpResponse:
    kind = RepoType(repo_type)
    rows = Repository.objects.visible_to(person(request)).filter(repo_type=kind)
    if words := request.GET.get("search", "").strip():
        rows = rows.filter(Q(name__icontains=words) | Q(namespace__name__icontains=words))
    ordering = _SORTS.get(request.GET.get("sort", ""), _SORTS[""])[1]
    page = listing(
        request,
        rows.select_related("namespace")
        .annotate(submission_count=Count("submissions", distinct=True))
        .order_by(ordering, "-pk"),
    )
    context = {
        "kind": kind,
        "listing": page,
        "search": words,
        "sort_choices": choices(request, "sort", [(k, v[0]) for k, v in _SORTS.items()]),
        "endpoint": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "contributions/repositories.html", context)


@require_GET
def overview(request: HttpRequest, repo_type: str, namespace: str, name: str) -> HttpResponse:
    asking = caller(request)
    repository = access.repository(asking, repo_type, namespace, name, need=Need.READ)
    user = person(request)
    submissions = Submission.objects.visible_to(user).filter(repository=repository).listed()
    tracks = list(
        Track.objects.visible_to(user)
        .filter(Q(repository=repository) | Q(training_data__dataset=repository))
        .distinct()
        .order_by("-status", "name")
    )
    context = {
        **header(repository, "card", user=user, tracks=tracks),
        "card": _card(request, repository),
        "facts": _facts(repository),
        "auto_class": _AUTO_CLASSES.get(str(repository.card.get("pipeline_tag")), "AutoModel"),
        "lines": submission_lines(submissions[:5]),
        "releases": Release.objects.released().filter(track__in=tracks, number__gt=0).listed()[:5],
        "credits": Credit.objects.filter(
            release__track__in=tracks, release__track__repository=repository
        )
        .select_related("contributor", "release__track")
        .order_by("-release_id", "-amount")[:10],
        "endpoint": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "contributions/repository.html", context)


def header(
    repository: Repository,
    tab: str,
    *,
    user: User | None = None,
    tracks: list[Track] | None = None,
) -> dict[str, Any]:
    """What every page of a repository shows above its own part; three to five queries."""
    if tracks is None:
        tracks = list(
            Track.objects.visible_to(user)
            .filter(Q(repository=repository) | Q(training_data__dataset=repository))
            .distinct()[:1]
        )
    held = repository.disabled and repository.quarantines.filter(lifted_at=None).first()
    return {
        "repository": repository,
        "tab": tab,
        "tracks": tracks,
        "open_count": Discussion.objects.filter(
            repository=repository, status__in=[DiscussionStatus.OPEN, DiscussionStatus.DRAFT]
        ).count(),
        "quarantine": held or None,
        "may_set_up": user is not None and access.is_maintainer(user, repository),
    }


def _card(request: HttpRequest, repository: Repository) -> dict[str, Any]:
    """The rendered README of the default branch, or why there is none to read."""
    try:
        access.authorise(caller(request), repository, need=Need.CONTENT)
        revision = refs.resolve(repository)
        content = commits.read_file(repository, revision, "README.md", limit=LONGEST_CARD)
    except (EntryNotFound, RevisionNotFound):
        return {"missing": True}
    except Forbidden as refused:
        return {"refused": refused}
    parsed = front_matter.parse(content.decode(errors="replace"))
    images = f"/{repository.path}/resolve/{revision.oid}"
    return {"html": markdown(parsed.body, images_from=images), "problem": parsed.problem}


_AUTO_CLASSES = {
    "text-classification": "AutoModelForSequenceClassification",
    "token-classification": "AutoModelForTokenClassification",
    "image-classification": "AutoModelForImageClassification",
}
_SHOWN = {
    "license": "Licence",
    "base_model": "Base model",
    "datasets": "Datasets",
    "language": "Language",
    "pipeline_tag": "Task",
    "task_categories": "Task",
    "library_name": "Library",
}


def _facts(repository: Repository) -> list[tuple[str, str]]:
    """The lines of the card's front matter that a reader looks for."""
    found = []
    for key, name in _SHOWN.items():
        value = repository.card.get(key)
        values = value if isinstance(value, list) else [value]
        plain = [str(item) for item in values if isinstance(item, str | int | float)]
        if plain:
            found.append((name, ", ".join(plain)[:300]))
    return found
