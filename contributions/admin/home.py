"""The first page of the dashboard: what waits for whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import Now
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from contributions.admin import charts
from contributions.admin.queues import waiting_for
from contributions.admin.review import keys_of
from contributions.models import Key, ReviewItem
from contributions.services import operation
from contributions.web import notifications
from registry.admin import staff
from registry.admin.staff import Staff
from registry.templatetags.figures import short_date

MINE, URGENT = 10, 8
staff.read_along["unread"] = notifications.unread()


@dataclass(frozen=True)
class Queue:
    key: Key
    waiting: int
    overdue: int
    mine: bool

    @property
    def href(self) -> str:
        return f"{reverse('admin:contributions_reviewitem_changelist')}?key={self.key.value}"


def context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """DASHBOARD_CALLBACK of unfold: what `admin/index.html` shows."""
    who = staff.of(request)
    more: dict[str, Any] = {"title": _("Overview"), "who": who}
    if who.reviews or who.is_operator:
        more |= _reviews(who)
    if who.is_operator:
        figures = operation.figures()
        days = [short_date(day) for day in figures.days]
        failed = [sum(day) for day in zip(*figures.failures.values(), strict=True)]
        lines = {_("finished"): figures.finished, _("failed"): failed or [0] * len(days)}
        more |= {
            "figures": figures,
            "runs_chart": charts.columns(days, lines),
        }
    return {**context, **more}


def _reviews(who: Staff) -> dict[str, Any]:
    """Three queries."""
    rows = waiting_for(who)
    own = keys_of(who)
    counted = {
        key: (count, overdue)
        for key, count, overdue in rows.order_by()
        .values_list("key")
        .annotate(count=Count("pk"), overdue=Count("pk", filter=Q(due_at__lt=Now())))
    }
    queues = [
        Queue(key, *counted.get(key.value, (0, 0)), mine=key in own)
        for key in Key
        if key in own or who.is_operator
    ]
    claimed = ReviewItem.objects.claimed().filter(claimed_by=who.user)
    return {
        "queues": queues,
        "mine": claimed.select_related("submission__repository__namespace")[:MINE],
        "urgent": rows[:URGENT],
    }
