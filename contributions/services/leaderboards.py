"""Counting what changes the order of a track's submissions; `track_ranking` reads the counts."""

from __future__ import annotations

from django.db.models import F

from contributions.models import Leaderboard, Track


def measured(track: Track) -> None:
    """Before comparisons are written, so that their numbers rise in the order of the commits."""
    _raise(track, "measurements")


def moved(*tracks: Track) -> None:
    """A submission left, or joined with measurements that it has here from before."""
    for track in sorted(tracks, key=lambda track: track.pk):
        _raise(track, "moves")


def _raise(track: Track, name: str) -> None:
    if not Leaderboard.objects.filter(track=track).update(**{name: F(name) + 1}):
        Leaderboard.objects.get_or_create(track=track)
        Leaderboard.objects.filter(track=track).update(**{name: F(name) + 1})
