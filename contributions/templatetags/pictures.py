"""Statuses and pictures of the pages of contributions."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from contributions.models import SubmissionStatus
from contributions.web import charts
from contributions.web.scores import measure_name

register = template.Library()

_GOOD = {"approved", "released", "published", "succeeded", "open", "done", "merged"}
_CARE = {"needs-track", "needs-info", "changes-requested", "in-review", "not-admitted", "preparing"}
_BAD = {"refused", "failed", "rejected"}
_MOVING = {"checking", "queued", "training", "benchmarking", "running", "cancelling", "merging"} | {
    "valuing",
    "publishing",
}
_WORDS: dict[str, str] = {status.value: str(status.label) for status in SubmissionStatus}
# A check that refuses what it looked at has done its work all the same.
_WORDS["succeeded"] = "finished"


@register.filter
def tone(status: str) -> str:
    for name, statuses in (("good", _GOOD), ("care", _CARE), ("bad", _BAD), ("moving", _MOVING)):
        if status in statuses:
            return name
    return "still"


@register.filter
def mark(status: str) -> SafeString:
    """A status as a sign and a word; the sign's shape differs, not its colour alone."""
    return format_html('<span class="mark {}">{}</span>', tone(status), _WORDS.get(status, status))


@register.filter
def measure(name: str) -> str:
    return measure_name(name)


@register.inclusion_tag("contributions/_interval.html")
def interval(drawn: charts.Interval | None, unit: str = "") -> dict[str, Any]:
    return {"interval": drawn, "unit": unit}


@register.inclusion_tag("contributions/_curve.html")
def loss_curve(points: list[dict[str, Any]]) -> dict[str, Any]:
    return {"curve": charts.curve(points)}
