"""Reviews: people turn keys on the current head, never their own.

A key that was turned (approved or rejected) stands until a second person takes it back, which
they may until publication. A request for changes or an answer is followed by the next decision.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from contributions.models import (
    Decision,
    Key,
    ReasonCode,
    Review,
    ReviewAnswer,
    Submission,
    SubmissionStatus,
)
from contributions.services import review_queue, status, submissions
from contributions.services.interests import interest_of
from registry.models import User
from registry.services import events
from registry.services.errors import Conflict, Forbidden, Invalid

__all__ = ["answer", "interest_of", "missing_keys", "open_question", "review"]
TEXT_LENGTH = 20_000
TURNED = frozenset({Decision.APPROVE, Decision.REJECT})
NEEDS_REASON = frozenset({Decision.REJECT, Decision.CHANGES, Decision.INFO, Decision.REVERSE})
# What is in main can still lose a key, which stops its publication, and get it again.
STILL_REVERSIBLE = frozenset({SubmissionStatus.RELEASED})


@transaction.atomic
def review(
    submission: Submission,
    *,
    reviewer: User,
    key: Key,
    decision: Decision,
    reason_code: str = "",
    text: str = "",
    head: str = "",
) -> Review:
    """Record one decision. `head`: the revision that was looked at; an approval has to name it,
    for a push may come between the look and the decision.

    Forbidden: the role is missing, or the reviewer has an interest. Conflict: the state of the
    submission does not allow it. Repeating the same decision changes nothing.
    """
    submission = submissions.lock(submission)
    reason_code, text = reason_code.strip(), text.strip()
    _refuse_person(submission, reviewer, key)
    _refuse_head(submission, head, decision)
    _refuse_words(key, decision, reason_code, text)
    before = dict(status.standing(submission)).get(key)
    if before and _same(before, reviewer, decision, reason_code, text):
        return before
    _refuse_state(submission, key, decision)
    _refuse_turned(before, reviewer, key, decision)
    review_queue.refuse_claimed(submission, key=key, reviewer=reviewer)
    given = Review.objects.create(
        submission=submission,
        key=key,
        decision=decision,
        reviewer=reviewer,
        revision=submission.head_revision,
        track=submission.track,
        reason_code=reason_code,
        text=text,
        answer_due_at=_answer_due(decision),
    )
    review_queue.leave_other_keys(submission, reviewer, key)
    _record(
        "given",
        given,
        actor=reviewer,
        data={"decision": decision, "reason": reason_code, "revision": given.revision},
    )
    submissions.advance(submission)
    return given


def _answer_due(decision: Decision) -> dt.datetime | None:
    if decision not in status.WANTS_ANSWER:
        return None
    return timezone.now() + dt.timedelta(days=settings.REVIEW_ANSWER_DAYS)


def _record(verb: str, given: Review, *, actor: User, data: dict[str, object]) -> None:
    events.record(
        f"review.{verb}",
        actor=actor,
        repository=given.submission.repository,
        subject=f"submission:{given.submission_id}",
        data={"key": given.key, **data},
    )


@transaction.atomic
def answer(review: Review, *, author: User, text: str) -> ReviewAnswer:
    """Answer a question (INFO): it no longer holds the submission, which goes back to review.

    Forbidden: only the contributor and the pull request's author may. Conflict: the question does
    not stand any more, was answered, or wants a new revision (CHANGES). A late answer is welcome.
    """
    submission = submissions.lock(Submission(pk=review.submission_id))
    if not submission.is_offered_by(author):
        raise Forbidden(
            "Only whoever offered it may answer.",
            where=f"submission {submission.pk}",
            next="Write a comment instead.",
        )
    text = text.replace("\x00", "").strip()
    if not text:
        raise Invalid("The answer is empty.", where="text", next="Write what was asked for.")
    if len(text) > TEXT_LENGTH:
        raise Invalid(f"The answer is too long: up to {TEXT_LENGTH} characters.", where="text")
    _refuse_answer(submission, review)
    given = ReviewAnswer.objects.create(review=review, author=author, text=text)
    review.submission = submission
    _record("answered", review, actor=author, data={"review": review.pk})
    submissions.advance(submission)
    return given


def _refuse_answer(submission: Submission, review: Review) -> None:
    where = f"submission {submission.pk}"
    current = dict(status.standing(submission)).get(review.key)
    if current != review or review.decision not in status.WANTS_ANSWER:
        raise Conflict("This question is not open any more.", where=where)
    if review.decision == Decision.CHANGES:
        raise Conflict(
            "The reviewer asked for changes, not for an answer.",
            where=where,
            next="Push a new revision to the pull request; to discuss it, write a comment.",
        )
    if ReviewAnswer.objects.filter(review=review).exists():
        raise Conflict(
            "The question was answered already.", where=where, next="To add to it, write a comment."
        )


def open_question(submission: Submission) -> Review | None:
    """The standing question or request for changes that waits for the contributor; one query."""
    return status.question(dict(status.standing(submission)).values())


def missing_keys(submission: Submission, *, head: str) -> tuple[str, ...]:
    """Keys that the policy asks for and that do not stand approved on this head."""
    approved = {
        key
        for key, review in status.standing(submission, head)
        if review.decision == Decision.APPROVE
    }
    return tuple(key for key in status.required_keys(submission) if key not in approved)


# --- who may not -------------------------------------------------------------------------------


def _refuse_person(submission: Submission, reviewer: User, key: Key) -> None:
    _refuse_role(reviewer, key)
    if interest := interest_of(reviewer, submission):
        raise Forbidden(
            f"{reviewer} may not review this submission, because {interest.of_them}.",
            where=f"submission {submission.pk}",
            next="Ask another reviewer.",
        )
    review_queue.refuse_second_key(submission, reviewer, key)


def _refuse_role(reviewer: User, key: Key) -> None:
    if not reviewer.has_role(key.role):
        raise Forbidden(
            f"{reviewer} is no {key.role.english}.",
            where=f"key {key}",
            next="Ask somebody with that role, or have an operator grant it.",
        )


# --- when not ----------------------------------------------------------------------------------


def _refuse_head(submission: Submission, head: str, decision: Decision) -> None:
    if decision is Decision.APPROVE and not head:
        raise Invalid(
            "An approval names the revision that was looked at.",
            where="head",
            next=f"Look at the files. The head is now {submission.head_revision}.",
        )
    if head and head != submission.head_revision:
        raise Conflict(
            f"The head is now {submission.head_revision[:10]}; you looked at {head[:10]}.",
            where=f"submission {submission.pk}",
            next="Look at the new head, then decide.",
        )


def _refuse_words(key: Key, decision: Decision, reason_code: str, text: str) -> None:
    if len(text) > TEXT_LENGTH:
        raise Invalid("The text is too long.", next=f"Use up to {TEXT_LENGTH} characters.")
    fitting = [code.value for code in ReasonCode if code.fits(key, decision)]
    if reason_code and reason_code not in fitting:
        raise Invalid(
            f"“{reason_code[:64]}” is no reason for “{decision.english}” with the {key} key.",
            where="reason_code",
            next=f"Use one of {', '.join(fitting)}.",
        )
    if decision in NEEDS_REASON and not reason_code:
        raise Invalid(
            f"“{decision.english}” needs a reason.",
            where="reason_code",
            next="Give a reason code, and a text that tells the contributor what to do.",
        )
    if reason_code == ReasonCode.OTHER and not text:
        raise Invalid("The reason “other” needs a text.", where="text", next="Say why.")


def _refuse_state(submission: Submission, key: Key, decision: Decision) -> None:
    facts = status.facts_of(submission)
    now, reason = status.derive(facts)
    if decision in {Decision.REVERSE, Decision.APPROVE} and now in STILL_REVERSIBLE:
        return
    over = {
        SubmissionStatus.WITHDRAWN,
        SubmissionStatus.RELEASED,
        SubmissionStatus.PUBLISHED,
    }
    closed = now is SubmissionStatus.CANCELLED and facts.check_passed
    if now in over or closed:
        raise Conflict(
            f"The submission is {now.english}. {reason}",
            where=f"submission {submission.pk}",
            next="There is nothing to decide on it any more.",
        )
    if decision is Decision.APPROVE and not facts.check_passed:
        raise Conflict(
            f"The {key} key cannot be turned yet: the submission is {now.english}. {reason}",
            where=f"submission {submission.pk}",
            next="Decide when the check of this revision has passed.",
        )


def _refuse_turned(before: Review | None, reviewer: User, key: Key, decision: Decision) -> None:
    turned = before is not None and before.decision in TURNED
    if decision is Decision.REVERSE:
        if before is None or not turned:
            raise Conflict(f"The {key} key is not turned: there is nothing to take back.")
        if before.reviewer_id == reviewer.pk:
            raise Forbidden(
                "A decision is taken back by a second person, not by the one who made it.",
                where=f"key {key}",
                next=f"Ask another {key.role.english}.",
            )
    elif before is not None and turned:
        raise Conflict(
            f"The {key} key was {Decision(before.decision).english} by {before.reviewer}.",
            where=f"key {key}",
            next=f"Another {key.role.english} may take that back first (decision “reverse”).",
        )


def _same(before: Review, reviewer: User, decision: Decision, reason: str, text: str) -> bool:
    given = (before.reviewer_id, before.decision, before.reason_code, before.text)
    return given == (reviewer.pk, decision, reason, text) and not status.is_answered(before)
