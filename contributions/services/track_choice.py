"""Which track a submission is evaluated on."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from contributions.models import Submission, Track, TrackStatus
from contributions.services.cards import Card
from registry.models import Repository, RepoType


def candidates(repository: Repository) -> QuerySet[Track]:
    """Tracks of a model, or tracks that train on a dataset, unless they are closed."""
    if repository.type is RepoType.DATASET:
        concerned = Q(training_data__dataset=repository)
    else:
        concerned = Q(repository=repository)
    return Track.objects.filter(concerned).exclude(status=TrackStatus.CLOSED).distinct()


def chosen(submission: Submission, card: Card) -> Track | None:
    """The card's choice, else the choice made before, else the only one there is."""
    fitting = {track.name.lower(): track for track in candidates(submission.repository)}
    if card.track:
        return fitting.get(card.track.lower())
    if submission.track is not None and submission.track in fitting.values():
        return submission.track
    return next(iter(fitting.values())) if len(fitting) == 1 else None
