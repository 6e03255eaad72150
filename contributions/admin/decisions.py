"""What was decided, and the words that reviewers use again and again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from contributions.admin.forms import ReplyForm
from contributions.models import CannedReply, Decision, Key, ReasonCode, Review, Submission
from contributions.services import canned_replies, review_queue
from registry.admin import cells, navigation, staff
from registry.admin.desk import Act, Desk
from registry.admin.filters import Choice, of_kinds, people_named
from registry.admin.navigation import Words
from registry.admin.staff import Staff
from registry.models import Repository

SEARCHED = 5000
_TONES = {
    Decision.APPROVE.value: "gain",
    Decision.REJECT.value: "loss",
    Decision.REVERSE.value: "care",
}


class ByAnswer(Choice):
    title = _("answer")
    parameter_name = "answer"
    options: ClassVar = {
        "given": (_("given"), Q(answer_due_at__isnull=False, answer__isnull=False)),
        "missing": (_("missing"), Q(answer_due_at__isnull=False, answer__isnull=True)),
    }


class ByKey(Choice):
    title = _("key")
    parameter_name = "key"
    options = of_kinds(Key, "key")


class ByDecision(Choice):
    title = _("decision")
    parameter_name = "decision"
    options = of_kinds(Decision, "decision")


class ByReason(Choice):
    title = _("reason")
    parameter_name = "reason"
    options = of_kinds(ReasonCode, "reason_code")


@admin.register(Review)
class Decisions(Desk):
    title = _("Decisions")
    may_see = staff.reviewers
    related = ("submission__repository__namespace", "reviewer", "answer")
    about = _(
        "Every decision, the latest first. The latest of each key is the one that counts. Words "
        "are looked for in the latest 5,000."
    )
    list_display = ("what", "which", "decided", "why", "who", "when", "due")
    list_display_links = None
    list_filter = (ByKey, ByDecision, ByReason, ByAnswer)
    search_fields = ("submission__title",)
    search_help_text = _("Person, number, words of title or reason")
    ordering = ("-id",)

    def visible(self, rows: QuerySet[Review], who: Staff) -> QuerySet[Review]:
        if who.is_operator:
            return rows
        seen = Q(submission__repository__in=Repository.objects.visible_to(who.user).values("pk"))
        if theirs := review_queue.seen_by(who.user):
            seen |= Q(Exists(Submission.objects.filter(theirs, pk=OuterRef("submission"))))
        return rows.filter(seen)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Review], search_term: str
    ) -> tuple[QuerySet[Review], bool]:
        """Names and numbers are looked up in indexes; only other words are searched for."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if people := people_named(term):
            theirs = Submission.objects.filter(contributor__in=people).values("pk")
            by_them = Q(reviewer__in=people) | Q(submission__in=theirs)
            return queryset.filter(by_them), False
        if term.isdecimal():
            return queryset.filter(submission=int(term[:9])), False
        said = Q(submission__title__icontains=term) | Q(text__icontains=term)
        return queryset.filter(said, pk__gte=_oldest_searched()), False

    def row_page(self, request: HttpRequest, row: Review) -> HttpResponse:
        return HttpResponseRedirect(_address(row))

    @admin.display(description=_("submission"))
    def what(self, review: Review) -> str:
        return format_html(
            '<a href="{}">{}</a><br><span class="under">{}</span>',
            _address(review),
            review.submission.title,
            review.submission.repository.full_name,
        )

    @admin.display(description=_("key"))
    def which(self, review: Review) -> str:
        return str(review.get_key_display())

    @admin.display(description=_("reviewer"))
    def who(self, review: Review) -> str:
        return cells.person(review.reviewer)

    @admin.display(description=_("decision"))
    def decided(self, review: Review) -> str:
        return cells.label(review.get_decision_display(), _TONES.get(review.decision, "note"))

    @admin.display(description=_("reason"))
    def why(self, review: Review) -> str:
        said = review.told
        return said if len(said) <= 160 else f"{said[:160]}…"

    @admin.display(description=_("when"))
    def when(self, review: Review) -> str:
        return cells.ago(review.created_at)

    @admin.display(description=_("answer"))
    def due(self, review: Review) -> str:
        if review.answer_due_at is None:
            return ""
        if hasattr(review, "answer"):
            return cells.label(_("given"), "gain")
        when = cells.day(review.answer_due_at)
        return format_html(
            "{} {}", when, cells.label(_("late"), "loss") if review.is_overdue else ""
        )


def _oldest_searched() -> int:
    """Words stand in no index: they are looked for in the latest decisions only."""
    keys = Review.objects.order_by("-pk").values_list("pk", flat=True)
    return keys[SEARCHED - 1 : SEARCHED].first() or 0


def _address(review: Review) -> str:
    return f"{reverse('admin:review', args=[review.submission_id])}?key={review.key}&show=history"


def _write(actor: Any, reply: CannedReply | None, given: dict[str, Any]) -> object:
    return canned_replies.write(actor=actor, reply=reply, **given)


def _words(reply: CannedReply) -> dict[str, Any]:
    return {name: getattr(reply, name) for name in ReplyForm.base_fields}


@admin.register(CannedReply)
class Replies(Desk):
    title = _("Canned replies")
    may_see = staff.reviewers
    about = _("Chosen on the page of a review, they fill its form; the words may be changed there.")
    list_display = ("name", "for_key", "decided", "reason")
    list_display_links = None
    list_filter = (ByKey, ByDecision)
    search_fields = ("title__icontains", "text__icontains")
    ordering = ("title",)
    acts = (
        Act(
            "write",
            _("Write a canned reply"),
            _write,
            _("The canned reply is kept."),
            form=ReplyForm,
            on_list=True,
        ),
        Act(
            "change",
            _("Change it"),
            _write,
            _("The canned reply is changed."),
            form=ReplyForm,
            initial=_words,
        ),
        Act(
            "delete",
            _("Delete it"),
            lambda actor, reply, given: canned_replies.delete(reply, actor=actor),
            _("The canned reply is gone."),
            is_danger=True,
        ),
    )

    @admin.display(description=_("title"))
    def name(self, reply: CannedReply) -> str:
        return cells.row_link(reply)

    @admin.display(description=_("key"))
    def for_key(self, reply: CannedReply) -> Words:
        return reply.get_key_display() if reply.key else _("any")

    @admin.display(description=_("decision"))
    def decided(self, reply: CannedReply) -> str:
        return str(reply.get_decision_display())

    @admin.display(description=_("reason"))
    def reason(self, reply: CannedReply) -> str:
        known = reply.reason_code in ReasonCode.values
        return str(ReasonCode(reply.reason_code).label) if known else ""

    def facts(self, row: CannedReply) -> Iterable[tuple[Words, Any]]:
        return [
            (_("Key"), self.for_key(row)),
            (_("Decision"), row.get_decision_display()),
            (_("Reason"), self.reason(row)),
            (_("Text"), row.text),
            (_("Written by"), cells.person(row.created_by)),
        ]


navigation.add(
    navigation.REVIEWS,
    navigation.Link(_("Decisions"), "admin:contributions_review_changelist", staff.reviewers),
    navigation.Link(
        _("Canned replies"), "admin:contributions_cannedreply_changelist", staff.reviewers
    ),
)
