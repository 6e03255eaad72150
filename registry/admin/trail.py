"""The audit trail: who did what to what, and when. To look only; the database refuses the rest."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from registry.admin import cells, navigation, staff, words
from registry.admin.desk import Desk
from registry.admin.filters import Typed, people_named
from registry.admin.navigation import Words
from registry.models import Event


class ByVerb(admin.SimpleListFilter):
    """The verbs that occur, found by skipping through their index."""

    title = _("what happened")
    parameter_name = "verb"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return sorted(
            ((verb, str(words.verb(verb))) for verb in Event.objects.verbs()),
            key=lambda choice: choice[1],
        )

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset.filter(verb=self.value()) if self.value() else queryset


class ByActor(Typed):
    title = _("person")
    fields: ClassVar = {"actor": _("Person")}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        name = self.typed("actor")
        return queryset.filter(actor__in=people_named(name)) if name else queryset


class BySubject(Typed):
    title = _("subject")
    fields: ClassVar = {"subject": _("Subject")}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        subject = self.typed("subject")
        return queryset.filter(subject=subject) if subject else queryset


class Days(Typed):
    """Whole days of UTC, both ends included; what is no date is passed over."""

    title = _("days")
    kind = "date"
    fields: ClassVar = {
        "created_at_from": _("First day"),
        "created_at_to": _("Last day"),
    }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        first, last = map(self._day, self.fields)
        if first is not None:
            queryset = queryset.filter(created_at__gte=first)
        if last is not None:
            queryset = queryset.filter(created_at__lt=last + dt.timedelta(days=1))
        return queryset

    def _day(self, end: str) -> dt.datetime | None:
        try:
            day = dt.date.fromisoformat(self.typed(end))
        except ValueError:
            return None
        return dt.datetime.combine(day, dt.time(), dt.UTC) if 1 < day.year < 9999 else None


@admin.register(Event)
class Trail(Desk):
    title = _("Audit trail")
    may_see = staff.operators
    related = ("actor", "repository__namespace")
    about = _(
        "Lines are only ever added; the newest come first. The list ends after 2,000: search and "
        "filters reach all."
    )
    list_display = ("when", "what", "who", "about_what", "where")
    list_display_links = None
    list_filter = (ByVerb, ByActor, BySubject, Days)
    search_fields = ("verb",)
    search_help_text = _("Person, code, or subject such as submission:17")
    ordering = ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        """Whole words only: what each one is decides on the index that finds it."""
        given = search_term.split()[:5]
        verbs = set(Event.objects.verbs()) if given else set()
        for word in given:
            if word in verbs:
                queryset = queryset.filter(verb=word)
            elif people := people_named(word):
                queryset = queryset.filter(actor__in=people)
            else:
                queryset = queryset.filter(subject=word)
        return queryset, False

    @admin.display(description=_("when"))
    def when(self, row: Event) -> str:
        return cells.row_link(
            row, format_html('<span class="nowrap">{}</span>', cells.moment(row.created_at))
        )

    @admin.display(description=_("what happened"))
    def what(self, row: Event) -> str:
        return format_html('{}<br><span class="under">{}</span>', words.verb(row.verb), row.verb)

    @admin.display(description=_("to what"))
    def about_what(self, row: Event) -> str:
        return words.subject(row.subject)

    @admin.display(description=_("who"))
    def who(self, row: Event) -> str:
        return cells.person(row.actor) if row.actor else cells.label(_("the site"))

    @admin.display(description=_("repository"))
    def where(self, row: Event) -> str:
        return cells.repository(row.repository)

    def name_of(self, row: Event) -> Words:
        return words.verb(row.verb)

    def facts(self, row: Event) -> Iterable[tuple[Words, Any]]:
        data = json.dumps(row.data, indent=2, ensure_ascii=False, sort_keys=True)
        return [
            (_("What happened"), self.what(row)),
            (_("When"), cells.moment(row.created_at)),
            (_("Who"), self.who(row)),
            (_("To what"), self.about_what(row)),
            (_("Repository"), cells.repository(row.repository)),
            (_("Details"), format_html("<pre>{}</pre>", data)),
        ]


navigation.add(
    navigation.SITE,
    navigation.Link(_("Audit trail"), "admin:registry_event_changelist", staff.operators),
)
