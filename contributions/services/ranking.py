"""Figures about repositories that come from what people contribute to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Max

from contributions.models import (
    Discussion,
    DiscussionStatus,
    Release,
    Submission,
    Track,
    TrackDataset,
)
from registry.models import RepoType, User
from registry.services.remembered import remembered

SECONDS = 60
RANKED = 1000


@dataclass(frozen=True)
class Figures:
    """What one line of a list says of a repository."""

    pull_requests: int = 0
    gain: float | None = None
    trains: int = 0


def figures(repositories: Iterable[int], *, viewer: User | None) -> dict[int, Figures]:
    """Three queries for the lines of a page: open pull requests, best gain, open tracks."""
    keys = list(repositories)
    waiting = dict(
        Discussion.objects.filter(
            repository__in=keys,
            is_pull_request=True,
            status__in=[DiscussionStatus.OPEN, DiscussionStatus.DRAFT],
        )
        .order_by()
        .values_list("repository")
        .annotate(Count("pk"))
    )
    gains = dict(
        Release.objects.filter(track__repository__in=keys, number__gt=0, gain_t__isnull=False)
        .released()
        .order_by()
        .values_list("track__repository")
        .annotate(Max("gain_t"))
    )
    trains = dict(
        TrackDataset.objects.filter(
            dataset__in=keys, track__in=Track.objects.visible_to(viewer).open().values("pk")
        )
        .order_by()
        .values_list("dataset")
        .annotate(Count("track", distinct=True))
    )
    return {key: Figures(waiting.get(key, 0), gains.get(key), trains.get(key, 0)) for key in keys}


def by_gain(kind: RepoType) -> list[int]:
    """Numbers of repositories, the one with the best release first; a minute old at most."""
    return remembered(f"by-gain:{kind.value}", SECONDS, lambda: _by_gain(kind))


def _by_gain(kind: RepoType) -> list[int]:
    best = (
        Release.objects.filter(
            track__repository__repo_type=kind, number__gt=0, gain_t__isnull=False
        )
        .released()
        .order_by()
        .values_list("track__repository")
        .annotate(best=Max("gain_t"))
        .order_by("-best")[:RANKED]
    )
    return [key for key, _ in best]


def by_contributors(kind: RepoType) -> list[int]:
    """Numbers of repositories, the one that most people offer something to first."""
    return remembered(f"by-people:{kind.value}", SECONDS, lambda: _by_contributors(kind))


def _by_contributors(kind: RepoType) -> list[int]:
    most = (
        Submission.objects.filter(repository__repo_type=kind)
        .order_by()
        .values_list("repository")
        .annotate(people=Count("contributor", distinct=True))
        .order_by("-people")[:RANKED]
    )
    return [key for key, _ in most]
