"""Submissions: from a pushed head to the next run, and what their contributor may ask for.

Order of locks everywhere: discussion, submission, run.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from contributions.models import (
    Discussion,
    DiscussionEventKind,
    DiscussionStatus,
    PatchKind,
    Run,
    RunKind,
    RunStatus,
    Submission,
    SubmissionStatus,
    Track,
)
from contributions.services import (
    cards,
    findable,
    leaderboards,
    planning,
    protection,
    runs,
    status,
    submission_runs,
    threads,
    track_choice,
)
from registry.models import Repository, Revision, User
from registry.services import commits, events
from registry.services.errors import Conflict, Invalid

# One push of a client is often several commits: the check waits for the last of them.
CHECK_DEBOUNCE_SECONDS = 2


# --- what a push brings -----------------------------------------------------------------------


@transaction.atomic
def intake(discussion: Discussion, *, head: Revision) -> Submission:
    """A new head of a pull request: older runs are superseded, the head is checked."""
    submission, _ = Submission.objects.get_or_create(
        discussion=discussion,
        defaults={
            "repository": discussion.repository,
            "contributor": discussion.author,
            "title": discussion.title,
            "base_revision": discussion.base_oid,
            "head_revision": head.oid,
        },
    )
    return _take(submission, head=head, kind=PatchKind.UNKNOWN)


@transaction.atomic
def first_revision(repository: Repository, *, revision: Revision, actor: User) -> Submission | None:
    """A commit to main of a repository that no track works on: the base of the next track.

    The first revision follows main while no track protects it; under a track only releases move it.
    """
    if protection.protecting_track(repository) is not None:
        return None
    submission, _ = Submission.objects.get_or_create(
        repository=repository,
        discussion=None,
        defaults={
            "contributor": actor,
            "title": f"First revision of {repository}",
            "head_revision": revision.oid,
        },
    )
    return _take(submission, head=revision, kind=PatchKind.BASE)


def _take(submission: Submission, *, head: Revision, kind: PatchKind) -> Submission:
    submission = lock(submission)
    checked = Run.objects.filter(submission=submission, kind=RunKind.CHECK, head_revision=head.oid)
    if submission.head_revision == head.oid and checked.exists():
        return submission
    card = cards.read(head)
    before = submission.track, submission.kind
    submission.head_revision, submission.kind = head.oid, kind
    submission.artifact_revision = submission.artifact_path = ""
    submission.evaluate = submission.evaluate or card.evaluate
    submission.track = track_choice.chosen(submission, card) if submission.discussion else None
    submission.save()
    if before != (submission.track, submission.kind):
        leaderboards.moved(submission, before=before[0])
    submission_runs.cancel(
        submission, actor=None, reason=f"superseded by {head.oid[:10]}", but=head.oid
    )
    _check(submission)
    findable.put_submission(submission)
    _record("received", submission, actor=head.author, data={"head": head.oid})
    return status.project(submission)


def _check(submission: Submission) -> Run:
    return runs.enqueue(
        kind=RunKind.CHECK,
        contributor=submission.contributor,
        submission=submission,
        head_revision=submission.head_revision,
        delay=CHECK_DEBOUNCE_SECONDS,
    )


# --- the hand of the state machine -------------------------------------------------------------


@transaction.atomic
def advance(submission: Submission) -> Submission:
    """Queue what comes next and store the status. Called after every run, review and change."""
    submission = lock(submission)
    planning.next_runs(submission)
    return status.project(submission)


@transaction.atomic
def discussion_changed(discussion: Discussion, *, actor: User) -> None:
    """The pull request was opened, closed or merged."""
    submission = _of(discussion)
    if submission is None:
        return
    if discussion.status == DiscussionStatus.CLOSED:
        submission_runs.cancel(submission, actor=actor, reason=f"pull request closed by {actor}")
    elif discussion.status == DiscussionStatus.OPEN:
        submission_runs.repeat(submission, {RunStatus.CANCELLED})
    advance(submission)


@transaction.atomic
def track_changed(track: Track) -> None:
    """A track was made, opened or closed: what waited for it goes on."""
    concerned = [track.repository_id, *track.training_data.values_list("dataset_id", flat=True)]
    undecided = Q(track=None, discussion__isnull=False, repository__in=concerned)
    for submission in Submission.objects.filter(Q(track=track) | undecided).order_by("pk"):
        locked = lock(submission)
        if locked.track is None and not SubmissionStatus(locked.status).is_final:
            card = cards.read(commits.resolve(locked.repository, locked.head_revision))
            if (found := track_choice.chosen(locked, card)) is not None:
                _move(locked, found, actor=None)
        advance(locked)


def refuse_reopening(discussion: Discussion) -> None:
    submission = _of(discussion)
    if submission is not None and submission.withdrawn_at is not None:
        raise Conflict(
            f"Pull request {discussion.num} was withdrawn by its contributor.",
            where=f"{discussion.repository}#{discussion.num}",
            next="Open a new pull request.",
        )


# --- what its contributor may ask for -----------------------------------------------------------


@transaction.atomic
def withdraw(submission: Submission, *, actor: User) -> Submission:
    """Take the offer back: runs are cancelled and the pull request is closed, for good."""
    discussion = threads.lock(submission.discussion) if submission.discussion else None
    submission = lock(submission)
    if submission.withdrawn_at is not None:
        return submission
    _refuse_if_over(submission)
    submission.withdrawn_at = timezone.now()
    submission.save(update_fields=["withdrawn_at"])
    submission_runs.cancel(submission, actor=actor, reason=f"withdrawn by {actor}")
    if discussion and discussion.status != DiscussionStatus.CLOSED:
        threads.move(discussion, DiscussionStatus.CLOSED)
        data: dict[str, object] = {"status": DiscussionStatus.CLOSED.value}
        threads.add_event(discussion, DiscussionEventKind.STATUS, author=actor, data=data)
    _record("withdrawn", submission, actor=actor)
    return status.project(submission)


@transaction.atomic
def request_evaluation(submission: Submission, *, actor: User) -> Submission:
    """Have a draft evaluated without opening it for review."""
    submission = lock(submission)
    _refuse_if_over(submission)
    if not submission.evaluate:
        submission.evaluate = True
        submission.save(update_fields=["evaluate"])
        _record("evaluation-requested", submission, actor=actor)
    return advance(submission)


@transaction.atomic
def rerun(submission: Submission, *, actor: User, only: Run | None = None) -> Submission:
    """Repeat what failed or was cancelled on the current head with the same input, or one run."""
    submission = lock(submission)
    _refuse_if_over(submission)
    repeated = submission_runs.repeat(
        submission, {RunStatus.FAILED, RunStatus.CANCELLED}, only=only
    )
    if not repeated:
        raise Conflict(
            "No run of the current head was cancelled or failed in a worker.",
            where=f"submission {submission.pk}",
            next="Push a new commit to have something new checked and measured.",
        )
    _record("rerun", submission, actor=actor, data={"runs": [run.pk for run in repeated]})
    return advance(submission)


@transaction.atomic
def choose_track(submission: Submission, *, track: Track, actor: User) -> Submission:
    submission = lock(submission)
    _refuse_if_over(submission)
    if submission.discussion is None:
        raise Invalid("A first revision has no track: a track takes it as its base.")
    if not track_choice.candidates(submission).filter(pk=track.pk).exists():
        raise Invalid(
            f"The track {track} is closed, or does not work on {submission.repository}.",
            where="track",
            next="Choose one of the tracks that the page lists.",
        )
    if submission.track != track:
        submission.artifact_revision = ""
        submission.save(update_fields=["artifact_revision"])
        submission_runs.cancel(
            submission, actor=actor, reason=f"moved to the track {track}", checks=False
        )
        _move(submission, track, actor=actor)
    return advance(submission)


def _move(submission: Submission, track: Track, *, actor: User | None) -> None:
    """Keys that were turned for another track are open again; the timeline names them."""
    before, left = status.standing(submission), submission.track
    submission.track = track
    submission.save(update_fields=["track"])
    leaderboards.moved(submission, before=left)
    still = dict(status.standing(submission))
    opened = sorted(key for key, _ in before if key not in still)
    data: dict[str, object] = {"track": track.name, "open_again": opened}
    _record("track-chosen", submission, actor=actor, data=data)


@transaction.atomic
def cancel_run(run: Run, *, actor: User) -> Run:
    """Stop one run in whatever state it is."""
    submission = lock(run.submission) if run.submission else None
    run = runs.cancel(run, actor=actor, reason=f"cancelled by {actor}")
    if submission is not None:
        status.project(submission)
    else:
        runs.tell_owner(run)
    return run


# --- pieces -------------------------------------------------------------------------------------


def lock(submission: Submission) -> Submission:
    """The row itself, which no one else changes until the transaction ends."""
    return (
        Submission.objects.select_for_update(no_key=True, of=("self",))
        .select_related("repository__namespace", "discussion", "track", "contributor")
        .get(pk=submission.pk)
    )


def _of(discussion: Discussion) -> Submission | None:
    found = Submission.objects.filter(discussion=discussion).first()
    return lock(found) if found else None


def _refuse_if_over(submission: Submission) -> None:
    now = SubmissionStatus(submission.status)
    if now.is_final:
        raise Conflict(
            f"The submission is {now.english}.",
            where=f"submission {submission.pk}",
            next="Open a new pull request.",
        )


def _record(
    verb: str,
    submission: Submission,
    *,
    actor: User | None,
    data: dict[str, object] | None = None,
) -> None:
    events.record(
        f"submission.{verb}",
        actor=actor,
        repository=submission.repository,
        subject=f"submission:{submission.pk}",
        data=data,
    )
