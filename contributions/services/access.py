"""The only way to get what people contribute: to fetch is to authorise.

Whoever may read a repository may read its discussions, submissions, runs (log and curve too),
tracks and releases. Reviewers see beside that what is theirs to decide on. Outcomes per example
are handed out by nobody here.

`Need.PROPOSE`: take part (comment, open). `Need.WRITE`: act on it (its author, or who may write
to the repository). `Need.ADMIN`: maintainers.
"""

from __future__ import annotations

from collections.abc import Iterable

from contributions.models import (
    Discussion,
    OfferDraft,
    Publication,
    Release,
    ReviewItem,
    Run,
    Submission,
    Track,
)
from contributions.services import review_queue
from registry.models import Repository, User
from registry.services.access import Caller, Need, authorise, can_write
from registry.services.errors import Forbidden, NotFound, RepoNotFound, ServiceError


def discussion(
    caller: Caller, repository: Repository, num: int, *, need: Need = Need.READ
) -> Discussion:
    authorise(caller, repository, need=Need.READ)
    found = (
        Discussion.objects.select_related("author", "repository__namespace", "submission")
        .filter(repository=repository, num=num)
        .first()
    )
    if found is None:
        raise NotFound(
            f"{repository} has no discussion or pull request {num}.",
            where=repository.full_name,
            next=f"See /{repository.path}/discussions for those it has.",
        )
    _authorise(caller, repository, need, author=found.author)
    return found


def submission(caller: Caller, pk: int, *, need: Need = Need.READ) -> Submission:
    found = (
        Submission.objects.select_related(
            "repository__namespace", "discussion", "track", "contributor"
        )
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise _absent("submission", pk)
    _visible(caller, found.repository, "submission", pk)
    _authorise(caller, found.repository, need, author=found.contributor)
    return found


def submission_for_review(caller: Caller, pk: int) -> Submission:
    """For those who may read its files, and for its reviewers (review_queue.seen_by), whose
    repository may be closed to them. The services say who may decide."""
    found = (
        Submission.objects.select_related(
            "repository__namespace",
            "discussion__author",
            "track__repository__namespace",
            "contributor",
        )
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise _absent("submission", pk)
    _for_review(caller, found, "submission", pk)
    return found


def shown(viewer: User | None, submissions: Iterable[Submission]) -> list[Submission]:
    """Submissions for showing only: without a track whose model was closed to the viewer since.

    Data are offered to a repository of their own: it may be public while the model is not.
    """
    rows = list(submissions)
    models = {row.track.repository_id for row in rows if row.track is not None}
    closed = models_closed_to(viewer, models - {row.repository_id for row in rows})
    for row in rows:
        if row.track is not None and row.track.repository_id in closed:
            row.track = None
    return rows


def models_closed_to(viewer: User | None, repositories: set[int]) -> set[int]:
    """Of these repositories, to which tracks belong."""
    if not repositories:
        return set()
    return repositories - Repository.objects.filter(pk__in=repositories).keys_open_to(viewer)


def run(caller: Caller, pk: int, *, need: Need = Need.READ, without: tuple[str, ...] = ()) -> Run:
    """`Need.WRITE` is what cancelling and repeating take. `without`: long columns to leave out."""
    found = (
        Run.objects.select_related(
            "submission__repository__namespace", "track__repository__namespace", "contributor"
        )
        .defer(*without)
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise _absent("run", pk)
    owner = found.submission or found.track
    if owner is None:
        raise _absent("run", pk)
    _visible(caller, owner.repository, "run", pk)
    if found.track is not None:
        _visible(caller, found.track.repository, "run", pk)
    _authorise(caller, owner.repository, need, author=found.contributor)
    return found


def track(
    caller: Caller, name: str, *, need: Need = Need.READ, without: tuple[str, ...] = ()
) -> Track:
    """`without`: long columns to leave out."""
    found = (
        Track.objects.select_related("repository__namespace", "benchmark")
        .defer(*without)
        .filter(name__iexact=name)
        .first()
    )
    if found is None:
        raise _absent("track", name)
    _visible(caller, found.repository, "track", name)
    _authorise(caller, found.repository, need, author=None)
    return found


def release(caller: Caller, track_name: str, number: int, *, need: Need = Need.READ) -> Release:
    on = track(caller, track_name, need=need)
    found = Release.objects.filter(track=on, number=number).first()
    if found is None:
        raise _absent(f"release of {on}", number)
    found.track = on
    return found


def draft(caller: Caller, pk: int, *, need: Need = Need.PROPOSE) -> OfferDraft:
    """A draft is its author's alone. `Need.READ`: also when its repository is out of reach."""
    found = (
        OfferDraft.objects.select_related(
            "author__namespace", "repository__namespace", "sent_as__repository__namespace"
        )
        .filter(pk=pk, author=caller.user)
        .first()
    )
    if found is None:
        raise _absent("draft", pk)
    if found.repository is not None and need is not Need.READ:
        authorise(caller, found.repository, need=need)
    return found


def publication(caller: Caller, pk: int) -> Publication:
    found = (
        Publication.objects.select_related("release__track__repository__namespace", "requested_by")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise _absent("publication", pk)
    _visible(caller, found.release.track.repository, "publication", pk)
    return found


def review_item(caller: Caller, pk: int) -> ReviewItem:
    """A line of the reviewers' queue. The services say who may take it."""
    found = (
        ReviewItem.objects.select_related(
            "claimed_by",
            "submission__contributor",
            "submission__discussion",
            "submission__track",
            "submission__repository__namespace",
        )
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise _absent("review", pk)
    _for_review(caller, found.submission, "review", pk)
    return found


def _absent(kind: str, name: object) -> NotFound:
    return NotFound(f"There is no {kind} {name}.", next="Check the number or name in the address.")


def _visible(caller: Caller, repository: Repository, kind: str, name: object) -> None:
    """What hangs on a repository that the caller may not see is absent, by the same words."""
    try:
        authorise(caller, repository, need=Need.READ)
    except RepoNotFound:
        raise _absent(kind, name) from None


def _for_review(caller: Caller, submission: Submission, kind: str, name: object) -> None:
    try:
        authorise(caller, submission.repository, need=Need.CONTENT)
    except ServiceError as closed:
        if reviews(caller, submission):
            return
        if isinstance(closed, RepoNotFound):
            raise _absent(kind, name) from None
        raise


def reviews(caller: Caller, submission: Submission) -> bool:
    """Whether they look at it as a reviewer. By a token: only if it was made for that."""
    if caller.user is None or not reviews_with(caller):
        return False
    theirs = review_queue.seen_by(caller.user)
    return theirs is not None and Submission.objects.filter(theirs, pk=submission.pk).exists()


def reviews_with(caller: Caller) -> bool:
    """A session, or a token with the scope for it."""
    return caller.token is None or caller.token.may_review


def _authorise(caller: Caller, repository: Repository, need: Need, *, author: User | None) -> None:
    if need in {Need.READ, Need.CONTENT}:
        return
    user = caller.signed_in(need.value)
    if need is Need.WRITE:
        if user != author and not can_write(user, repository):
            raise Forbidden(
                f"Only its author and those who may write to {repository} may do this.",
                next="Ask one of them, for example in a comment.",
            )
        return
    authorise(caller, repository, need=need)
