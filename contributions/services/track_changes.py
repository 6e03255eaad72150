"""Changing the policy of a track that exists."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from contributions.models import Track, TrackStatus
from contributions.services import findable, submissions, track_policy, tracks
from registry.models import User
from registry.services import events, search
from registry.services.errors import Conflict


@transaction.atomic
def change_policy(track: Track, *, actor: User, policy: Any) -> Track:
    """From now on it decides; keys that are wanted anew are asked for at once."""
    track = tracks.lock(track)
    tracks.refuse_stranger(actor, track.repository)
    if track.status == TrackStatus.CLOSED:
        raise Conflict(f"The track {track} is closed.", where="track")
    before, after = track.policy, track_policy.complete(policy)
    if before == after:
        return track
    track_policy.refuse_too_few_keys(after, actor=actor, before=before.get("keys", ()))
    track.policy = after
    track.save(update_fields=["policy"])
    search.store([findable.track(track)])
    events.record(
        "track.policy-changed",
        actor=actor,
        repository=track.repository,
        subject=f"track:{track.pk}",
        data={"before": before, "after": after},
    )
    if set(before.get("keys", ())) != set(after["keys"]):
        submissions.track_changed(track)
    return track
