"""The stored status of a submission: a projection of the facts, never written otherwise.

Whoever changes a fact (a run, a review, a pull request, a track, a release, a publication) calls
`project` in the same transaction; `manage.py recompute_status` must find no difference.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from contributions.models import (
    Comparison,
    Decision,
    DiscussionStatus,
    Finding,
    Publication,
    PublicationStatus,
    ReleasePatch,
    ReleaseStatus,
    Review,
    Run,
    RunKind,
    RunStatus,
    Severity,
    Submission,
    SubmissionStatus,
    TrackStatus,
)
from contributions.models.tracks import default_policy
from contributions.services import review_queue
from contributions.services.derivation import Facts, RunFact, derive, listed, missing
from registry.services import events

__all__ = [
    "Facts",
    "RunFact",
    "derive",
    "facts_of",
    "is_answered",
    "listed",
    "missing",
    "newest_runs",
    "project",
    "question",
    "required_keys",
    "standing",
    "stands",
]
WANTS_ANSWER = frozenset({Decision.CHANGES, Decision.INFO})
MACHINE_KINDS = (RunKind.FINETUNE, RunKind.BENCHMARK)


def facts_of(submission: Submission) -> Facts:
    head, track, discussion = submission.head_revision, submission.track, submission.discussion
    newest = newest_runs(submission)
    check = newest.get((RunKind.CHECK.value, ""))
    stands = standing(submission)
    released, refused, published = _release_facts(submission)
    return Facts(
        kind=submission.patch_kind,
        discussion=DiscussionStatus(discussion.status) if discussion else None,
        withdrawn=submission.withdrawn_at is not None,
        evaluate=submission.evaluate,
        track=TrackStatus(track.status) if track else None,
        track_name=track.name if track else "",
        check=_run_fact(check) if check else None,
        blocks=_blocks(check),
        runs=tuple(_run_fact(run) for (kind, _), run in newest.items() if kind != RunKind.CHECK),
        measured=Comparison.objects.filter(
            submission=submission, run__head_revision=head, run__track=track
        ).exists(),
        keys=required_keys(submission),
        decisions={key: (Decision(r.decision), r.said) for key, r in stands},
        answered=frozenset(key for key, r in stands if is_answered(r)),
        released_in=released,
        not_admitted=refused,
        published_at=published,
    )


def required_keys(submission: Submission) -> tuple[str, ...]:
    policy = submission.track.policy if submission.track else default_policy()
    return tuple(policy.get("keys", default_policy()["keys"]))


def standing(submission: Submission, head: str = "") -> list[tuple[str, Review]]:
    """The latest decision per key on a head (the current one), as far as it `stands`."""
    given = Review.objects.filter(submission=submission, revision=head or submission.head_revision)
    rows = given.select_related("answer", "reviewer").order_by("id")
    return list(stands(submission, rows, head=head).items())


def stands(submission: Submission, given: Iterable[Review], *, head: str = "") -> dict[str, Review]:
    """Of reviews in the order in which they were given: what counts now, per key.

    An approval counts on the track that it was given for alone: who has an interest, and which
    licences meet, depends on the track. A refusal or a question stands on every track, so that
    nobody sheds one by choosing another.
    """
    on_head = [r for r in given if r.revision == (head or submission.head_revision)]
    latest = {review.key: review for review in on_head}
    return {
        key: review
        for key, review in latest.items()
        if review.decision != Decision.REVERSE
        and (review.decision != Decision.APPROVE or review.track_id == submission.track_id)
    }


def question(stands: Iterable[Review]) -> Review | None:
    """What waits for the contributor. A request for changes comes first, as in the status."""
    waiting = [r for r in stands if r.decision in WANTS_ANSWER and not is_answered(r)]
    order = [Decision.CHANGES.value, Decision.INFO.value]
    waiting.sort(key=lambda review: (order.index(review.decision), review.key))
    return waiting[0] if waiting else None


def is_answered(review: Review) -> bool:
    return hasattr(review, "answer")


def newest_runs(submission: Submission) -> dict[tuple[str, str], Run]:
    """By kind and input. A check has no input but the head; runs of another track do not count."""
    newest: dict[tuple[str, str], Run] = {}
    for run in Run.objects.filter(
        submission=submission,
        head_revision=submission.head_revision,
        kind__in=[RunKind.CHECK, *MACHINE_KINDS],
    ).order_by("id"):
        if run.kind == RunKind.CHECK:
            newest[run.kind, ""] = run
        elif run.track_id == submission.track_id:
            newest[run.kind, run.input_digest] = run
    return newest


def _run_fact(run: Run) -> RunFact:
    return RunFact(RunKind(run.kind), RunStatus(run.status), run.failure_class, run.reason)


def _blocks(check: Run | None) -> tuple[str, ...]:
    if check is None:
        return ()
    found = Finding.objects.filter(run=check, severity=Severity.BLOCK).order_by("id")
    return tuple(found.values_list("message", flat=True))


def _release_facts(submission: Submission) -> tuple[str, str, str]:
    """(release that merged it, why the last release did not admit it, where it is published)."""
    patches = (
        ReleasePatch.objects.filter(
            submission=submission, release__status=ReleaseStatus.RELEASED, admitted__isnull=False
        )
        .select_related("release__track")
        .order_by("id")
    )
    released = refused = ""
    for patch in patches:
        if patch.admitted:
            released = f"{patch.release.track.name} release {patch.release.number}"
        elif patch.artifact_revision == submission.artifact_revision:
            refused = patch.reason or "The last release measured no certain gain."
    if not released:
        return "", refused, ""
    published = Publication.objects.filter(
        release__patches__submission=submission,
        release__patches__admitted=True,
        status=PublicationStatus.PUBLISHED,
    ).first()
    return released, refused, published.url if published else ""


@transaction.atomic
def project(submission: Submission) -> Submission:
    """Store the derived status. `status_since` moves only when the status does.

    The row is locked before any fact is read, so of two changes at once the later sees both.
    """
    rows = Submission.objects.select_related("track", "discussion")
    locked = rows.select_for_update(no_key=True, of=("self",)).get(pk=submission.pk)
    before, facts = locked.status, facts_of(locked)
    status, reason = derive(facts)
    if (status, reason) != (before, locked.status_reason):
        if status != before:
            locked.status_since = timezone.now()
        locked.status, locked.status_reason = status, reason
        locked.save(update_fields=["status", "status_reason", "status_since"])
        if status != before:
            _record(submission, before, status, reason)
    if SubmissionStatus.IN_REVIEW in (before, status):
        review_queue.sync(locked, missing_keys=facts.missing_keys)
    submission.refresh_from_db()
    return submission


def _record(submission: Submission, before: str, after: str, reason: str) -> None:
    """What timelines show and whom it concerns is told (services/notifications)."""
    events.record(
        "submission.status",
        actor=None,
        repository=submission.repository,
        subject=f"submission:{submission.pk}",
        data={"from": str(before), "to": str(after), "reason": reason[:1000]},
    )
