"""Forgetting a person who contributed: the work and its credit stay, without a name."""

from __future__ import annotations

from django.db import transaction

from contributions.models import (
    HubToken,
    Notification,
    NotificationChoice,
    OfferDraft,
    ReviewItem,
    Track,
    TrackStatus,
)
from contributions.services import drafts, findable, moves
from registry.models import User
from registry.services import erasure
from registry.services.errors import Conflict


def hindrances(user: User) -> list[Conflict]:
    """All that somebody else depends on; empty: `erase` will go through."""
    return [*_tracks_of(user), *erasure.hindrances(user)]


def _tracks_of(user: User) -> list[Conflict]:
    """Tracks that work goes on in, on repositories under the person's own name."""
    tracks = Track.objects.exclude(status=TrackStatus.CLOSED).filter(
        repository__namespace=user.namespace_id
    )
    return [
        Conflict(
            f"The track {track.name} works on your repository {track.repository}.",
            next="Close the track, or hand the repository over to an organisation.",
        )
        for track in tracks.select_related("repository__namespace")[:20]
    ]


@transaction.atomic
def erase(user: User) -> User:
    """Raises Conflict for the first hindrance; nothing is changed then."""
    for hindrance in _tracks_of(user):
        raise hindrance
    erased = erasure.erase(user)
    moves.store(findable.of_person(erased))
    Notification.objects.filter(user=user).delete()
    NotificationChoice.objects.filter(user=user).delete()
    for draft in OfferDraft.objects.filter(author=user):
        drafts.discard(draft)
    HubToken.objects.filter(namespace=user.namespace_id).delete()
    ReviewItem.objects.filter(claimed_by=user).update(claimed_by=None, claimed_until=None)
    return erased
