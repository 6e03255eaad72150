"""What was measured of a repository, and whom its gains are credited to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from contributions.models import Comparison, Credit, Release, Submission
from contributions.services.scores import LOSS, value_of
from contributions.web.charts import Interval, Scale
from contributions.web.plots import Amount, bars
from contributions.web.repositories import header
from contributions.web.scores import SPLIT_WORDS, gain_words, latest, measure_name
from registry.models import Repository, User
from registry.services import access
from registry.services.access import Need
from registry.templatetags.figures import signed
from registry.web.links import choices, listing
from registry.web.pages import caller, person

SUBMISSIONS, RELEASES = 20, 12
PEOPLE = 20


@dataclass(frozen=True)
class Measured:
    """One measure of one submission."""

    name: str
    value: float | None
    gain: Interval
    unit: str

    @property
    def words(self) -> str:
        return gain_words(self.gain, self.unit)


@require_GET
def scores(request: HttpRequest, repo_type: str, namespace: str, name: str) -> HttpResponse:
    repository = access.repository(caller(request), repo_type, namespace, name, need=Need.READ)
    user = person(request)
    split = "V" if request.GET.get("split") == "V" else "T"
    page = listing(request, _measured(repository, user, split), size=SUBMISSIONS)
    options = [("", str(SPLIT_WORDS["T"])), ("V", str(SPLIT_WORDS["V"]))]
    context = {
        **header(repository, "scores", user=user),
        "listing": page,
        "rows": _rows(page.page.object_list),
        "split": split,
        "split_choices": choices(request, "split", options),
        "releases": [(release, _standing(release)) for release in _releases(repository, user)],
    }
    return render(request, "contributions/repository_scores.html", context)


def _measured(repository: Repository, user: User | None, split: str) -> QuerySet[Submission]:
    """Submissions with results on the split, newest first, their comparisons loaded."""
    there = Comparison.objects.filter(split=split)
    return (
        Submission.objects.open_to(user)
        .filter(Exists(there.filter(submission=OuterRef("pk"))), repository=repository)
        .select_related("contributor", "track")
        .prefetch_related(
            Prefetch("comparisons", there.select_related("candidate"), to_attr="shown")
        )
        .order_by("-pk")
    )


def _rows(submissions: Iterable[Submission]) -> list[tuple[Submission, list[Measured]]]:
    """Loss and the track's metric of each; all losses on one scale, all metrics on another."""
    listed = []
    for submission in submissions:
        wanted = [LOSS, submission.track.metric if submission.track else ""]
        found = [c for c in latest(submission.shown) if c.measure in wanted]  # type: ignore[attr-defined]
        listed.append((submission, sorted(found, key=lambda c: c.measure != LOSS)))
    every = [comparison for _, found in listed for comparison in found]
    scale = {
        is_loss: Scale.over(
            bound for c in every if (c.measure == LOSS) is is_loss for bound in (c.low, c.high)
        )
        for is_loss in (True, False)
    }
    return [
        (
            submission,
            [
                Measured(
                    measure_name(c.measure),
                    value_of(c.candidate, c.measure),
                    scale[c.measure == LOSS].interval(c.difference, c.low, c.high),
                    "nats" if c.measure == LOSS else "",
                )
                for c in found
            ],
        )
        for submission, found in listed
    ]


def _releases(repository: Repository, user: User | None) -> QuerySet[Release]:
    of_ours = Release.objects.open_to(user).released().filter(track__repository=repository)
    return of_ours.select_related("track").order_by("-released_at", "-pk")[:RELEASES]


def _standing(release: Release) -> dict[str, Any]:
    """Loss and metric on T as the evidence of the release has them."""
    merged = (release.evidence.get("report_T") or {}).get("merged") or {}
    metrics = merged.get("metrics") or {}
    metric = release.track.metric
    return {"loss": merged.get("loss"), "metric": metrics.get(metric), "name": measure_name(metric)}


@require_GET
def credit(request: HttpRequest, repo_type: str, namespace: str, name: str) -> HttpResponse:
    repository = access.repository(caller(request), repo_type, namespace, name, need=Need.READ)
    user = person(request)
    seen = Release.objects.open_to(user).values("pk")
    ours = Q(release__track__repository=repository) | Q(submission__repository=repository)
    lines = Credit.objects.filter(ours, release__in=seen)
    totals: list[Any] = list(
        lines.order_by()
        .values("contributor__username")
        .annotate(total=Sum("amount"), releases=Count("release", distinct=True))
        .order_by("-total", "contributor__username")[:PEOPLE]
    )
    context = {
        **header(repository, "credit", user=user),
        "picture": bars([_bar(row) for row in totals]),
        **_by_release(lines, totals),
    }
    return render(request, "contributions/repository_credit.html", context)


def _bar(row: dict[str, Any]) -> Amount:
    who, total = row["contributor__username"], row["total"]
    shown = who if len(who) <= 22 else f"{who[:21]}…"
    return Amount(shown, 0.0, total, signed(total), tone="better" if total >= 0 else "worse")


def _by_release(lines: QuerySet[Credit], totals: list[dict[str, Any]]) -> dict[str, Any]:
    """Who brought how much to each of the newest releases."""
    newest = sorted(set(lines.order_by("-release").values_list("release", flat=True)[:1000]))
    releases = list(
        Release.objects.filter(pk__in=newest[-RELEASES:]).select_related("track").order_by("pk")
    )
    people = [row["contributor__username"] for row in totals]
    shown = lines.filter(release__in=releases, contributor__username__in=people)
    amounts: dict[tuple[str, int], float] = defaultdict(float)
    for who, release, amount in shown.values_list("contributor__username", "release", "amount"):
        amounts[who, release] += amount
    return {
        "releases": releases,
        "rows": [
            (row, [amounts.get((row["contributor__username"], r.pk)) for r in releases])
            for row in totals
        ],
    }
