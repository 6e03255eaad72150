"""Which event of the trail concerns whom, and in which words.

Words are made for each person in their language. Contributors' titles are quoted, their texts are
not: what is hidden or closed later must not live on in a mail.
"""

from __future__ import annotations

from collections.abc import Callable

from django.utils import formats
from django.utils.translation import gettext as _

from contributions.models import (
    Comparison,
    Decision,
    NotificationKind,
    Review,
    Submission,
    SubmissionStatus,
)
from contributions.services import notification_threads as threads
from contributions.services.notification_threads import number_in
from contributions.services.notifications import News
from registry.models import Event, User


def news_of(event: Event) -> News | None:
    return _SOURCES[event.verb](event)


# --- submissions ----------------------------------------------------------------------------


def _submission(event: Event) -> Submission | None:
    rows = Submission.objects.select_related(
        "contributor", "discussion__author", "repository__namespace", "track"
    )
    return rows.filter(pk=number_in(event.subject, "submission")).first()


def _owners(submission: Submission) -> list[User]:
    """Whoever offered it: the contributor, and the author of the pull request."""
    author = submission.discussion.author if submission.discussion else submission.contributor
    return list({person.pk: person for person in (submission.contributor, author)}.values())


_WAS_MOVING = {status.value for status in SubmissionStatus if status.is_moving}


def _status(event: Event) -> News | None:
    before, after = event.data.get("from", ""), event.data.get("to", "")
    kind = _kind_of(before, after)
    submission = _submission(event) if kind else None
    if kind is None or submission is None:
        return None
    reason = str(event.data.get("reason", ""))
    return News(
        kind,
        _owners(submission),
        lambda: _status_words(submission, before, after, reason),
        f"/submissions/{submission.pk}",
        f"event:{event.pk}",
        submission,
    )


def _kind_of(before: str, after: str) -> NotificationKind | None:
    if after == SubmissionStatus.IN_REVIEW and before not in _WAS_MOVING:
        return None
    return {
        SubmissionStatus.REFUSED.value: NotificationKind.FAILED,
        SubmissionStatus.FAILED.value: NotificationKind.FAILED,
        SubmissionStatus.NEEDS_TRACK.value: NotificationKind.FINISHED,
        SubmissionStatus.IN_REVIEW.value: NotificationKind.FINISHED,
        SubmissionStatus.APPROVED.value: NotificationKind.FINISHED,
        SubmissionStatus.RELEASED.value: NotificationKind.RELEASE,
        SubmissionStatus.NOT_ADMITTED.value: NotificationKind.RELEASE,
        SubmissionStatus.PUBLISHED.value: NotificationKind.PUBLICATION,
    }.get(after)


def _status_words(submission: Submission, before: str, after: str, reason: str) -> tuple[str, str]:
    checked_only = before == SubmissionStatus.CHECKING
    title = {
        SubmissionStatus.REFUSED.value: _("A check refused “%(title)s”"),
        SubmissionStatus.FAILED.value: _("“%(title)s” failed"),
        SubmissionStatus.NEEDS_TRACK.value: _("“%(title)s” is checked and needs a track"),
        SubmissionStatus.IN_REVIEW.value: _("“%(title)s” is checked and waits for review")
        if checked_only
        else _("“%(title)s” is measured and waits for review"),
        SubmissionStatus.APPROVED.value: _("“%(title)s” is approved"),
        SubmissionStatus.RELEASED.value: _("“%(title)s” is part of a release"),
        SubmissionStatus.NOT_ADMITTED.value: _("A release did not admit “%(title)s”"),
        SubmissionStatus.PUBLISHED.value: _("A release with “%(title)s” is published"),
    }[after] % {"title": submission.title}
    gain = _gain(submission) if after == SubmissionStatus.IN_REVIEW else ""
    return title, "\n".join(part for part in (gain, reason) if part)


def _gain(submission: Submission) -> str:
    found = (
        Comparison.objects.filter(submission=submission, split="T", measure="loss")
        .order_by("-run_id")
        .first()
    )
    if found is None:
        return ""
    return _("Gain on T: %(gain)s nats, 95 %% interval %(low)s to %(high)s.") % {
        "gain": f"{found.difference:+.4f}",
        "low": f"{found.low:+.4f}",
        "high": f"{found.high:+.4f}",
    }


# --- reviews --------------------------------------------------------------------------------


def _review(event: Event) -> News | None:
    submission = _submission(event)
    if submission is None:
        return None
    given = Review.objects.filter(
        submission=submission,
        key=event.data.get("key"),
        decision=event.data.get("decision"),
        reviewer=event.actor,
        created_at__lte=event.created_at,
    ).last()
    if given is None:
        return None
    asks = given.decision == Decision.INFO
    return News(
        NotificationKind.QUESTION if asks else NotificationKind.DECISION,
        _owners(submission),
        lambda: _review_words(submission, given),
        f"/submissions/{submission.pk}",
        f"event:{event.pk}",
        submission,
    )


def _review_words(submission: Submission, given: Review) -> tuple[str, str]:
    title = {
        Decision.APPROVE.value: _("%(key)s key: “%(title)s” is approved"),
        Decision.REJECT.value: _("%(key)s key: “%(title)s” is rejected"),
        Decision.CHANGES.value: _("%(key)s key: changes are asked for in “%(title)s”"),
        Decision.INFO.value: _("%(key)s key: a question about “%(title)s”"),
        Decision.REVERSE.value: _("%(key)s key: an earlier decision on “%(title)s” is taken back"),
    }[given.decision] % {
        "key": str(given.get_key_display()).capitalize(),
        "title": submission.title,
    }
    due = ""
    if given.answer_due_at:
        due = _("Please answer by %(day)s (UTC).") % {"day": _moment(given)}
    return title, "\n".join(part for part in (given.said, due) if part)


def _moment(review: Review) -> str:
    return (
        formats.date_format(review.answer_due_at, "DATETIME_FORMAT") if review.answer_due_at else ""
    )


def deadline_of(review: Review) -> News:
    """The day before an answer is due."""
    submission = review.submission

    def words() -> tuple[str, str]:
        title = _("Your answer about “%(title)s” is due soon") % {"title": submission.title}
        due = _("The %(key)s reviewer waits for it until %(day)s (UTC).")
        return title, due % {"key": review.key, "day": _moment(review)}

    return News(
        NotificationKind.DEADLINE,
        _owners(submission),
        words,
        f"/submissions/{submission.pk}",
        f"deadline:{review.pk}",
        submission,
    )


def _answer(event: Event) -> News | None:
    review = (
        Review.objects.select_related(
            "reviewer", "submission__repository__namespace", "submission__discussion"
        )
        .filter(pk=event.data.get("review"))
        .first()
    )
    if review is None or review.reviewer_id == event.actor_id:
        return None
    submission = review.submission

    def words() -> tuple[str, str]:
        title = _("“%(title)s”: your question is answered") % {"title": submission.title}
        return title, _("Look at the answer and decide on the %(key)s key.") % {"key": review.key}

    return News(
        NotificationKind.ANSWER,
        [review.reviewer],
        words,
        desk_of(submission, review.key),
        f"event:{event.pk}",
        submission,
    )


def desk_of(submission: Submission, key: str) -> str:
    """Where reviewers decide; the page of the submission may be closed to them."""
    return f"/admin/reviews/{submission.pk}/?key={key}"


_SOURCES: dict[str, Callable[[Event], News | None]] = {
    "submission.status": _status,
    "review.given": _review,
    "review.answered": _answer,
    "discussion.commented": threads.comment,
    "pull-request.commented": threads.comment,
    "discussion.comment-hidden": threads.hidden,
    "pull-request.comment-hidden": threads.hidden,
    "organisation.invited": threads.invited,
}
VERBS = tuple(_SOURCES)
