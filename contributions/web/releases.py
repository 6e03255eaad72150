"""A release: what was merged with which weight, and who brought what of the gain."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from contributions.models import Release, ReleaseStatus, Submission
from contributions.services import access
from contributions.web import polling, release_story
from registry.services.access import is_maintainer
from registry.web.pages import caller, person

_AT_WORK = {ReleaseStatus.MERGING, ReleaseStatus.VALUING}
# Never part of what recomputes a release in public.
_CLOSED = frozenset({"outcomes", "artifact", "provenance"})


@require_GET
def release_page(request: HttpRequest, name: str, number: int) -> HttpResponse:
    release = access.release(caller(request), name, number)
    context = {**_details(request, release), "version": _version(request, release)}
    return render(request, "contributions/release.html", context)


@require_GET
def live(request: HttpRequest, name: str, number: int) -> HttpResponse:
    release = access.release(caller(request), name, number)
    return polling.part(
        request,
        "contributions/_release_live.html",
        _version(request, release),
        lambda: _details(request, release),
    )


@require_GET
def evidence(request: HttpRequest, name: str, number: int) -> JsonResponse:
    """All figures that the release was computed from and to; outcomes of examples stay closed."""
    release = access.release(caller(request), name, number)
    facts = {
        "track": release.track.name,
        "release": release.number,
        "formula": release.formula,
        "base_revision": release.base_revision,
        "revision": release.revision,
        "gain": {"V": release.gain_v, "T": release.gain_t},
        "nodes": release.nodes,
        "gap": release.gap,
        "kappa": release.kappa,
        "evidence": _without_closed(release.evidence),
    }
    response = JsonResponse(facts, json_dumps_params={"indent": 1})
    filename = f"{release.track.name}-release-{release.number}.json"
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def _without_closed(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_closed(v) for k, v in value.items() if k not in _CLOSED}
    return [_without_closed(v) for v in value] if isinstance(value, list) else value


def _version(request: HttpRequest, release: Release) -> str:
    user = person(request)
    runs = release.runs.values_list("pk", "status", "heartbeat_at").order_by("pk")
    steps = release.publications.values_list("pk", "status", "steps__status").order_by(
        "pk", "steps__position"
    )
    state = (user and user.pk, request.LANGUAGE_CODE, release.status, release.reason)
    return polling.etag(release.pk, *state, *runs, *steps)


def _details(request: HttpRequest, release: Release) -> dict[str, Any]:
    user = person(request)
    patches = list(
        release.patches.select_related("submission__contributor").order_by("-admitted", "pk")
    )
    publications = list(release.publications.prefetch_related("steps").order_by("pk"))
    credits = list(release.credits.select_related("contributor", "submission"))
    visible = set(
        Submission.objects.open_to(user)
        .filter(release_patches__release=release)
        .values_list("pk", flat=True)
    )
    return {
        "release": release,
        "track": release.track,
        "maintains": user is not None and is_maintainer(user, release.track.repository),
        "working": release.status in _AT_WORK,
        "moving": release.status in _AT_WORK
        or any(p.status in {"queued", "publishing"} for p in publications),
        "visible": visible,
        "admitted": [patch for patch in patches if patch.admitted],
        "others": [patch for patch in patches if not patch.admitted],
        "people": len({p.submission.contributor_id for p in patches if p.admitted}),
        **release_story.told(release, patches, credits, visible),
        "publications": publications,
        "runs": release.runs.select_related("contributor")
        .defer("log", "plan", "spec", "result", "curve")
        .order_by("-pk"),
    }
