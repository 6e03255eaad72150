"""Tracks: the list, and one with its rules and leaderboard."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from contributions.models import RunStatus, Track, TrackStatus
from contributions.services import access, track_files
from contributions.web import leaderboard
from registry.models import Repository
from registry.web.links import choices, listing, with_value
from registry.web.pages import caller, person


@require_GET
def track_list(request: HttpRequest) -> HttpResponse:
    tracks = Track.objects.visible_to(person(request)).listed()
    if (status := request.GET.get("status")) in TrackStatus.values:
        tracks = tracks.filter(status=status)
    options = [("", "all"), *((status.value, status.value) for status in TrackStatus)]
    context = {
        "listing": listing(request, tracks),
        "status_choices": choices(request, "status", options),
        "example": track_files.EXAMPLE,
    }
    return render(request, "contributions/tracks.html", context)


@require_GET
def track_page(request: HttpRequest, name: str) -> HttpResponse:
    track = access.track(caller(request), name)
    user, sort = person(request), request.GET.get("sort", "")
    page = listing(request, leaderboard.entries(track, user, sort=sort))
    releases = list(track.releases.order_by("-number")[:50])
    standings = leaderboard.standings(track, releases)
    waiting = track.submissions.visible_to(user).filter(comparisons=None).listed()[:20]
    context = {
        "track": track,
        "listing": page,
        "entries": leaderboard.lines(track, page.page, standings, sort=sort),
        "standings": standings,
        "base": next((r for r in releases if r.revision == track.base_revision), None),
        "waiting": waiting,
        "runs": track.runs.filter(submission=None).exclude(status=RunStatus.SUCCEEDED)[:5],
        "data": track.training_data.filter(
            dataset__in=Repository.objects.visible_to(user).values("pk")
        ).select_related("dataset__namespace"),
        "sort": sort,
        "sort_links": {
            key or "loss": with_value(request, "sort", key) for key in leaderboard.SORTS
        },
        "splits": {name: len(rows) for name, rows in track.benchmark.splits.items()},
        "endpoint": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "contributions/track.html", context)
