"""Conflict of interest: who may not decide on what, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from contributions.models import (
    Discussion,
    DiscussionEvent,
    DiscussionEventKind,
    Review,
    Submission,
    TrackDataset,
)
from contributions.services import history
from registry.models import MemberRole, Membership, Repository, User
from registry.models.choices import Choices
from registry.models.repositories import RepositoryQuerySet


class InterestKind(Choices):
    """Each as it is said of somebody (value), and to themselves (label)."""

    OWN = "it is their own", _("it is your own")
    WRITTEN = (
        "they uploaded or co-wrote a commit of it",
        _("you uploaded or co-wrote a commit of it"),
    )
    MODEL = "they own the model that it changes", _("you own the model that it changes")
    DATASET = "they own the dataset that it changes", _("you own the dataset that it changes")
    BASE = "they own the base that it uses", _("you own the base that it uses")
    TRAINING = "they own training data that it uses", _("you own training data that it uses")
    COLLEAGUE = (
        "they are in the contributor's organisation",
        _("you are in the contributor's organisation"),
    )


@dataclass(frozen=True)
class Interest:
    """Why somebody may not review a submission. `repository`: which one, where that matters."""

    kind: InterestKind
    repository: str = ""

    @property
    def of_them(self) -> str:
        """For an error, which names the person: "… because they own the model …"."""
        return self._with_repository(self.kind.value)

    @property
    def of_you(self) -> str:
        """For a page that the person reads, in their language."""
        return self._with_repository(str(self.kind.label))

    def _with_repository(self, words: str) -> str:
        return f"{words} ({self.repository})" if self.repository else words


def interest_of(person: User, submission: Submission) -> Interest | None:
    """Why this person may not review it; None when nothing is against it."""
    discussion = submission.discussion
    if person == submission.contributor or (discussion and person == discussion.author):
        return Interest(InterestKind.OWN)
    if person.pk in _writers(submission):
        return Interest(InterestKind.WRITTEN)
    if concerned := _owned_of_concerned(person, submission):
        return concerned
    if settings.REVIEW_REFUSE_SAME_ORGANISATION and _share_organisation(
        person, submission.contributor
    ):
        return Interest(InterestKind.COLLEAGUE)
    return None


def _writers(submission: Submission) -> set[int]:
    """All who uploaded or co-wrote a commit of it; three queries at most."""
    uploaded, texts = history.writers(
        submission.repository, submission.head_revision, without=submission.base_revision
    )
    opening = _opening(submission.discussion)
    if opening is not None:
        # Named now, or named before the comment was changed.
        uploaded |= set(opening.data.get("co_authors", []))
        texts = f"{texts}\n{opening.text}"
    return uploaded | history.co_authors(texts)


def _opening(discussion: Discussion | None) -> DiscussionEvent | None:
    if discussion is None:
        return None
    kind = DiscussionEventKind.COMMENT
    return DiscussionEvent.objects.filter(discussion=discussion, kind=kind).first()


def _owned_of_concerned(person: User, submission: Submission) -> Interest | None:
    """The repository that is changed, and the base and training data of its track; one query."""
    track = submission.track
    concerned = Q(pk=submission.repository_id)
    if track is not None:
        concerned |= Q(pk=track.repository_id) | Q(trained_tracks__track=track)
    owned = owned_by(person).filter(concerned).select_related("namespace").distinct()
    for repository in owned:
        if repository.pk == submission.repository_id:
            kind = InterestKind[repository.repo_type.upper()]
        elif track and repository.pk == track.repository_id:
            kind = InterestKind.BASE
        else:
            kind = InterestKind.TRAINING
        return Interest(kind, repository.full_name)
    return None


def _share_organisation(one: User, other: User) -> bool:
    theirs = Membership.objects.filter(user=other).values("organisation")
    return Membership.objects.filter(user=one, organisation__in=theirs).exists()


# --- the same for many at once -------------------------------------------------------------------


def concerning(person: User) -> Q:
    """Submissions that they have an interest in, as far as a list can tell without reading commits.

    Co-authors named in a commit are found by `interest_of` only, which every decision asks.
    """
    owned = owned_by(person).values("pk")
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


def _pushed_to(person: User) -> QuerySet[DiscussionEvent, Any]:
    pushes = DiscussionEvent.objects.filter(
        author=person, kind=DiscussionEventKind.COMMIT, discussion__submission__isnull=False
    )
    return pushes.values("discussion__submission")


def owned_by(person: User) -> RepositoryQuerySet:
    """Its namespace is theirs, they run the organisation it is in, or they maintain it."""
    run = Membership.objects.filter(user=person, role=MemberRole.MAINTAINER)
    return Repository.objects.filter(
        Q(namespace=person.namespace_id)
        | Q(namespace__in=run.values("organisation__namespace"))
        | Q(pk__in=person.maintained.filter(role=MemberRole.MAINTAINER).values("repository"))
    )
