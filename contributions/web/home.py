"""The first page: what is worked on, what was offered last, and how to take part."""

from __future__ import annotations

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from contributions.models import Release, Submission, Track
from contributions.web.lists import submission_lines
from registry.models import Repository
from registry.web.pages import person


@require_GET
def words(request: HttpRequest) -> HttpResponse:
    """What the words and figures of the other pages mean."""
    return render(request, "contributions/about.html")


def home(request: HttpRequest) -> HttpResponse:
    user = person(request)
    submissions = Submission.objects.visible_to(user)
    releases = Release.objects.visible_to(user).released()
    context = {
        "tracks": Track.objects.visible_to(user).open().listed()[:6],
        "lines": submission_lines(submissions.listed()[:10]),
        "releases": releases.filter(number__gt=0).listed()[:5],
        "tallies": {
            **submissions.aggregate(
                submissions=Count("pk", distinct=True),
                measured=Count("pk", filter=Q(comparisons__isnull=False), distinct=True),
            ),
            "releases": releases.filter(number__gt=0).count(),
            "repositories": Repository.objects.visible_to(user).count(),
        },
        "endpoint": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "contributions/home.html", context)
