"""The reviewers' queues: what waits for which key, by when, how risky, and who looks at it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from contributions.admin.review import QUEUES, keys_of
from contributions.models import Key, ReviewItem
from contributions.services import review_queue, review_risk
from registry.admin import cells, navigation, staff
from registry.admin.desk import Desk
from registry.admin.filters import people_named
from registry.admin.staff import Staff

RISK_TONES = ("", "note", "care", "loss")


class ByRisk(admin.SimpleListFilter):
    title = _("risk")
    parameter_name = "risk"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(str(at), review_risk.word(at)) for at in range(len(review_risk.WORDS))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        known = [str(at) for at in range(len(review_risk.WORDS))]
        return queryset.filter(risk=self.value()) if self.value() in known else queryset


class ByKey(admin.SimpleListFilter):
    title = _("key")
    parameter_name = "key"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        who = staff.of(request)
        return [(k.value, str(k.label)) for k in (Key if who.is_operator else keys_of(who))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(key=self.value()) if self.value() in Key.values else queryset


class ByClaim(admin.SimpleListFilter):
    title = _("claim")
    parameter_name = "claim"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [("mine", _now("mine")), ("free", _now("free")), ("overdue", _now("overdue"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "mine":
            return queryset.filter(claimed_by=request.user.pk, claimed_until__gt=Now())
        if self.value() == "free":
            return queryset.filter(Q(claimed_by=None) | Q(claimed_until__lte=Now()))
        return queryset.filter(due_at__lt=Now()) if self.value() == "overdue" else queryset


@admin.register(ReviewItem)
class Queues(Desk):
    title = _("Everything that waits for a key")
    may_see = staff.reviewers
    about = _("The most urgent first. What you have an interest in is not here.")
    change_list_template = "contributions/admin/queue.html"
    list_display = ("what", "which", "offered_by", "due", "waits", "risky", "claimed")
    list_display_links = None
    list_filter = (ByKey, ByRisk, ByClaim)
    search_fields = ("submission__title__icontains", "submission__repository__name__icontains")
    search_help_text = _("Contributor, number, or words of title or repository")
    ordering = ("due_at", "id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReviewItem]:
        return waiting_for(staff.of(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ReviewItem], search_term: str
    ) -> tuple[QuerySet[ReviewItem], bool]:
        """Names and numbers are looked up in indexes; only other words are searched for."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.isdecimal():
            return queryset.filter(submission=int(term[:9])), False
        if people := people_named(term):
            return queryset.filter(submission__contributor__in=people), False
        words = Q(submission__title__icontains=term)
        return queryset.filter(words | Q(submission__repository__name__icontains=term)), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        own = keys_of(staff.of(request))
        chosen = request.GET.get("key", "")
        more: dict[str, Any] = {"take_key": chosen if chosen in own else "", "takes": bool(own)}
        more["title"] = QUEUES[Key(chosen)] if chosen in Key.values else self.title
        return super().changelist_view(request, {**more, **(extra_context or {})})

    def row_page(self, request: HttpRequest, row: ReviewItem) -> HttpResponse:
        return HttpResponseRedirect(_address(row))

    @admin.display(description=_("submission"))
    def what(self, item: ReviewItem) -> str:
        submission = item.submission
        return format_html(
            '<a href="{}">{}</a><br><span class="under">{} · {}</span>',
            _address(item),
            submission.title,
            submission.repository.full_name,
            submission.get_kind_display(),
        )

    @admin.display(description=_("key"))
    def which(self, item: ReviewItem) -> str:
        return str(item.get_key_display())

    @admin.display(description=_("offered by"))
    def offered_by(self, item: ReviewItem) -> str:
        return cells.person(item.submission.contributor)

    @admin.display(description=_("due"))
    def due(self, item: ReviewItem) -> str:
        when = cells.day(item.due_at)
        if item.is_overdue:
            return format_html("{} {}", when, cells.label(_("overdue"), "loss"))
        return when

    @admin.display(description=_("waits since"))
    def waits(self, item: ReviewItem) -> str:
        return cells.ago(item.opened_at)

    @admin.display(description=_("risk"))
    def risky(self, item: ReviewItem) -> str:
        word = cells.label(review_risk.word(item.risk), RISK_TONES[item.risk])
        return format_html(
            '{}<br><span class="under">{}</span>',
            word,
            ", ".join(review_risk.in_words(item.risk_reasons)),
        )

    @admin.display(description=_("claimed by"))
    def claimed(self, item: ReviewItem) -> str:
        if not item.is_claimed or item.claimed_until is None:
            return "–"
        return format_html(
            '{}<br><span class="under">{}</span>',
            cells.person(item.claimed_by),
            f"{item.claimed_until:%H:%M} UTC",
        )


def waiting_for(who: Staff) -> QuerySet[ReviewItem]:
    """An operator sees all that waits; a reviewer what they may decide on."""
    if who.is_operator:
        return review_queue.waiting()
    return review_queue.for_keys(keys_of(who), reviewer=who.user)


def _address(item: ReviewItem) -> str:
    return f"{reverse('admin:review', args=[item.submission_id])}?key={item.key}"


def _may(key: Key) -> staff.May:
    return lambda who: key.role in who.roles or who.is_operator


navigation.add(
    navigation.REVIEWS,
    *(
        navigation.Link(
            QUEUES[key],
            "admin:contributions_reviewitem_changelist",
            _may(key),
            f"key={key.value}",
            1,
        )
        for key in Key
    ),
)
