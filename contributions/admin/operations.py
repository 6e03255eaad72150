"""The operational page: workers, queues, storage, failures and how long runs take."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from contributions.models import FailureClass, ReviewItem
from contributions.services import operation, queue
from registry.admin import navigation, staff
from registry.admin.site import add_page
from registry.services import retired_names
from registry.templatetags.figures import short_date

# Told apart without colour too: each line has its own dashes.
COLOURS = ("#0b7a6f", "#b4552d", "#2a6aa5", "#8a6200", "#7a3e8f", "#5f6967")


def chart(labels: Sequence[str], lines: Mapping[str, Sequence[float]], *, kind: str) -> str:
    """Data as unfold's Chart.js component reads them."""
    sets = [
        {
            "label": name,
            "data": list(values),
            "backgroundColor": COLOURS[at % len(COLOURS)],
            "borderColor": COLOURS[at % len(COLOURS)],
            "borderDash": [4 * at, 3] if kind == "line" and at else [],
            "displayYAxis": True,
        }
        for at, (name, values) in enumerate(lines.items())
    ]
    return json.dumps({"labels": list(labels), "datasets": sets})


# Readable on light and on dark ground.
_INK = "#76817d"


def _options(*, stacked: bool) -> str:
    ticks = {"color": _INK, "precision": 0}
    return json.dumps(
        {
            "responsive": True,
            "maintainAspectRatio": False,
            "scales": {
                "x": {"stacked": stacked, "ticks": {"color": _INK}},
                "y": {"stacked": stacked, "beginAtZero": True, "ticks": ticks},
            },
            "plugins": {
                "legend": {"display": True, "position": "bottom", "labels": {"color": _INK}}
            },
        }
    )


STACKED, PLAIN = _options(stacked=True), _options(stacked=False)


@require_GET
def operations_page(request: HttpRequest) -> HttpResponse:
    figures = operation.figures()
    days = [short_date(day) for day in figures.days]
    failures = {_failure(name): counts for name, counts in figures.failures.items()}
    alive = queue.workers()
    context = {
        **admin.site.each_context(request),
        "title": _("Operation"),
        "workers": alive,
        "waiting": queue.waiting(alive),
        "running": queue.running().count(),
        "figures": figures,
        "days": days,
        "failures": failures,
        "finished": figures.finished,
        "failure_chart": chart(days, failures, kind="bar"),
        "finished_chart": chart(days, {_("finished"): figures.finished}, kind="bar"),
        "duration_chart": chart(days, figures.durations, kind="line"),
        "stacked": STACKED,
        "plain": PLAIN,
        "reviews": ReviewItem.objects.waiting().count(),
        "retired_names": retired_names.count(),
    }
    return TemplateResponse(request, "contributions/admin/operations.html", context)


def _failure(name: str) -> str:
    return str(FailureClass(name).label) if name in FailureClass.values else _("no class")


add_page("operation/", operations_page, name="operation", may=staff.operators)
navigation.add(
    navigation.SITE,
    navigation.Link(gettext_lazy("Operation"), "monitor_heart", "admin:operation", staff.operators),
)
