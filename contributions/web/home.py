"""The first page: what is going on, what needs help, what waits for you, and how to take part."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from contributions.models import Release, Submission
from contributions.services import attention, community
from contributions.web import polling
from contributions.web.lists import submission_lines
from registry.web.pages import person


@require_GET
def words(request: HttpRequest) -> HttpResponse:
    """What the words and figures of the other pages mean."""
    return render(request, "contributions/about.html")


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    user = person(request)
    lines = submission_lines(Submission.objects.visible_to(user).listed()[:8], viewer=user)
    releases = Release.objects.visible_to(user).released().filter(number__gt=0)
    context = {
        **_figures(),
        "version": _version(),
        "mine": attention.of(user) if user else None,
        "help": attention.wanted(user),
        "lines": lines,
        "releases": list(releases.listed()[:5]),
        "earners": community.earners(),
        "endpoint": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "contributions/home.html", context)


@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """The figures. Whoever has them already costs no query."""
    return polling.part(request, "contributions/_home_live.html", _version(), _figures)


def _figures() -> dict[str, Any]:
    return {"totals": community.totals(), "now": community.now()}


def _version() -> str:
    return polling.etag(community.totals(), community.now())
