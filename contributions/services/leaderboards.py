"""Counting what changes the order of a track's submissions; `track_ranking` reads the counts."""

from __future__ import annotations

from django.db.models import F

from contributions.models import Leaderboard, Submission, Track


def measured(track: Track) -> None:
    """Before comparisons are written, so that their numbers rise in the order of the commits."""
    _raise(track, "measurements")


def moved(submission: Submission, *, before: Track | None) -> None:
    """A submission that was measured is on another track than before, or of another kind."""
    if submission.comparisons.exists():
        tracks = {track for track in (before, submission.track) if track is not None}
        for track in sorted(tracks, key=lambda track: track.pk):
            _raise(track, "moves")


def _raise(track: Track, name: str) -> None:
    if not Leaderboard.objects.filter(track=track).update(**{name: F(name) + 1}):
        Leaderboard.objects.get_or_create(track=track)
        Leaderboard.objects.filter(track=track).update(**{name: F(name) + 1})
