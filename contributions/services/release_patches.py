"""The patches of a release: what the gate said of each, and what a release means for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from contributions.models import (
    Credit,
    Decision,
    Discussion,
    DiscussionEventKind,
    Release,
    ReleasePatch,
    Submission,
    SubmissionStatus,
    Track,
)
from contributions.services import (
    inputs,
    interests,
    planning,
    pull_requests,
    reviews,
    status,
    submissions,
    threads,
)
from registry.models import Repository, Revision, User
from registry.services import access, commits
from registry.services.commits import CopyFrom
from registry.services.errors import RevisionNotFound, ServiceError


def base_digest(track: Track, submission: Submission) -> str:
    """Digest of the model that the patch is a change of.

    A product of a run names its base as its parent; a pull request was started from one.
    """
    if submission.patch_kind.needs_training:
        base = commits.resolve(track.repository, submission.artifact_revision).parent or ""
    else:
        base = submission.base_revision
    try:
        return inputs.model_digest(inputs.tree(track.repository, base))
    except RevisionNotFound:
        return ""


def record_gate(
    patch: ReleasePatch, result: dict[str, Any], weights: dict[str, float], admitted: set[str]
) -> None:
    key = str(patch.submission_id)
    gate = result["gate"].get(key, {})
    patch.admitted = key in admitted
    patch.weight = weights.get(key, 0.0) if patch.admitted else 0.0
    patch.gate_gain, patch.gate_lower = gate.get("gain"), gate.get("lower_bound")
    patch.reason = gate.get("reason") or ""
    patch.save()


def message(release: Release, lines: Sequence[Credit]) -> str:
    """The commit's text: weights, credit and authors, so that the history tells them too."""
    told = [
        f"{line.contributor.username}: weight {line.weight:.3f}, credit {line.amount:+.4f} nats "
        f"(95 %: {line.low:+.4f} to {line.high:+.4f}), submission {line.submission_id}"
        for line in sorted(lines, key=lambda line: -line.amount)
    ]
    gain = f"Gain {release.gain_v:+.4f} nats on V."
    people = sorted({line.contributor.username for line in lines})
    trailers = [f"Co-authored-by: {name}" for name in people]
    return "\n".join([gain, "", *told, "", *trailers])


def taken_back(release: Release) -> str:
    """What a reviewer or a contributor took back since the release began; empty: nothing."""
    admitted = release.patches.filter(admitted=True).order_by("submission")
    for patch in admitted.select_related("submission__discussion"):
        if patch.submission.discussion is not None:  # locked first, as everywhere
            threads.lock(patch.submission.discussion)
        submission = submissions.lock(patch.submission)
        if submission.withdrawn_at is not None:
            return f"Submission {submission.pk} was withdrawn while the release was made."
        if submission.track_id != release.track_id:
            return f"Submission {submission.pk} moved to another track while the release was made."
        if reviewer := interested_reviewer(submission):
            return f"{reviewer} This came to light while the release was made."
        if keys := reviews.missing_keys(submission, head=patch.head_revision):
            return (
                f"The {' and '.join(keys)} key of submission {submission.pk} was taken back while "
                "the release was made."
            )
    return ""


def interested_reviewer(submission: Submission) -> str:
    """Whose approval may not count any more, and why; empty: nobody's.

    Looked at again before every release: since a key was turned its holder may have been named as
    a co-author, or come to maintain the model or what it is trained on.
    """
    for key, given in status.standing(submission):
        approved = given.decision == Decision.APPROVE
        interest = interests.interest_of(given.reviewer, submission) if approved else None
        if interest is not None:
            return (
                f"{given.reviewer} turned the {key} key of submission {submission.pk}, but "
                f"{interest.of_them}: another {key} reviewer takes that back and decides anew."
            )
    return ""


def best_recipe(release: Release, lines: Sequence[Credit]) -> list[CopyFrom]:
    """The recipe of the admitted recipe patch with most credit becomes the track's recipe.

    A patch of the model's own repository whose product is not its head has a changed recipe.
    """
    brought = {line.submission_id: line.amount for line in lines if line.amount > 0}
    changed = [
        patch
        for patch in release.patches.filter(
            submission__in=brought, submission__repository=release.track.repository
        )
        if patch.artifact_revision != patch.head_revision
    ]
    if not changed:
        return []
    best = max(changed, key=lambda patch: brought[patch.submission_id])
    return [CopyFrom(planning.RECIPE, planning.RECIPE, best.head_revision)]


def settle(release: Release, track: Track) -> None:
    """Pull requests of admitted patches are merged; every patch gets its status."""
    patches = release.patches.select_related(
        "submission__discussion", "submission__repository__namespace"
    ).order_by("submission")
    for patch in patches:
        if patch.admitted:
            _merge(release, track, patch)
        submissions.advance(patch.submission)
    _tell_left_behind(release, track)


def _tell_left_behind(release: Release, track: Track) -> None:
    """Whoever offers a patch of the earlier base reads in the thread what to do."""
    waiting = [SubmissionStatus.APPROVED, SubmissionStatus.IN_REVIEW]
    left = Submission.objects.filter(track=track, status__in=waiting).exclude(discussion=None)
    for submission in left.exclude(release_patches__release=release).order_by("pk"):
        again = (
            "Push once more, and it is trained on the new base."
            if submission.patch_kind.needs_training
            else "Make it from the present main and open a new pull request."
        )
        assert submission.discussion is not None
        text = f"{release} has moved the base of {track}; this patch is a change of the one before."
        _say(submission.discussion, release.created_by, f"{text} {again}")


def _merge(release: Release, track: Track, patch: ReleasePatch) -> None:
    submission = submissions.lock(patch.submission)
    discussion, actor = submission.discussion, release.created_by
    if discussion is None:
        return
    if later := submission.head_revision != patch.head_revision:
        text = f"{release} was made with {patch.head_revision[:10]}, the head that was approved."
        _say(discussion, actor, f"{text} Later commits are no part of it.")
    if submission.repository_id == track.repository_id:
        pull_requests.mark_merged(discussion, actor=actor, oid=release.revision)
        return
    if later:
        return
    if not access.can_write(actor, submission.repository):
        _say(discussion, actor, f"{release} was made with these data. {actor} may not merge here.")
        return
    try:
        with transaction.atomic():
            revision = pull_requests.merge(discussion, actor=actor)
            _train_on(track, submission.repository, revision)
    except ServiceError as error:
        # The model is released either way; the dataset waits for somebody to resolve it.
        _say(discussion, actor, f"{release} was made with these data; the merge failed: {error}")


def leave_out(release: Release, submission: Submission, why: str) -> None:
    """Its contributor and reviewers read in the thread why it is no part of the release."""
    if submission.discussion is not None:
        _say(submission.discussion, release.created_by, f"{release} is made without it. {why}")


def _say(discussion: Discussion, actor: User, text: str) -> None:
    threads.add_event(discussion, DiscussionEventKind.COMMENT, author=actor, text=text)


def _train_on(track: Track, dataset: Repository, revision: Revision) -> None:
    track.training_data.filter(dataset=dataset).update(revision=revision.oid)
