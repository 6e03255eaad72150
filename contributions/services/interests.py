"""Conflict of interest: who may not decide on what, and why."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Q, QuerySet

from contributions.models import (
    Discussion,
    DiscussionEvent,
    DiscussionEventKind,
    Review,
    Submission,
    TrackDataset,
)
from contributions.services import history
from registry.models import MemberRole, Membership, NamespaceKind, Repository, User


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


# --- the same for many at once -------------------------------------------------------------------


def concerning(person: User) -> Q:
    """Submissions that they have an interest in, as far as a list can tell without reading commits.

    Co-authors named in a commit are found by `interest_of` only, which every decision asks.
    """
    owned = _owned(person)
    offered = (
        Q(contributor=person)
        | Q(discussion__author=person)
        | Q(pk__in=_pushed_to(person))
        | Q(repository__in=owned)
        | Q(track__repository__in=owned)
        | Q(track__in=TrackDataset.objects.filter(dataset__in=owned).values("track"))
    )
    if settings.REVIEW_REFUSE_SAME_ORGANISATION:
        mine = Membership.objects.filter(user=person).values("organisation")
        mates = Membership.objects.filter(organisation__in=mine).values("user")
        offered |= Q(contributor__in=mates)
    return offered


def turned_other_key(person: User, key: str) -> Q:
    """Submissions of which they decide on another key already."""
    other = Review.objects.filter(reviewer=person).exclude(key=key)
    return Q(pk__in=other.values("submission"))


def _pushed_to(person: User) -> QuerySet[DiscussionEvent, dict[str, int]]:
    pushes = DiscussionEvent.objects.filter(
        author=person, kind=DiscussionEventKind.COMMIT, discussion__submission__isnull=False
    )
    return pushes.values("discussion__submission")


def _owned(person: User) -> QuerySet[Repository, dict[str, int]]:
    run = Membership.objects.filter(user=person, role=MemberRole.MAINTAINER)
    return Repository.objects.filter(
        Q(namespace=person.namespace_id)
        | Q(namespace__in=run.values("organisation__namespace"))
        | Q(pk__in=person.maintained.filter(role=MemberRole.MAINTAINER).values("repository"))
    ).values("pk")
