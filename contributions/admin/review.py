"""The page of one review: evidence on one side, the decision on the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_GET, require_POST

from contributions.admin import exhibits
from contributions.admin.forms import DecisionForm, replies
from contributions.models import Decision, Key, Review, ReviewItem, Submission
from contributions.services import access, interests, review_queue, review_risk, reviews
from contributions.services.status import required_keys, stands
from registry.admin import staff
from registry.admin.navigation import Words
from registry.admin.site import add_page
from registry.admin.staff import Staff
from registry.services.access import Caller
from registry.services.errors import NotFound, ServiceError
from registry.web.pages import attempt, sentence

QUEUES: dict[Key, Words] = {
    Key.LICENCE: _lazy("Licence queue"),
    Key.PRIVACY: _lazy("Privacy queue"),
    Key.TECHNICAL: _lazy("Technical queue"),
}


@dataclass(frozen=True)
class Desk:
    """One key of one submission, as one person sees it; four queries."""

    who: Staff
    submission: Submission
    key: Key
    item: ReviewItem | None
    given: list[Review]

    @property
    def standing(self) -> Review | None:
        return stands(self.submission, self.given).get(self.key)

    @property
    def is_waited_for(self) -> bool:
        return self.item is not None and self.item.closed_at is None

    @property
    def claimed_by_me(self) -> bool:
        item = self.item
        return bool(item and item.is_claimed and item.claimed_by_id == self.who.user.pk)

    @property
    def decisions(self) -> list[Decision]:
        """What could come next: a turned key is taken back by a second person first."""
        if self.standing and self.standing.decision in reviews.TURNED:
            own = self.standing.reviewer_id == self.who.user.pk
            return [] if own else [Decision.REVERSE]
        return [d for d in Decision if d is not Decision.REVERSE]

    def obstacle(self) -> str:
        """Why there are no buttons; as the services refuse it, from what was read already."""
        if self.key.role not in self.who.roles:
            return _("Only a %s decides here.") % self.key.role.label
        item, me = self.item, self.who.user
        if any(r.reviewer_id == me.pk and r.key != self.key for r in self.given):
            return _("You decide on another key of this submission: one person turns one key.")
        if self.claimed_by_me:
            # Looked at when it was claimed; the decision looks again.
            return ""
        if interest := interests.interest_of(me, self.submission):
            return _("Conflict of interest: you may not review this, because %s.") % interest.of_you
        if item and item.is_claimed and item.claimed_until:
            words = _("%(who)s looks at it until %(until)s UTC.")
            return words % {"who": item.claimed_by, "until": f"{item.claimed_until:%H:%M}"}
        return ""

    @property
    def may_take_over(self) -> bool:
        """An operator who reviews may take somebody's claim over."""
        claimed = bool(self.item and self.item.is_claimed and not self.claimed_by_me)
        return claimed and self.who.is_operator and self.key.role in self.who.roles

    @property
    def queue(self) -> Words:
        return QUEUES[self.key]

    @property
    def risk(self) -> str:
        return review_risk.word(self.item.risk) if self.item else ""

    @property
    def risk_reasons(self) -> list[str]:
        return review_risk.in_words(self.item.risk_reasons) if self.item else []

    @property
    def address(self) -> str:
        return f"{reverse('admin:review', args=[self.submission.pk])}?key={self.key.value}"


def keys_of(who: Staff) -> list[Key]:
    return [key for key in Key if key.role in who.roles]


def _desk(request: HttpRequest, pk: int) -> Desk:
    who = staff.of(request)
    submission = access.submission_for_review(Caller(user=who.user), pk)
    items = {
        item.key: item
        for item in ReviewItem.objects.filter(submission=submission).select_related("claimed_by")
    }
    key = _key(request, who, submission, items)
    given = submission.reviews.select_related("reviewer", "answer__author").order_by("id")
    return Desk(who, submission, key, items.get(key), list(given))


def _key(
    request: HttpRequest, who: Staff, submission: Submission, items: dict[str, ReviewItem]
) -> Key:
    """The one asked for, else the first of theirs that is waited for, else the first at all."""
    asked = request.POST.get("key") or request.GET.get("key", "")
    if asked in Key.values:
        return Key(asked)
    own = keys_of(who) or [Key(key) for key in required_keys(submission)] or list(Key)
    open_keys = [key for key in own if (item := items.get(key)) and item.closed_at is None]
    return (open_keys or own)[0]


@require_GET
def review_page(request: HttpRequest, pk: int) -> HttpResponse:
    return _show(request, _desk(request, pk))


def _show(
    request: HttpRequest, desk: Desk, *, form: DecisionForm | None = None, status: int = 200
) -> HttpResponse:
    obstacle = desk.obstacle()
    may_decide = not obstacle and (desk.claimed_by_me or not desk.is_waited_for)
    if may_decide and desk.decisions and form is None:
        form = DecisionForm(desk.key, desk.decisions, request.GET.get("reply", ""))
        form.initial["head"] = desk.submission.head_revision
    context = {
        **exhibits.chosen(request, desk.submission, desk.given),
        **_frame(request, desk.submission.title),
        "desk": desk,
        "obstacle": obstacle,
        "form": form,
        "replies": replies(desk.key)[:200] if form and "replies" in request.GET else None,
        "own_decision": bool(desk.standing) and not desk.decisions,
    }
    return TemplateResponse(request, "contributions/admin/review.html", context, status=status)


def _frame(request: HttpRequest, title: str) -> dict[str, Any]:
    return {**admin.site.each_context(request), "title": title}


@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    desk = _desk(request, pk)
    form = DecisionForm(desk.key, list(Decision), data=request.POST)
    if not form.is_valid():
        return _show(request, desk, form=form, status=400)
    try:
        reviews.review(desk.submission, reviewer=desk.who.user, key=desk.key, **form.cleaned_data)
    except ServiceError as refused:
        form.add_error(None, sentence(refused))
        return _show(request, desk, form=form, status=refused.status)
    messages.success(request, _("Your decision on submission %s is recorded.") % pk)
    if "next" in request.POST:
        return _next(request, desk.key)
    return HttpResponseRedirect(desk.address)


@require_POST
def claim(request: HttpRequest, pk: int) -> HttpResponse:
    desk = _desk(request, pk)
    return attempt(
        request,
        lambda: review_queue.claim(_item(desk), reviewer=desk.who.user),
        done=_("It is yours for two hours."),
        then=desk.address,
    )


@require_POST
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    desk = _desk(request, pk)
    return attempt(
        request,
        lambda: review_queue.give_back(_item(desk), reviewer=desk.who.user),
        done=_("It is free for others."),
        then=desk.address,
    )


def _item(desk: Desk) -> ReviewItem:
    if desk.item is None:
        raise NotFound(f"Nobody waits for the {desk.key} key of it.")
    desk.item.submission = desk.submission
    return desk.item


@require_POST
def take_next(request: HttpRequest) -> HttpResponse:
    asked = request.POST.get("key", "")
    keys = [key for key in keys_of(staff.of(request)) if asked in ("", key.value)]
    if not keys:
        raise NotFound("You review no such key.")
    return _next(request, *keys)


def _next(request: HttpRequest, *keys: Key) -> HttpResponse:
    for key in keys:
        try:
            item = review_queue.take_next(key, reviewer=staff.of(request).user)
        except ServiceError as refused:
            messages.error(request, sentence(refused))
            break
        if item is not None:
            address = reverse("admin:review", args=[item.submission_id])
            return HttpResponseRedirect(f"{address}?key={item.key}")
    else:
        messages.info(request, _("Nothing waits for you."))
    return HttpResponseRedirect(reverse("admin:contributions_reviewitem_changelist"))


for name, view in (
    ("review", review_page),
    ("review-decide", decide),
    ("review-claim", claim),
    ("review-give-back", give_back),
):
    verb = name.removeprefix("review").strip("-")
    add_page(
        f"reviews/<int:pk>/{verb}/" if verb else "reviews/<int:pk>/",
        view,
        name=name,
        may=staff.reviewers,
    )
add_page("reviews/next/", take_next, name="review-next", may=staff.reviewers)
