"""Offering what lies in the repository already: a branch, a tag, a commit, a pull request.

The pull request's ref points at that commit; nothing is copied. Nobody offers what others made as
their own.
"""

from __future__ import annotations

from django.db import connection, transaction

from contributions.models import (
    Discussion,
    DiscussionEventKind,
    DiscussionStatus,
    RunKind,
    RunStatus,
    Submission,
    Track,
)
from contributions.services import (
    cards,
    findable,
    history,
    runs,
    status,
    submissions,
    threads,
    track_choice,
)
from contributions.services.status import Facts, RunFact
from registry.models import Repository, Revision, User
from registry.services import events, refs, search
from registry.services.access import can_write
from registry.services.errors import Conflict, Forbidden, Unprocessable

_OPEN = (DiscussionStatus.OPEN, DiscussionStatus.DRAFT)


def offer_revision(
    *,
    repository: Repository,
    revision: str,
    author: User,
    track: Track | None = None,
    title: str = "",
    description: str = "",
    evaluate: bool = False,
    draft: bool = False,
) -> tuple[Submission, bool]:
    """The submission of this revision, and whether it is new.

    Offered already: the submission of the open pull request, for its author and for who may write
    to the repository; Conflict (with its address) for others. Unprocessable: nothing differs from
    the default branch. Forbidden: commits of others. RevisionNotFound: there is no such revision.
    """
    head = refs.resolve(repository, revision)
    with transaction.atomic():
        _lock(repository, head)
        known = _offered(repository, head, author)
        if known is None:
            made = _open(repository, head, author, title, description, evaluate, draft)
        else:
            made = known
            if evaluate and not made.evaluate:
                made = submissions.request_evaluation(made, actor=author)
        if track is not None and made.track_id != track.pk:
            made = submissions.choose_track(made, track=track, actor=author)
    return made, known is None


def _offered(repository: Repository, head: Revision, author: User) -> Submission | None:
    """The submission whose open pull request has this head; the caller's own before others'."""
    names = repository.refs.filter(oid=head.oid, name__startswith=refs.PULLS)
    numbers = [int(name.removeprefix(refs.PULLS)) for name in names.values_list("name", flat=True)]
    if not numbers:
        return None
    found = list(
        Submission.objects.filter(
            discussion__repository=repository,
            discussion__num__in=numbers,
            discussion__status__in=_OPEN,
            head_revision=head.oid,
        )
        .select_related("repository__namespace", "discussion__author", "track", "contributor")
        .order_by("pk")
    )
    own = next((s for s in found if author in {s.contributor, s.discussion.author}), None)  # type: ignore[union-attr]
    if own is not None or not found:
        return own
    if can_write(author, repository):
        return found[0]
    raise Conflict(
        f"This revision is offered already, by {found[0].contributor}, as submission "
        f"{found[0].pk}.",
        where=f"{repository}@{head.oid[:10]}",
        next="Look at that one, or offer a commit of your own.",
        url=found[0].get_absolute_url(),
    )


def _open(
    repository: Repository,
    head: Revision,
    author: User,
    title: str,
    description: str,
    evaluate: bool,
    draft: bool,
) -> Submission:
    """What can be read is read first: the number of the pull request locks the repository."""
    branch = refs.head(repository.default_branch)
    base = _base(repository, head, author, main=refs.current(repository, branch) or "")
    card = cards.read(head)
    submission = Submission(
        repository=repository,
        contributor=author,
        base_revision=base,
        head_revision=head.oid,
        evaluate=evaluate or card.evaluate,
    )
    submission.track = track_choice.chosen(submission, card)
    discussion = threads.start(
        repository,
        author=author,
        title=title or head.title[: threads.TITLE_LENGTH],
        description=description,
        pull_request=True,
        status=DiscussionStatus.DRAFT if draft else DiscussionStatus.OPEN,
        base_branch=branch,
        base_oid=base,
    )
    refs.move(repository, discussion.ref, expected=None, oid=head.oid)
    told: dict[str, object] = {"subject": head.title, "oid": head.oid}
    threads.add_event(discussion, DiscussionEventKind.COMMIT, author=author, data=told)
    return _take(submission, discussion, description=description)


def _take(submission: Submission, discussion: Discussion, *, description: str) -> Submission:
    """As `submissions.intake` does it, of which a new row needs half the questions asked."""
    facts = Facts(
        discussion=DiscussionStatus(discussion.status),
        evaluate=submission.evaluate,
        check=RunFact(RunKind.CHECK, RunStatus.QUEUED),
    )
    submission.discussion, submission.title = discussion, discussion.title
    submission.status, submission.status_reason = status.derive(facts)
    submission.save(force_insert=True)
    runs.enqueue(
        kind=RunKind.CHECK,
        contributor=submission.contributor,
        submission=submission,
        head_revision=submission.head_revision,
        delay=submissions.CHECK_DEBOUNCE_SECONDS,
    )
    search.store([findable.submission(submission, comment=description)])
    events.record(
        "submission.received",
        actor=submission.contributor,
        repository=submission.repository,
        subject=f"submission:{submission.pk}",
        data={"head": submission.head_revision},
    )
    return submission


def _lock(repository: Repository, head: Revision) -> None:
    """Of two requests for one revision at once the later finds what the earlier made."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"offer:{repository.pk}:{head.oid}"],
        )


def _base(repository: Repository, head: Revision, author: User, *, main: str) -> str:
    """The commit of main that it starts from; refused when it brings nothing of one's own."""
    made = {head.oid: (head.parents, head.author_id)}
    if head.parents != [main]:
        oids = history.reached(repository, head.oid, without=main)
        rows = Revision.objects.filter(repository=repository, oid__in=oids)
        made = {
            oid: (parents, by) for oid, parents, by in rows.values_list("oid", "parents", "author")
        }
    if not made:
        raise Unprocessable(
            f"There is nothing to offer: {head.oid[:10]} is part of "
            f"{repository.default_branch} already.",
            where="revision",
            next="Push a commit to a branch of your own, or use `hf upload --create-pr`.",
        )
    starts = {parent for parents, _ in made.values() for parent in parents} - made.keys()
    base = (
        Revision.objects.filter(repository=repository, oid__in=starts)
        .order_by("-generation", "pk")
        .values_list("oid", flat=True)
        .first()
        if starts != {main}
        else main
    )
    if not base:
        raise Unprocessable(
            f"{head.oid[:10]} and {repository.default_branch} have no commit in common.",
            where="revision",
            next=f"Start from a commit of {repository.default_branch}.",
        )
    # Credit goes to whoever offers: those who may write may offer common work, and nobody, not even
    # a maintainer, what only others made.
    writers = {by for _, by in made.values()}
    if author.pk not in writers or (len(writers) > 1 and not can_write(author, repository)):
        raise Forbidden(
            "This revision holds commits that others made.",
            where=f"{repository}@{head.oid[:10]}",
            next="Offer commits of your own, or ask their author to offer them.",
        )
    return base
