"""Pull requests: opened, pushed to, merged. Threads are in discussions.py."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from contributions.models import (
    Discussion,
    DiscussionEventKind,
    DiscussionStatus,
    Submission,
)
from contributions.services import diffs, history, protection, status, submissions, threads
from registry.models import Repository, Revision, User
from registry.services import commits, refs
from registry.services.commits import Operation
from registry.services.errors import Conflict, Invalid, RevisionNotFound


class _AlreadyProposed(Exception):
    """Rolls a second pull request with the same commit back."""

    def __init__(self, discussion: Discussion) -> None:
        super().__init__(str(discussion))
        self.discussion = discussion


@transaction.atomic
def open_pull_request(
    *,
    repository: Repository,
    author: User,
    title: str,
    description: str = "",
    base_branch: str = "",
    draft: bool = False,
    parent: str | None = None,
) -> Discussion:
    """A pull request whose head is, until somebody pushes, its base.

    `base_branch`: short or full name, the default branch if empty. `parent`: the commit of that
    branch to start from, its head if empty.
    """
    branch = refs.head(base_branch or repository.default_branch)
    base_oid = _start(repository, branch, parent)
    discussion = threads.start(
        repository,
        author=author,
        title=title,
        description=description,
        pull_request=True,
        status=DiscussionStatus.DRAFT if draft else DiscussionStatus.OPEN,
        base_branch=branch,
        base_oid=base_oid,
    )
    refs.move(repository, discussion.ref, expected=None, oid=base_oid)
    return discussion


def _start(repository: Repository, branch: str, parent: str | None) -> str:
    head = refs.current(repository, branch) if branch.startswith(refs.HEADS) else None
    if head is None:
        short = branch.removeprefix(refs.HEADS)
        raise RevisionNotFound(short, where=repository.full_name)
    if not parent or head.startswith(parent.lower()):
        return head
    # From another place it could carry commits that nobody would count as part of it.
    start = refs.resolve(repository, parent).oid
    if start not in history.reached(repository, head):
        raise Invalid(
            f"The parent commit {start[:10]} is not on {branch}.",
            where="parentCommit",
            next=f"Start from a commit of {branch}, or leave the parent commit out.",
        )
    return start


def propose(
    *,
    repository: Repository,
    author: User,
    operations: Sequence[Operation],
    title: str,
    message: str = "",
    base_branch: str = "",
    parent: str | None = None,
) -> tuple[Discussion, Revision]:
    """A commit that opens its own pull request. Sent twice, it finds the first one."""
    try:
        with transaction.atomic():
            discussion = open_pull_request(
                repository=repository,
                author=author,
                title=title[: threads.TITLE_LENGTH],
                description=message,
                base_branch=base_branch,
                parent=parent,
            )
            revision = push(
                discussion,
                actor=author,
                operations=operations,
                parent=discussion.base_oid,
                title=title,
                message=message,
            )
            if earlier := _same_proposal(discussion, revision):
                raise _AlreadyProposed(earlier)
    except _AlreadyProposed as repeated:
        return repeated.discussion, revision
    return discussion, revision


def _same_proposal(discussion: Discussion, revision: Revision) -> Discussion | None:
    heads = {
        ref.name.removeprefix(refs.PULLS)
        for ref in refs.pr(discussion.repository)
        if ref.oid == revision.oid and ref.oid != discussion.base_oid
    }
    return (
        Discussion.objects.filter(
            repository=discussion.repository,
            author=discussion.author,
            base_branch=discussion.base_branch,
            num__in=[int(num) for num in heads],
            status__in=[DiscussionStatus.DRAFT, DiscussionStatus.OPEN],
        )
        .exclude(pk=discussion.pk)
        .order_by("num")
        .first()
    )


@transaction.atomic
def push(
    discussion: Discussion,
    *,
    actor: User,
    operations: Sequence[Operation],
    parent: str | None = None,
    title: str,
    message: str = "",
) -> Revision:
    """A commit on the head of a pull request; the submission follows in the same transaction."""
    discussion = threads.lock(discussion)
    _refuse_if_ended(discussion, "takes no more commits")
    before = refs.current(discussion.repository, discussion.ref)
    revision = commits.commit(
        discussion.repository,
        ref=discussion.ref,
        author=actor,
        title=title,
        message=message,
        operations=operations,
        parent=parent,
    )
    if revision.oid != before:
        data: dict[str, object] = {"subject": revision.title, "oid": revision.oid}
        threads.add_event(discussion, DiscussionEventKind.COMMIT, author=actor, data=data)
        submissions.intake(discussion, head=revision)
    return revision


@transaction.atomic
def merge(discussion: Discussion, *, actor: User, text: str = "") -> Revision:
    """Bring the changes to the base branch, as one commit. Refused where a track protects it."""
    if not discussion.is_pull_request:
        raise Invalid("A discussion holds no changes: there is nothing to merge.")
    discussion = threads.lock(discussion)
    repository = discussion.repository
    _refuse_if_ended(discussion, "cannot be merged")
    _refuse_unless_free(discussion)
    if discussion.status == DiscussionStatus.DRAFT:
        raise Conflict(
            f"Pull request {discussion.num} is a draft.", next="Open it first, then merge it."
        )
    proposal = diffs.proposal(discussion)
    if proposal is None:
        raise RevisionNotFound(discussion.base_branch, where=repository.full_name)
    _refuse_conflicts(discussion, proposal)
    revision = commits.commit(
        repository,
        ref=discussion.base_branch,
        author=actor,
        title=f"{discussion.title} (#{discussion.num})",
        message=f"Co-authored-by: {discussion.author.username}",
        operations=proposal.operations(),
        parent=proposal.target_oid,
        merged=proposal.head_oid,
    )
    if text.strip():
        threads.add_event(
            discussion,
            DiscussionEventKind.COMMENT,
            author=actor,
            text=threads.clean_text(text),
        )
    mark_merged(discussion, actor=actor, oid=revision.oid)
    if discussion.base_branch == refs.head(repository.default_branch):
        submissions.first_revision(repository, revision=revision, actor=actor)
    return revision


@transaction.atomic
def mark_merged(discussion: Discussion, *, actor: User, oid: str) -> Discussion:
    """Its changes are in its base branch with the commit `oid`, by a merge or by a release."""
    discussion = threads.lock(discussion)
    if discussion.status == DiscussionStatus.MERGED and discussion.merge_oid == oid:
        return discussion
    discussion.merge_oid = oid
    discussion.save(update_fields=["merge_oid"])
    threads.move(discussion, DiscussionStatus.MERGED)
    data: dict[str, object] = {"status": DiscussionStatus.MERGED.value}
    threads.add_event(discussion, DiscussionEventKind.STATUS, author=actor, data=data)
    threads.record("merged", discussion, actor=actor, data={"oid": oid})
    submissions.discussion_changed(discussion, actor=actor)
    return discussion


def _refuse_if_ended(discussion: Discussion, what: str) -> None:
    ended = {
        DiscussionStatus.CLOSED: "Reopen it first.",
        DiscussionStatus.MERGED: "Open a new one.",
    }
    if discussion.status in ended:
        raise Conflict(
            f"Pull request {discussion.num} is {discussion.status} and {what}.",
            where=f"{discussion.repository}#{discussion.num}",
            next=ended[DiscussionStatus(discussion.status)],
        )


def _refuse_unless_free(discussion: Discussion) -> None:
    """409 that names the missing keys and runs when a track protects the base branch."""
    repository = discussion.repository
    if not protection.is_protected(repository, discussion.base_branch):
        return
    track = protection.protecting_track(repository)
    submission = Submission.objects.filter(discussion=discussion).first()
    missing = status.missing(status.facts_of(submission)) if submission else ["a commit"]
    lacks = f"It still lacks {status.listed(missing)}." if missing else "It lacks nothing."
    raise Conflict(
        f"{discussion.base_branch} is protected by the track {track}. {lacks}",
        where=f"{repository}#{discussion.num}",
        next="It enters with the next release of the track; nobody merges it by hand.",
    )


def _refuse_conflicts(discussion: Discussion, proposal: diffs.Proposal) -> None:
    if conflicts := proposal.conflicts:
        raise Conflict(
            f"Both sides changed {', '.join(conflicts[:5])}"
            + (f" and {len(conflicts) - 5} more." if len(conflicts) > 5 else "."),
            where=f"{discussion.repository}#{discussion.num}",
            next=f"Bring the changes of {discussion.base_branch} into the pull request first.",
        )
