"""Which track a submission is evaluated on."""

from __future__ import annotations

from django.db.models import QuerySet

from contributions.models import Submission, Track, TrackStatus
from contributions.services.cards import Card
from registry.models import RepoType


def candidates(submission: Submission) -> QuerySet[Track]:
    """Tracks of a model, or tracks that train on a dataset, unless they are closed.

    A dataset's submission tells its readers of its track, so the track must be one that its
    contributor may see, and a public dataset never names the track of a private model.
    """
    repository = submission.repository
    if repository.type is not RepoType.DATASET:
        return Track.objects.filter(repository=repository).exclude(status=TrackStatus.CLOSED)
    found = Track.objects.visible_to(submission.contributor).filter(
        training_data__dataset=repository
    )
    if not repository.private:
        found = found.filter(repository__private=False)
    return found.exclude(status=TrackStatus.CLOSED).distinct()


def chosen(submission: Submission, card: Card) -> Track | None:
    """The card's choice, else the choice made before, else the only one there is."""
    fitting = {track.name.lower(): track for track in candidates(submission)}
    if card.track:
        return fitting.get(card.track.lower())
    if submission.track is not None and submission.track in fitting.values():
        return submission.track
    return next(iter(fitting.values())) if len(fitting) == 1 else None
