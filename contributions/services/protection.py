"""A repository that a track works on has a protected main: only a release moves it."""

from __future__ import annotations

from contributions.models import Track, TrackStatus
from registry.models import Repository
from registry.services.errors import Forbidden

PROTECTING = (TrackStatus.PREPARING, TrackStatus.OPEN)


def protecting_track(repository: Repository) -> Track | None:
    return Track.objects.filter(repository=repository, status__in=PROTECTING).order_by("id").first()


def is_protected(repository: Repository, ref: str) -> bool:
    main = f"refs/heads/{repository.default_branch}"
    return ref == main and protecting_track(repository) is not None


def refuse_if_protected(repository: Repository, ref: str) -> None:
    if ref != f"refs/heads/{repository.default_branch}":
        return
    track = protecting_track(repository)
    if track is not None:
        raise Forbidden(
            f"{repository.default_branch} of {repository} is protected by the track {track}: "
            "only a release moves it.",
            where=ref,
            next="Open a pull request: add --create-pr to hf upload (create_pr=True in Python).",
        )
