"""The audit trail: who did what to what, and when. To look only; the database refuses the rest."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateFilter, TextFilter

from registry.admin import cells, navigation, staff
from registry.admin.desk import Desk
from registry.admin.navigation import Words
from registry.models import Event, User


class ByVerb(admin.SimpleListFilter):
    """The verbs that occur, found by skipping through their index."""

    title = _("verb")
    parameter_name = "verb"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(verb, verb) for verb in Event.objects.verbs()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset.filter(verb=self.value()) if self.value() else queryset


class ByActor(TextFilter):
    title = _("person")
    parameter_name = "actor"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        name = str(self.value() or "").strip()
        return queryset.filter(actor__in=_people(name)) if name else queryset


class BySubject(TextFilter):
    title = _("subject")
    parameter_name = "subject"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        subject = str(self.value() or "").strip()
        return queryset.filter(subject=subject) if subject else queryset


class Days(RangeDateFilter):
    """Whole days of UTC, both ends included; what is no date is passed over."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        first, last = (self._day(end) for end in ("from", "to"))
        if first is not None:
            queryset = queryset.filter(created_at__gte=first)
        if last is not None:
            queryset = queryset.filter(created_at__lt=last + dt.timedelta(days=1))
        return queryset

    def _day(self, end: str) -> dt.datetime | None:
        told = str(self.used_parameters.get(f"{self.parameter_name}_{end}") or "")
        try:
            day = dt.date.fromisoformat(told)
        except ValueError:
            return None
        return dt.datetime.combine(day, dt.time(), dt.UTC) if 1 < day.year < 9999 else None


def _people(name: str) -> list[int]:
    """Looked up first: the trail is then read by the index of its actors."""
    found = User.objects.filter(username__iexact=name)
    return list(found.values_list("pk", flat=True))


@admin.register(Event)
class Trail(Desk):
    title = _("Audit trail")
    may_see = staff.operators
    related = ("actor", "repository__namespace")
    about = _(
        "Lines are only ever added; the newest come first. The list ends after 2,000: search and "
        "filters reach all."
    )
    list_display = ("when", "verb", "who", "subject", "where")
    list_display_links = None
    list_filter = (ByVerb, ByActor, BySubject, ("created_at", Days))
    search_fields = ("verb",)
    search_help_text = _("A person, a verb, or a subject such as submission:17")
    ordering = ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        """Whole words only: each is looked up in an index."""
        for word in search_term.split()[:5]:
            queryset = queryset.filter(Q(verb=word) | Q(subject=word) | Q(actor__in=_people(word)))
        return queryset, False

    @admin.display(description=_("when"))
    def when(self, row: Event) -> str:
        return cells.row_link(row, cells.moment(row.created_at))

    @admin.display(description=_("who"))
    def who(self, row: Event) -> str:
        return cells.person(row.actor) if row.actor else cells.label(_("the site"))

    @admin.display(description=_("repository"))
    def where(self, row: Event) -> str:
        return cells.repository(row.repository)

    def facts(self, row: Event) -> Iterable[tuple[Words, Any]]:
        data = json.dumps(row.data, indent=2, ensure_ascii=False, sort_keys=True)
        return [
            (_("What happened"), row.verb),
            (_("When"), cells.moment(row.created_at)),
            (_("Who"), self.who(row)),
            (_("Subject"), row.subject),
            (_("Repository"), cells.repository(row.repository)),
            (_("Details"), format_html('<pre class="cw-pre">{}</pre>', data)),
        ]


navigation.add(
    navigation.SITE,
    navigation.Link(
        _("Audit trail"), "history", "admin:registry_event_changelist", staff.operators
    ),
)
