"""Statuses and pictures of the pages of contributions."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from contributions.models import Key, Run, RunKind, RunStatus
from contributions.web import charts, logs
from contributions.web.scores import measure_name

register = template.Library()

MORE_CURVES = 2
_NOT_DRAWN = {"step", "of", "stage", "loss", "metrics", "seconds", "epoch"}

_GOOD = {"approved", "released", "published", "succeeded", "open", "done", "merged"}
_CARE = {"needs-track", "needs-info", "changes-requested", "in-review", "not-admitted", "preparing"}
_BAD = {"refused", "failed", "rejected"}
_MOVING = {"checking", "queued", "training", "benchmarking", "running", "cancelling", "merging"} | {
    "valuing",
    "publishing",
}
# Every status of a submission, run, release, track, publication, step and pull request.
_WORDS: dict[str, Any] = {
    "draft": _("draft"),
    "checking": _("checking"),
    "refused": _("refused by a check"),
    "needs-track": _("needs a track"),
    "queued": _("queued"),
    "training": _("training"),
    "benchmarking": _("benchmarking"),
    "failed": _("failed"),
    "in-review": _("in review"),
    "needs-info": _("needs an answer"),
    "changes-requested": _("changes requested"),
    "rejected": _("rejected"),
    "approved": _("approved"),
    "released": _("released"),
    "not-admitted": _("measured, not admitted"),
    "published": _("published"),
    "withdrawn": _("withdrawn"),
    "cancelled": _("cancelled"),
    "running": _("running"),
    "cancelling": _("cancelling"),
    # A check that refuses what it looked at has done its work all the same.
    "succeeded": _("finished"),
    "merging": _("merging"),
    "valuing": _("valuing"),
    "preparing": _("preparing"),
    "open": _("open"),
    "closed": _("closed"),
    "merged": _("merged"),
    "publishing": _("publishing"),
    "waiting": _("waiting"),
    "done": _("done"),
}


# Of a publication.
_STEPS: dict[str, Any] = {
    "collect": _("Collect"),
    "repository": _("Repository"),
    "upload": _("Upload"),
    "verify": _("Verify"),
    "record": _("Record"),
}


@register.filter
def step_word(name: str) -> str:
    return str(_STEPS.get(name, name))


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
def key_word(key: str) -> str:
    """The name of a key inside a sentence or a list."""
    return str(Key(key).label).lower() if key in Key.values else key


@register.filter
def run_word(kind: str) -> str:
    return str(RunKind(kind).label).lower() if kind in RunKind.values else kind


@register.filter
def measure(name: str) -> str:
    return measure_name(name)


@register.inclusion_tag("contributions/_interval.html")
def interval(drawn: charts.Interval | None, unit: str = "") -> dict[str, Any]:
    return {"interval": drawn, "unit": unit}


@register.inclusion_tag("contributions/_curve.html")
def curves(
    points: list[dict[str, Any]], name: str, reference: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """The loss, and what else was measured on the way; `name` tells several on a page apart."""
    others = sorted({key for point in points for key in point} - _NOT_DRAWN)
    drawn = [
        charts.curve(points, reference or (), measure=measure)
        for measure in ["loss", *others[:MORE_CURVES]]
    ]
    # What stays the same all along, such as a constant learning rate, is no picture.
    moving = [
        c for c in drawn if c is not None and (c.measure == "loss" or c.first[1] != c.last[1])
    ]
    return {"curves": moving, "id": name}


@register.inclusion_tag("contributions/_log.html")
def log_end(run: Run) -> dict[str, Any]:
    """The end of a run's log, which grows while the run is at work.

    Needs `tail` and `log_length` of `submission_page.shown_runs`.
    """
    over = RunStatus(run.status).is_over
    text, length = getattr(run, "tail", ""), getattr(run, "log_length", 0)
    return {"run": run, "log": logs.tail(text, length=length), "follow": not over}
