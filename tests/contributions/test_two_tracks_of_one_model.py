"""A track never goes back behind what another track of the same model has put on main."""

from __future__ import annotations

import pytest

from contributions.models import (
    ReleaseStatus,
    RunKind,
    Submission,
    SubmissionStatus,
    TrackStatus,
)
from contributions.services import publications, releases, results, tracks
from registry.services import commits
from registry.services.commits import AddFile
from registry.services.errors import Conflict
from tests.contributions import machines
from tests.contributions.machines import bring


@pytest.fixture
def first(cast):
    """The track digits: open on its calibrated base."""
    cast.push(cast.model, *machines.BASE, by=cast.berta)
    track = cast.prepare_track("digits")
    cast.settle_first_revisions()
    base = Submission.objects.get(repository=cast.model, discussion=None)
    cast.review(base, "licence")
    cast.review(base, "privacy")
    return opened(cast, track)


def opened(cast, track):
    bring(cast, RunKind.MERGE, machines.calibrated())
    track.refresh_from_db()
    return track


def approved(cast, content, track):
    offer = cast.offer(AddFile("model.safetensors", content), AddFile("README.md", card(track)))
    cast.measured(offer)
    cast.review(offer, "licence")
    cast.review(offer, "privacy")
    offer.refresh_from_db()
    assert offer.status == SubmissionStatus.APPROVED, offer.status_reason
    return offer


def card(track):
    return f"---\nlicense: mit\ntrack: {track.name}\n---\n# A model\n".encode()


def released(cast, track, patch):
    release = releases.start_release(track, actor=cast.berta)
    bring(cast, RunKind.MERGE, lambda run: machines.merged(run, {patch.pk: 0.4}))
    bring(cast, RunKind.ATTRIBUTE, machines.attributed({patch.pk: 0.4}))
    release.refresh_from_db()
    track.refresh_from_db()
    return release


def test_a_later_track_starts_from_the_release_on_main(cast, first):
    release = released(cast, first, approved(cast, b"better", first))
    second = cast.prepare_track("second")
    run = second.runs.get()
    assert run.plan["base"]["revision"] == release.revision
    opened(cast, second)
    head = commits.resolve(cast.model)
    assert (second.status, head.parent) == (TrackStatus.OPEN, release.revision)
    assert second.releases.get(number=0).base_revision == release.revision


def test_a_base_that_main_has_left_is_not_put_back(cast, first):
    patch = approved(cast, b"better", first)
    second = cast.prepare_track("second")
    calibrating = cast.claim()
    release = released(cast, first, patch)
    results.record(calibrating.pk, calibrating.attempt, machines.calibrated())
    second.refresh_from_db()
    assert commits.resolve(cast.model).oid == release.revision
    assert second.status == TrackStatus.PREPARING
    assert "has moved from" in second.status_reason
    assert "“Release 1 of digits”" in second.status_reason
    assert "calibrated again" in second.status_reason
    opened(cast, second)
    assert second.status == TrackStatus.OPEN
    assert commits.resolve(cast.model).parent == release.revision


def test_a_track_whose_base_another_has_moved_makes_no_release(cast, first):
    patch = approved(cast, b"better", first)
    opened(cast, cast.prepare_track("second"))
    head = commits.resolve(cast.model).oid
    with pytest.raises(Conflict, match="is not the base of the track digits any more") as refused:
        releases.start_release(first, actor=cast.berta)
    assert "open a new track" in refused.value.next
    first.refresh_from_db()
    assert "“Release 0 of second: the calibrated base” moved main" in first.status_reason
    patch.refresh_from_db()
    assert (patch.status, commits.resolve(cast.model).oid) == (SubmissionStatus.APPROVED, head)


def test_a_release_overtaken_by_another_track_fails_and_says_why(cast, first):
    patch = approved(cast, b"better", first)
    second = cast.prepare_track("second")
    calibrating = cast.claim()
    release = releases.start_release(first, actor=cast.berta)
    bring(cast, RunKind.MERGE, lambda run: machines.merged(run, {patch.pk: 0.4}))
    results.record(calibrating.pk, calibrating.attempt, machines.calibrated())
    head = commits.resolve(cast.model).oid
    bring(cast, RunKind.ATTRIBUTE, machines.attributed({patch.pk: 0.4}))
    release.refresh_from_db()
    assert release.status == ReleaseStatus.FAILED
    assert "“Release 0 of second" in release.reason
    assert second.releases.get(number=0).revision == commits.resolve(cast.model).oid == head
    assert not release.credits.exists()


def test_what_was_pushed_between_two_tracks_needs_its_own_keys(cast, first):
    tracks.close(first, actor=cast.berta)
    pushed = cast.push(cast.model, AddFile("model.safetensors", b"unseen"), by=cast.berta)
    second = cast.prepare_track("second")
    base = Submission.objects.get(repository=cast.model, discussion=None)
    assert base.head_revision == pushed.oid
    cast.settle_first_revisions()
    base.refresh_from_db()
    assert base.status == SubmissionStatus.IN_REVIEW
    assert cast.claim() is None
    cast.review(base, "licence")
    cast.review(base, "privacy")
    assert second.runs.get().plan["base"]["revision"] == pushed.oid


def test_a_key_turned_back_in_the_first_track_stops_a_publication_of_the_second(cast, first):
    patch = approved(cast, b"better", first)
    released(cast, first, patch)
    second = opened(cast, cast.prepare_track("second"))
    cast.review(patch, "licence", "reverse", by=cast.luis, reason_code="provenance-unclear")
    with pytest.raises(Conflict, match=f"licence key of submission {patch.pk}"):
        publications.publish(
            second.releases.get(number=0), actor=cast.berta, endpoint="http://127.0.0.1:9"
        )
