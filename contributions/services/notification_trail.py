"""From the audit trail to what people are told, a few seconds after it happened.

The numbers of events become visible out of order: a transaction that took a low number may be
committed after one with a higher number. So the cursor only passes numbers that are settled: it
asks which transactions hold the trail's table for writing, after it has looked up the newest
number. Whoever took a lower number holds the lock or has ended; where nobody holds it, every
number below is there or will never be. While somebody holds it, what is visible is told already,
but the cursor stays; telling it again does nothing.

Nothing here is locked but the cursor's own row, so no change ever waits for its news.
"""

from __future__ import annotations

import datetime as dt
import logging
import time

from django.db import OperationalError, connection, transaction
from django.db.models import CharField, Exists, Max, OuterRef, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone, translation

from contributions.models import (
    NewsCursor,
    Notification,
    NotificationKind,
    Review,
    ReviewItem,
    SubmissionStatus,
)
from contributions.services import notifications, status
from contributions.services.notification_sources import VERBS, deadline_of, desk_of, news_of
from contributions.services.notifications import News
from registry.models import Event

log = logging.getLogger(__name__)

NAME, CLOCK = "notifications", "deadlines"
BATCH, MOST_BATCHES = 500, 40
# How long to wait for transactions that are writing to the trail just now.
PATIENCE_SECONDS, LOOK_SECONDS = 0.5, 0.05
# An installation that gets this later does not tell old stories.
OLDEST = dt.timedelta(days=7)
BEFORE_DEADLINE = dt.timedelta(hours=24)
BEFORE_CLAIM_ENDS = dt.timedelta(minutes=20)
LOOK_AT_CLOCK_SECONDS = 60


def sweep() -> int:
    """Tell everything that is new. Returns how many events were looked at; safe at any time."""
    _tell_what_is_due()
    cursor = NewsCursor.objects.filter(name=NAME).first() or _begin()
    looked = 0
    for _round in range(MOST_BATCHES):
        newest = _newest()
        if cursor.event_id >= newest:
            break
        settled = _is_settled()
        done = _read(newest, settled=settled)
        looked += done
        if not settled or not done:
            break
        cursor.refresh_from_db()
    return looked


def _newest() -> int:
    return int(Event.objects.aggregate(newest=Max("pk"))["newest"] or 0)


def _begin() -> NewsCursor:
    old = Event.objects.filter(created_at__lt=timezone.now() - OLDEST).order_by("-pk").first()
    cursor, _ = NewsCursor.objects.get_or_create(
        name=NAME, defaults={"event_id": old.pk if old else 0}
    )
    return cursor


def _is_settled() -> bool:
    """Whether no transaction that could have taken a number is still at work."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    waited_for = _writers()
    while waited_for and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
        waited_for &= _writers()  # those who came later took later numbers
    return not waited_for


def _writers() -> set[str]:
    """The transactions that hold the trail for writing, but for this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation'"
            " AND relation = %s::regclass AND mode = 'RowExclusiveLock'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND pid IS DISTINCT FROM pg_backend_pid()",
            [Event._meta.db_table],
        )
        return {row[0] for row in cursor.fetchall()}


@transaction.atomic
def _read(newest: int, *, settled: bool) -> int:
    """One batch: the news and the cursor in one transaction. Another sweep at work: nothing."""
    rows = NewsCursor.objects.select_for_update(skip_locked=True)
    cursor = rows.filter(name=NAME, event_id__lt=newest).first()
    if cursor is None:
        return 0
    span = Event.objects.filter(pk__gt=cursor.event_id, pk__lte=newest)
    ends = list(span.order_by("pk").values_list("pk", flat=True)[:BATCH])
    last = ends[-1] if len(ends) == BATCH else newest
    for event in span.filter(pk__lte=last, verb__in=VERBS).select_related("actor").order_by("pk"):
        _tell(event)
    if settled:
        cursor.event_id = last
        cursor.save(update_fields=["event_id"])
    return len(ends)


def _tell(event: Event) -> None:
    """An event that cannot be understood is passed by: it must not hold back all others."""
    try:
        with transaction.atomic():
            news = news_of(event)
            if news is not None:
                notifications.spread(news)
    except OperationalError:
        raise
    except Exception:
        log.exception("event %s (%s) could not be told", event.pk, event.verb)


# --- what comes by the clock ----------------------------------------------------------------


def _tell_what_is_due() -> None:
    """Once a minute, by one of all sweeps."""
    minute = int(time.time()) // LOOK_AT_CLOCK_SECONDS
    NewsCursor.objects.get_or_create(name=CLOCK)
    if NewsCursor.objects.filter(name=CLOCK, event_id__lt=minute).update(event_id=minute):
        tell_deadlines()


def tell_deadlines() -> None:
    now = timezone.now()
    for review in _unanswered(now):
        if (review.key, review) in status.standing(review.submission):
            notifications.spread(deadline_of(review))
    ending = ReviewItem.objects.claimed().filter(claimed_until__lt=now + BEFORE_CLAIM_ENDS)
    for item in ending.select_related("claimed_by", "submission__repository__namespace"):
        notifications.spread(_claim_ends(item))


def _unanswered(now: dt.datetime) -> list[Review]:
    told = Notification.objects.filter(
        submission=OuterRef("submission"),
        about=Concat(Value("deadline:"), Cast(OuterRef("pk"), CharField())),
    )
    waiting = [SubmissionStatus.NEEDS_INFO, SubmissionStatus.CHANGES_REQUESTED]
    return list(
        Review.objects.filter(
            ~Exists(told),
            submission__status__in=waiting,
            answer_due_at__range=(now, now + BEFORE_DEADLINE),
            answer__isnull=True,
        ).select_related(
            "submission__contributor",
            "submission__discussion__author",
            "submission__repository__namespace",
        )[:1000]
    )


def _claim_ends(item: ReviewItem) -> News:
    submission = item.submission

    def words() -> tuple[str, str]:
        title = translation.gettext("Your claim on the %(key)s review of “%(title)s” ends soon")
        text = translation.gettext("Decide, or claim it again; otherwise others may take it.")
        return title % {"key": item.key, "title": submission.title}, text

    return News(
        NotificationKind.REVIEW_DUE,
        [item.claimed_by] if item.claimed_by else [],
        words,
        desk_of(submission, item.key),
        f"claim:{item.pk}:{item.claimed_until:%Y%m%dT%H%M%S}",
        submission,
    )
