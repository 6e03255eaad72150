"""The operational page: workers, queues, storage, failures and how long runs take."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from contributions.admin import charts
from contributions.models import FailureClass, ReviewItem, RunKind
from contributions.services import operation, queue
from registry.admin import navigation, staff
from registry.admin.site import add_page
from registry.services import retired_names
from registry.templatetags.figures import short_date


@require_GET
def operations_page(request: HttpRequest) -> HttpResponse:
    figures = operation.figures()
    days = [short_date(day) for day in figures.days]
    failures = {_failure(name): counts for name, counts in figures.failures.items()}
    durations = {_kind(name): seconds for name, seconds in figures.durations.items()}
    alive = queue.workers()
    context = {
        **admin.site.each_context(request),
        "title": _("Operation"),
        "workers": alive,
        "waiting": queue.waiting(alive),
        "running": queue.running().count(),
        "figures": figures,
        "failure_chart": charts.columns(days, failures),
        "finished_chart": charts.columns(days, {_("finished"): figures.finished}),
        "duration_chart": charts.lines(days, durations),
        "reviews": ReviewItem.objects.waiting().count(),
        "retired_names": retired_names.count(),
    }
    return TemplateResponse(request, "contributions/admin/operations.html", context)


def _failure(name: str) -> str:
    return str(FailureClass(name).label) if name in FailureClass.values else _("no class")


def _kind(name: str) -> str:
    return str(RunKind(name).label) if name in RunKind.values else name


add_page("operation/", operations_page, name="operation", may=staff.operators)
navigation.add(
    navigation.SITE,
    navigation.Link(gettext_lazy("Operation"), "admin:operation", staff.operators),
)
