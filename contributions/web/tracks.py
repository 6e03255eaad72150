"""Tracks: the list, and one with its rules, leaderboard and history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from contributions.models import (
    Comparison,
    Key,
    PatchKind,
    ReleaseStatus,
    RunStatus,
    Submission,
    Task,
    Track,
    TrackStatus,
)
from contributions.models.tracks import default_policy
from contributions.services import access, standings, track_files, track_ranking
from contributions.services.scores import LOSS
from contributions.services.standings import Standing
from contributions.services.track_ranking import Ranked
from contributions.web import leaderboard, leaderboard_rows, plots
from contributions.web.scores import measure_name
from registry.models import Repository, RoleGrant, User
from registry.services.access import is_maintainer
from registry.web.links import choices, listing, with_value
from registry.web.pages import caller, person

SORTS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "": (gettext_lazy("most submissions first"), ("-submission_count", "name")),
    "newest": (gettext_lazy("newest first"), ("-id",)),
    "name": (gettext_lazy("by name"), ("name",)),
}
RECORDS_SHOWN, WAITING_SHOWN, RUNS_SHOWN, DATA_SHOWN = 20, 20, 5, 20


@require_GET
def track_list(request: HttpRequest) -> HttpResponse:
    wanted = request.GET
    tracks = Track.objects.visible_to(person(request)).listed()
    if (status := wanted.get("status")) in TrackStatus.values:
        tracks = tracks.filter(status=status)
    if (task := wanted.get("task")) in Task.values:
        tracks = tracks.filter(task=task)
    tracks = tracks.order_by(*SORTS.get(wanted.get("sort", ""), SORTS[""])[1])
    statuses = [("", _("all")), *((s.value, str(s.label).lower()) for s in TrackStatus)]
    tasks = [("", _("every task")), *((t.value, t.value) for t in Task)]
    context = {
        "listing": listing(request, tracks),
        "status_choices": choices(request, "status", statuses),
        "task_choices": choices(request, "task", tasks),
        "sort_choices": choices(request, "sort", [(k, str(v[0])) for k, v in SORTS.items()]),
        "example": track_files.EXAMPLE,
    }
    return render(request, "contributions/tracks.html", context)


@require_GET
def track_page(request: HttpRequest, name: str) -> HttpResponse:
    track = access.track(caller(request), name)
    user = person(request)
    releases = list(standings.releases_of(track))
    standing = standings.standings(track, releases)
    waiting = track.submissions.open_to(user).filter(
        ~Exists(Comparison.objects.filter(submission=OuterRef("pk")))
    )
    context = {
        "track": track,
        "standings": standing,
        "base": next((r for r in releases if r.revision == track.base_revision), None),
        **_board(request, track, standing),
        **_progress(track, standing),
        "at_work": [r for r in releases if r.status in {ReleaseStatus.MERGING, "valuing"}],
        **_controls(track, user),
        "waiting": waiting.select_related("contributor").order_by("-id")[:WAITING_SHOWN],
        "runs": track.runs.filter(submission=None)
        .exclude(status=RunStatus.SUCCEEDED)
        .defer("log", "plan", "spec", "result", "curve")
        .order_by("-id")[:RUNS_SHOWN],
        "data": track.training_data.filter(
            dataset__in=Repository.objects.open_to(user).values("pk")
        ).select_related("dataset__namespace")[:DATA_SHOWN],
        "splits": {part: len(rows) for part, rows in track.benchmark.splits.items()},
        "endpoint": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "contributions/track.html", context)


def _controls(track: Track, user: User | None) -> dict[str, Any]:
    """For maintainers; and the keys that nobody can turn, while the base waits for them."""
    maintains = user is not None and is_maintainer(user, track.repository)
    if not maintains or track.status != TrackStatus.PREPARING:
        return {"maintains": maintains}
    keys = track.policy.get("keys", default_policy()["keys"])
    roles = {key: Key(key).role for key in keys}
    held = RoleGrant.objects.filter(role__in=roles.values(), user__is_active=True)
    others = set(held.exclude(user=user).values_list("role", flat=True))
    lacking = [str(Key(key).label) for key, role in roles.items() if role not in others]
    return {"maintains": maintains, "keys_of_nobody": ", ".join(lacking)}


def _board(request: HttpRequest, track: Track, standing: Sequence[Standing]) -> dict[str, Any]:
    """The page of the leaderboard that is asked for, and its history."""
    wanted = {key: request.GET.get(key, "") for key in ("sort", "kind")}
    ranked = track_ranking.ranking(track, person(request))
    page = listing(request, track_ranking.ordered(ranked, track=track, **wanted))
    records = ranked.records[-RECORDS_SHOWN:]
    found = leaderboard.loaded(track, {row.pk for row in [*page.page, *records]})
    kinds = [(k.value, str(k.label)) for k in PatchKind if k.value in ranked.kinds]
    return {
        "listing": page,
        "entries": leaderboard_rows.entries(
            track, list(page.page), found, standing, ranked, sort=wanted["sort"]
        ),
        "measured": len(ranked.rows),
        **wanted,
        "kind_choices": choices(request, "kind", [("", _("every kind")), *kinds]),
        "sort_links": {
            key or "loss": with_value(request, "sort", key) for key in track_ranking.SORTS
        },
        **_history(records, found),
    }


def _history(records: Sequence[Ranked], found: Mapping[int, Submission]) -> dict[str, Any]:
    """Who led when: each measurement that was better than all before it."""
    points = [
        plots.Value(plots.seconds(row.at), row.loss, str(row.pk), row.best, row.worst)
        for row in records
        if row.at is not None
    ]
    rows = [(row, found[row.pk]) for row in reversed(records) if row.pk in found]
    return {"records": rows, "record_plot": plots.plot(points, stepped=True)}


def _progress(track: Track, standing: Sequence[Standing]) -> dict[str, Any]:
    """Loss and metric from release to release."""
    losses = [
        plots.Value(s.release.number, s.loss, str(s.release.number), s.best, s.worst)
        for s in standing
        if s.loss is not None
    ]
    metrics = [
        plots.Value(s.release.number, s.metric, str(s.release.number))
        for s in standing
        if s.metric is not None
    ]
    drawn = [
        (measure_name(LOSS), _("nats"), plots.plot(losses)),
        (measure_name(track.metric), "", plots.plot(metrics)),
    ]
    return {"progress": [(name, unit, picture) for name, unit, picture in drawn if picture]}
