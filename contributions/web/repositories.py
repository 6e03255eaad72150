"""A repository: its card, with what was measured of it."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from contributions.models import Credit, Discussion, DiscussionStatus, Release, Submission, Track
from contributions.services import protection
from contributions.web.lists import submission_lines
from registry.models import MemberRole, Repository, User
from registry.services import access, contents, front_matter, objects, projection, refs
from registry.services.access import Need
from registry.services.errors import Forbidden, RevisionNotFound
from registry.web.pages import caller, person
from registry.web.rendering import markdown_within

LONGEST_CARD = 200_000
CARD_BYTES = 120_000


@require_GET
def overview(request: HttpRequest, repo_type: str, namespace: str, name: str) -> HttpResponse:
    asking = caller(request)
    repository = access.repository(asking, repo_type, namespace, name, need=Need.READ)
    user = person(request)
    submissions = Submission.objects.open_to(user).filter(repository=repository).listed()
    tracks = list(
        Track.objects.open_to(user)
        .filter(Q(repository=repository) | Q(training_data__dataset=repository))
        .distinct()
        .order_by("-status", "name")
    )
    context = {
        **header(repository, "card", user=user),
        "tracks": tracks,
        "card": _card(request, repository),
        "facts": _facts(repository),
        "auto_class": _AUTO_CLASSES.get(str(repository.card.get("pipeline_tag")), "AutoModel"),
        "lines": submission_lines(submissions[:5], viewer=user),
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
    role: MemberRole | None = None,
) -> dict[str, Any]:
    """What every page of a repository shows above its own part; one query, two for a stranger.

    `role`: of `user` here, where the page has asked already.
    """
    here = {"repository": OuterRef("pk")}
    live = Discussion.objects.filter(
        **here, status__in=[DiscussionStatus.OPEN, DiscussionStatus.DRAFT]
    )
    count = live.order_by().values("repository").annotate(number=Count("pk")).values("number")
    protecting = Track.objects.filter(**here, status__in=protection.PROTECTING)
    facts = Repository.objects.filter(pk=repository.pk).values_list(
        Subquery(count), Exists(protecting)
    )
    open_count, protected = facts.first() or (0, False)
    held = repository.disabled and repository.quarantines.filter(lifted_at=None).first()
    return {
        "repository": repository,
        "tab": tab,
        "open_count": open_count or 0,
        "main_is_protected": protected,
        "quarantine": held or None,
        "may_set_up": (role or access.role_on(user, repository)) is MemberRole.MAINTAINER,
    }


def _card(request: HttpRequest, repository: Repository) -> dict[str, Any]:
    """The rendered README of the default branch, or why there is none to read."""
    try:
        access.authorise(caller(request), repository, need=Need.CONTENT)
        revision = refs.resolve(repository)
    except RevisionNotFound:
        return {"missing": True, "new": True}
    except Forbidden as refused:
        return {"refused": refused}
    found = objects.find(revision.tree, projection.CARD)
    if found is None or not found.is_file:
        return {"missing": True, "new": revision.generation == 0}
    with contents.regular_blob(found.oid) as stream:
        content = stream.read(LONGEST_CARD)
    parsed = front_matter.parse(content.decode(errors="replace"))
    images = f"/{repository.path}/resolve/{revision.oid}"
    html, cut = markdown_within(parsed.body, CARD_BYTES, images_from=images)
    return {"html": html, "problem": parsed.problem, "cut": cut}


_AUTO_CLASSES = {
    "text-classification": "AutoModelForSequenceClassification",
    "token-classification": "AutoModelForTokenClassification",
    "image-classification": "AutoModelForImageClassification",
}
_SHOWN = {
    "license": gettext_lazy("Licence"),
    "base_model": gettext_lazy("Base model"),
    "datasets": gettext_lazy("Datasets"),
    "language": gettext_lazy("Language"),
    "pipeline_tag": gettext_lazy("Task"),
    "task_categories": gettext_lazy("Task"),
    "library_name": gettext_lazy("Library"),
}


def _facts(repository: Repository) -> list[tuple[str, str]]:
    """The lines of the card's front matter that a reader looks for."""
    found = []
    for key, name in _SHOWN.items():
        value = repository.card.get(key)
        values = value if isinstance(value, list) else [value]
        plain = [str(item) for item in values if isinstance(item, str | int | float)]
        if plain:
            found.append((str(name), ", ".join(plain)[:300]))
    return found
