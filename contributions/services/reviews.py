"""Reviews: people turn keys on the current head, never their own.

A key that was turned (approved or rejected) stands until a second person takes it back, which
they may until publication. A request for changes or an answer is followed by the next decision.
"""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from contributions.models import (
    Decision,
    Discussion,
    DiscussionEvent,
    DiscussionEventKind,
    Key,
    Review,
    Submission,
    SubmissionStatus,
)
from contributions.services import history, status, submissions
from registry.models import MemberRole, Membership, NamespaceKind, Repository, User
from registry.services import events
from registry.services.errors import Conflict, Forbidden, Invalid

TEXT_LENGTH = 20_000
TURNED = frozenset({Decision.APPROVE, Decision.REJECT})
NEEDS_WORDS = frozenset({Decision.REJECT, Decision.CHANGES, Decision.INFO, Decision.REVERSE})
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
    """Record one decision. `head`: the revision that was looked at, if the caller knows it.

    Forbidden: the role is missing, or the reviewer has an interest. Conflict: the state of the
    submission does not allow it. Repeating the same decision changes nothing.
    """
    submission = submissions.lock(submission)
    reason_code, text = reason_code.strip(), text.strip()
    _refuse_role(reviewer, key)
    if interest := interest_of(reviewer, submission):
        raise Forbidden(
            f"{reviewer} may not review this submission: {interest}.",
            where=f"submission {submission.pk}",
            next="Ask another reviewer.",
        )
    _refuse_second_key(submission, reviewer, key)
    _refuse_head(submission, head)
    if decision in NEEDS_WORDS and not (reason_code or text):
        raise Invalid(
            f"“{decision.label}” needs a reason.",
            where="reason",
            next="Give a reason code, or a text that tells the contributor what to do.",
        )
    if len(text) > TEXT_LENGTH or len(reason_code) > 64:
        raise Invalid("The reason is too long.", next=f"Use up to {TEXT_LENGTH} characters.")
    before = dict(status.standing(submission)).get(key)
    if before and _same(before, reviewer, decision, text):
        return before
    _refuse_state(submission, key, decision)
    _refuse_turned(before, reviewer, key, decision)
    given = Review.objects.create(
        submission=submission,
        key=key,
        decision=decision,
        reviewer=reviewer,
        revision=submission.head_revision,
        reason_code=reason_code,
        text=text,
    )
    events.record(
        "review.given",
        actor=reviewer,
        repository=submission.repository,
        subject=f"submission:{submission.pk}",
        data={"key": key, "decision": decision, "revision": submission.head_revision},
    )
    submissions.advance(submission)
    return given


def missing_keys(submission: Submission, *, head: str) -> tuple[str, ...]:
    """Keys that the policy asks for and that do not stand approved on this head."""
    approved = {
        key
        for key, review in status.standing(submission, head)
        if review.decision == Decision.APPROVE
    }
    return tuple(key for key in status.required_keys(submission) if key not in approved)


# --- who may not -------------------------------------------------------------------------------


def interest_of(person: User, submission: Submission) -> str:
    """Why this person may not review it; empty when nothing is against it."""
    discussion = submission.discussion
    if person == submission.contributor or (discussion and person == discussion.author):
        return "it is their own"
    if person.pk in _writers(submission):
        return "they uploaded or co-wrote a commit of it"
    for repository, what in _concerned(submission):
        if _owns(person, repository):
            return f"they own the {what} it changes or uses ({repository})"
    if settings.REVIEW_REFUSE_SAME_ORGANISATION and _share_organisation(
        person, submission.contributor
    ):
        return "they are in the contributor's organisation"
    return ""


def _writers(submission: Submission) -> set[int]:
    commits = history.reached(
        submission.repository, submission.head_revision, without=submission.base_revision
    )
    found = history.writers(submission.repository, commits)
    return found | _named_at_opening(submission.discussion)


def _named_at_opening(discussion: Discussion | None) -> set[int]:
    """Co-authors that the opening comment names, or named before it was changed."""
    if discussion is None:
        return set()
    opening = DiscussionEvent.objects.filter(
        discussion=discussion, kind=DiscussionEventKind.COMMENT
    ).first()
    if opening is None:
        return set()
    return history.co_authors(opening.text) | set(opening.data.get("co_authors", []))


def _concerned(submission: Submission) -> list[tuple[Repository, str]]:
    """The repository that is changed, and the base and training data of its track."""
    found = [(submission.repository, submission.repository.repo_type)]
    if track := submission.track:
        found.append((track.repository, "base"))
        used = track.training_data.select_related("dataset__namespace")
        found += [(source.dataset, "training data") for source in used]
    return found


def _owns(person: User, repository: Repository) -> bool:
    """Its namespace is theirs, they run the organisation it is in, or they maintain it."""
    namespace = repository.namespace
    if namespace.kind == NamespaceKind.USER and namespace.pk == person.namespace_id:
        return True
    runs_it = Membership.objects.filter(
        user=person, role=MemberRole.MAINTAINER, organisation__namespace=namespace
    )
    maintains = repository.maintainers.filter(user=person, role=MemberRole.MAINTAINER)
    return runs_it.exists() or maintains.exists()


def _share_organisation(one: User, other: User) -> bool:
    theirs = Membership.objects.filter(user=other).values("organisation")
    return Membership.objects.filter(user=one, organisation__in=theirs).exists()


def _refuse_role(reviewer: User, key: Key) -> None:
    if not reviewer.has_role(key.role):
        raise Forbidden(
            f"{reviewer} is no {key.role.label}.",
            where=f"key {key}",
            next="Ask somebody with that role, or have an operator grant it.",
        )


def _refuse_second_key(submission: Submission, reviewer: User, key: Key) -> None:
    turned = Review.objects.filter(submission=submission, reviewer=reviewer).exclude(key=key)
    if other := turned.first():
        raise Forbidden(
            f"{reviewer} decides on the {other.key} key of this submission already.",
            where=f"key {key}",
            next="One person turns one key per submission: ask another reviewer.",
        )


# --- when not ----------------------------------------------------------------------------------


def _refuse_head(submission: Submission, head: str) -> None:
    if head and head != submission.head_revision:
        raise Conflict(
            f"The head is now {submission.head_revision[:10]}; you looked at {head[:10]}.",
            where=f"submission {submission.pk}",
            next="Look at the new head, then decide.",
        )


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
            f"The submission is {now.label}. {reason}",
            where=f"submission {submission.pk}",
            next="There is nothing to decide on it any more.",
        )
    if decision is Decision.APPROVE and not facts.check_passed:
        raise Conflict(
            f"The {key} key cannot be turned yet: the submission is {now.label}. {reason}",
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
                next=f"Ask another {key.role.label}.",
            )
    elif before is not None and turned:
        raise Conflict(
            f"The {key} key was {Decision(before.decision).label} by {before.reviewer}.",
            where=f"key {key}",
            next=f"Another {key.role.label} may take that back first (decision “reverse”).",
        )


def _same(before: Review, reviewer: User, decision: Decision, text: str) -> bool:
    return (before.reviewer_id, before.decision, before.text) == (reviewer.pk, decision, text)
