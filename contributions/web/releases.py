"""A release: what was merged with which weight, and who brought what of the gain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from contributions.models import Credit, Release, ReleasePatch, ReleaseStatus, Submission
from contributions.services import access
from contributions.web import polling
from contributions.web.charts import Interval, Scale
from contributions.web.scores import LOSS, ClassLine, class_lines
from registry.web.pages import caller, person

_AT_WORK = {ReleaseStatus.MERGING, ReleaseStatus.VALUING}


@dataclass(frozen=True)
class Share:
    credit: Credit
    interval: Interval
    percent: float | None
    shapley: float | None


@dataclass(frozen=True)
class Measure:
    """One measure on T, before and after the merge."""

    name: str
    before: float | None
    after: float | None
    gain: Interval | None


@require_GET
def release_page(request: HttpRequest, name: str, number: int) -> HttpResponse:
    release = access.release(caller(request), name, number)
    context = {**_details(request, release), "version": _version(release)}
    return render(request, "contributions/release.html", context)


@require_GET
def live(request: HttpRequest, name: str, number: int) -> HttpResponse:
    release = access.release(caller(request), name, number)
    return polling.part(
        request,
        "contributions/_release_live.html",
        _version(release),
        lambda: _details(request, release),
    )


def _version(release: Release) -> str:
    runs = release.runs.values_list("pk", "status", "heartbeat_at").order_by("pk")
    steps = release.publications.values_list("pk", "status", "steps__status").order_by(
        "pk", "steps__position"
    )
    return polling.etag(release.pk, release.status, release.reason, *runs, *steps)


def _details(request: HttpRequest, release: Release) -> dict[str, Any]:
    patches = list(
        release.patches.select_related("submission__contributor").order_by("-admitted", "pk")
    )
    publications = list(release.publications.prefetch_related("steps").order_by("pk"))
    return {
        "release": release,
        "track": release.track,
        "moving": release.status in _AT_WORK
        or any(p.status in {"queued", "publishing"} for p in publications),
        "visible": set(
            Submission.objects.visible_to(person(request))
            .filter(release_patches__release=release)
            .values_list("pk", flat=True)
        ),
        "shares": _shares(release),
        "admitted": [patch for patch in patches if patch.admitted],
        "others": [patch for patch in patches if not patch.admitted],
        "people": _people(patches),
        "measures": _measures(release),
        "classes": _classes(release),
        "copies": _copies(release),
        "publications": publications,
        "runs": release.runs.select_related("contributor")
        .prefetch_related("attempts")
        .order_by("-pk"),
    }


def _shares(release: Release) -> list[Share]:
    credits = list(release.credits.select_related("contributor", "submission"))
    scale = Scale.over(bound for c in credits for bound in (c.low, c.high))
    whole = sum(c.amount for c in credits)
    shapley = (release.evidence.get("attribute") or {}).get("kernel_shap") or {}
    return [
        Share(
            credit=c,
            interval=scale.interval(c.amount, c.low, c.high),
            percent=100 * c.amount / whole if whole > 0 else None,
            shapley=shapley.get(str(c.submission_id)),
        )
        for c in credits
    ]


def _people(patches: list[ReleasePatch]) -> int:
    return len({patch.submission.contributor_id for patch in patches if patch.admitted})


def _measures(release: Release) -> list[Measure]:
    report = _report(release)
    base, merged = report.get("base") or {}, report.get("merged") or {}
    before, after = base.get("metrics") or {}, merged.get("metrics") or {}
    gains = report.get("gain") or {}
    bounds = [gain[side] for gain in gains.values() for side in ("low", "high")]
    scale = Scale.over(bounds)

    def measure(name: str, was: float | None, now: float | None) -> Measure:
        gain = gains.get(name)
        drawn = scale.interval(gain["difference"], gain["low"], gain["high"]) if gain else None
        return Measure(name, was, now, drawn)

    found = [measure(LOSS, base.get("loss"), merged.get("loss"))]
    found += [measure(name, before.get(name), value) for name, value in after.items()]
    return [line for line in found if isinstance(line.after, int | float)]


def _classes(release: Release) -> list[ClassLine]:
    report = _report(release)
    base, merged = report.get("base") or {}, report.get("merged") or {}
    return class_lines(merged.get("report") or {}, base.get("report") or {})


def _report(release: Release) -> dict[str, Any]:
    return release.evidence.get("report_T") or {}


def _copies(release: Release) -> list[str]:
    """Groups of submissions that say nearly the same, by number."""
    clusters = (release.evidence.get("merge") or {}).get("clusters") or []
    return [" and ".join(str(member) for member in cluster) for cluster in clusters]
