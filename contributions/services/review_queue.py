"""The reviewers' queues: what waits for a key, since when, until when, and who looks at it.

An item is a projection of the submission's status, written together with it by `status.project`.
A claim is a courtesy among reviewers: it keeps two of them from doing the same work, for two hours.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from contributions.models import Key, Review, ReviewItem, Submission, SubmissionStatus
from contributions.models.reviews import ReviewItemQuerySet
from contributions.services import interests, review_risk
from registry.models import User
from registry.services import events
from registry.services.errors import Conflict, Forbidden

LOOKED_AT = 20


def expected(status: str, missing_keys: Iterable[str]) -> set[str]:
    """Keys that reviewers are waited for; nobody's while the contributor has to act."""
    return set(missing_keys) if status == SubmissionStatus.IN_REVIEW else set()


def sync(submission: Submission, *, missing_keys: Iterable[str]) -> None:
    """Open and close lines so that they say what the status says. Called under its lock."""
    wanted = expected(submission.status, missing_keys)
    known = {item.key: item for item in ReviewItem.objects.filter(submission=submission)}
    over = [item.pk for key, item in known.items() if not item.closed_at and key not in wanted]
    if over:
        ReviewItem.objects.filter(pk__in=over).update(
            closed_at=timezone.now(), claimed_by=None, claimed_until=None
        )
    missing = [key for key in sorted(wanted) if key not in known or known[key].closed_at]
    if missing:
        _open(submission, missing)


def _open(submission: Submission, keys: list[str]) -> None:
    now = timezone.now()
    risk, reasons = review_risk.of(submission)
    for key in keys:
        ReviewItem.objects.update_or_create(
            submission=submission,
            key=key,
            defaults={
                "opened_at": now,
                "due_at": now + dt.timedelta(days=settings.REVIEW_DUE_DAYS),
                "risk": risk,
                "risk_reasons": reasons,
                "claimed_by": None,
                "claimed_until": None,
                "closed_at": None,
            },
        )


def differs(submission: Submission, *, missing_keys: Iterable[str]) -> bool:
    """Whether the stored lines are not those that the status asks for."""
    stored = ReviewItem.objects.filter(submission=submission).waiting()
    return set(stored.values_list("key", flat=True)) != expected(submission.status, missing_keys)


# --- what waits ----------------------------------------------------------------------------------


def waiting(key: Key | str = "") -> ReviewItemQuerySet:
    """Open lines of one key (empty: of all), the most urgent first; with what a list shows."""
    rows = ReviewItem.objects.waiting()
    if key:
        rows = rows.filter(key=key)
    return rows.select_related(
        "claimed_by",
        "submission__contributor",
        "submission__repository__namespace",
        "submission__track",
    ).order_by("due_at", "id")


def _in_review() -> QuerySet[Submission]:
    return Submission.objects.filter(status=SubmissionStatus.IN_REVIEW).order_by().only("pk")


def for_keys(keys: Iterable[Key], *, reviewer: User) -> ReviewItemQuerySet:
    """Of all keys that one person reviews, without what they have an interest in or decide on
    with another key already."""
    rows, chosen = waiting(), list(keys)
    against = Q()
    for key in chosen:
        turned = interests.turned_other_key(reviewer, key.value)
        against |= Q(key=key, submission__in=_in_review().filter(turned))
    return (
        rows.filter(key__in=chosen)
        .exclude(submission__in=_in_review().filter(interests.concerning(reviewer)))
        .exclude(against)
    )


def keys_of(reviewer: User) -> list[Key]:
    """Those that they may turn, by their roles; one query."""
    held = set(reviewer.role_grants.values_list("role", flat=True)) if reviewer.is_active else ()
    return [key for key in Key if key.role in held]


def seen_by(reviewer: User) -> Q | None:
    """Submissions that they look at as a reviewer, even of a repository that is closed to them.

    What waits for a key of theirs; what was decided on its head with one, while a second person
    may take that back; and what they decided there themselves. None: they turn no keys.
    """
    keys = keys_of(reviewer)
    if not keys:
        return None
    waits = ReviewItem.objects.waiting().filter(key__in=keys, submission=OuterRef("pk"))
    decided = Review.objects.filter(
        key__in=keys, submission=OuterRef("pk"), revision=OuterRef("head_revision")
    )
    over = Q(status__in=[SubmissionStatus.WITHDRAWN, SubmissionStatus.PUBLISHED])
    own = Exists(decided.filter(reviewer=reviewer))
    return Q(Exists(waits)) | Q(own) | (Q(Exists(decided)) & ~over)


def free(key: Key | str, *, reviewer: User) -> ReviewItemQuerySet:
    """What this reviewer could take next: their own claims, and what nobody looks at."""
    theirs = Q(claimed_by=None) | Q(claimed_until__lte=Now()) | Q(claimed_by=reviewer)
    return for_keys([Key(key)], reviewer=reviewer).filter(theirs)


@transaction.atomic
def take_next(key: Key, *, reviewer: User) -> ReviewItem | None:
    """Claim the most urgent line that is free and not against their interest; None: nothing is."""
    for item in free(key, reviewer=reviewer)[:LOOKED_AT]:
        if not interests.interest_of(reviewer, item.submission):
            return claim(item, reviewer=reviewer)
    return None


# --- claims ---------------------------------------------------------------------------------------


@transaction.atomic
def claim(item: ReviewItem, *, reviewer: User) -> ReviewItem:
    """Take it for two hours; repeating it begins them anew. An operator may take it over.

    Forbidden: role or interest. Conflict: it is decided, or somebody else has it.
    """
    _refuse_role(reviewer, Key(item.key))
    if interest := interests.interest_of(reviewer, item.submission):
        raise Forbidden(
            f"{reviewer} may not review this submission, because {interest.of_them}.",
            next="Ask another reviewer.",
        )
    refuse_second_key(item.submission, reviewer, Key(item.key))
    rows = ReviewItem.objects.waiting().filter(pk=item.pk)
    if not reviewer.is_operator:
        rows = rows.filter(
            Q(claimed_by=None) | Q(claimed_until__lte=Now()) | Q(claimed_by=reviewer)
        )
    taken = rows.update(claimed_by=reviewer, claimed_until=Now() + ReviewItem.CLAIM)
    item.refresh_from_db()
    if not taken:
        raise _taken(item)
    _record("claimed", item, actor=reviewer)
    return item


@transaction.atomic
def give_back(item: ReviewItem, *, reviewer: User) -> ReviewItem:
    """Leave it to others. Forbidden: role, or somebody else has it (operators may all the same)."""
    if not reviewer.is_operator:
        _refuse_role(reviewer, Key(item.key))
    rows = ReviewItem.objects.filter(pk=item.pk, claimed_by__isnull=False)
    if not reviewer.is_operator:
        rows = rows.filter(claimed_by=reviewer)
    given = rows.update(claimed_by=None, claimed_until=None)
    item.refresh_from_db()
    if not given and item.claimed_by is not None:
        raise Forbidden(f"{item.claimed_by} has claimed it, not {reviewer}.")
    if given:
        _record("given-back", item, actor=reviewer)
    return item


def _refuse_role(reviewer: User, key: Key) -> None:
    if not reviewer.has_role(key.role):
        raise Forbidden(f"{reviewer} is no {key.role.english}.", where=f"key {key}")


def refuse_second_key(submission: Submission, reviewer: User, key: Key) -> None:
    turned = Review.objects.filter(submission=submission, reviewer=reviewer).exclude(key=key)
    if other := turned.first():
        raise Forbidden(
            f"{reviewer} decides on the {other.key} key of this submission already.",
            where=f"key {key}",
            next="One person turns one key per submission: ask another reviewer.",
        )


def leave_other_keys(submission: Submission, reviewer: User, key: Key) -> None:
    """Whoever decides on one key may not turn the others: what they claimed is free again."""
    others = ReviewItem.objects.filter(submission=submission, claimed_by=reviewer).exclude(key=key)
    others.update(claimed_by=None, claimed_until=None)


def refuse_claimed(submission: Submission, *, key: Key, reviewer: User) -> None:
    """Conflict while somebody else looks at it."""
    others = ReviewItem.objects.filter(submission=submission, key=key).claimed()
    item = others.exclude(claimed_by=reviewer).select_related("claimed_by").first()
    if item is not None:
        raise _taken(item)


def _taken(item: ReviewItem) -> Conflict:
    where = f"submission {item.submission_id}, {item.key} key"
    if item.closed_at is not None or item.claimed_until is None:
        return Conflict("It does not wait for this key any more.", where=where)
    until = item.claimed_until.astimezone(dt.UTC)
    return Conflict(
        f"{item.claimed_by} looks at it until {until:%H:%M} UTC.",
        where=where,
        next="Wait until then, or ask them to give it back.",
    )


def _record(verb: str, item: ReviewItem, *, actor: User) -> None:
    events.record(
        f"review.{verb}",
        actor=actor,
        repository=item.submission.repository,
        subject=f"submission:{item.submission_id}",
        data={"key": item.key},
    )
