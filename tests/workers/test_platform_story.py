"""The whole way on real machines: site over HTTP, real programs in their sandbox."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load

from contributions.models import (
    Comparison,
    Credit,
    ReleaseStatus,
    Run,
    RunKind,
    RunStatus,
    SubmissionStatus,
    TrackStatus,
)
from contributions.services import releases
from registry.services import commits
from tests.workers import community
from tests.workers.community import due_now, told
from workers import gateway

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def work() -> int:
    """All that waits is done, also what comes of it."""
    done = 0
    while True:
        due_now()
        if not (more := gateway.work("general", worker="test")):
            return done
        done += more


@pytest.fixture
def track(people):
    """An open track: its base checked, approved and calibrated."""
    made = people.prepare_track()
    work()
    first = people.turn_keys(people.first())
    assert first.status == SubmissionStatus.APPROVED, told(first)
    work()
    made.refresh_from_db()
    assert made.status == TrackStatus.OPEN, made.status_reason
    return made


def test_patches_travel_from_a_pull_request_to_a_release_that_the_next_track_starts_from(
    people, track
):
    _opened_when_its_base_was_checked_approved_and_calibrated(people, track)
    release = _patches_travel_from_a_pull_request_to_a_release(people, track)
    _a_second_track_starts_from_the_release(people, release)


def _opened_when_its_base_was_checked_approved_and_calibrated(people, track):
    assert track.temperature > 0
    release = track.releases.get(number=0)
    assert (release.status, release.revision) == (ReleaseStatus.RELEASED, track.base_revision)
    head = commits.resolve(people.model)
    assert head.oid == track.base_revision
    assert "calibrated base" in head.title
    assert len(track.base_digest) == 64
    assert commits.read_file(people.model, head, "README.md").decode() == community.CARD


def _patches_travel_from_a_pull_request_to_a_release(people, track):
    before = commits.resolve(people.model).oid
    offers = [people.weights(), people.adapter(), people.recipe(), people.more_data()]
    work()
    for offer in offers:
        offer.refresh_from_db()
        assert offer.status == SubmissionStatus.IN_REVIEW, told(offer)
        assert Comparison.objects.filter(submission=offer, split="V", measure="loss").count() == 1
        people.turn_keys(offer)
        assert offer.status == SubmissionStatus.APPROVED, told(offer)
    release = releases.start_release(track, actor=people.berta)
    work()
    release.refresh_from_db()
    runs = [(r.kind, r.status, r.reason, r.log[-2000:]) for r in release.runs.all()]
    assert release.status == ReleaseStatus.RELEASED, (release.reason, runs)
    lines = Credit.objects.filter(release=release)
    total = sum(line.amount for line in lines)
    assert total == pytest.approx(release.gain_v, abs=0.01 * sum(abs(c.amount) for c in lines))
    track.refresh_from_db()
    head = commits.resolve(people.model)
    assert head.oid == track.base_revision == release.revision != before
    assert head.parent == before
    for patch in release.patches.select_related("submission__discussion"):
        expected = SubmissionStatus.RELEASED if patch.admitted else SubmissionStatus.NOT_ADMITTED
        assert patch.submission.status == expected, told(patch.submission)
        if patch.admitted:
            assert patch.submission.discussion.status == "merged"
    made = Run.objects.filter(kind=RunKind.FINETUNE, status=RunStatus.SUCCEEDED)
    repeated = [run for run in made if run.result.get("repeats")]
    assert made.count() == 4
    same = [(r.pk, r.input_digest[:8], r.result["provenance"]["code"][:12]) for r in made]
    assert len(repeated) == 1, ("the reference is trained once for both", gateway.harness(), same)
    return release


def tensors(repository, revision):
    return load(commits.read_file(repository, revision, "model.safetensors"))


def _a_second_track_starts_from_the_release(people, release):
    second = people.prepare_track("second")
    work()
    second.refresh_from_db()
    assert second.status == TrackStatus.OPEN, second.status_reason
    head = commits.resolve(people.model)
    assert (head.oid, head.parent) == (second.base_revision, release.revision)
    before, after = (tensors(people.model, oid) for oid in (release.revision, head.oid))
    assert before.keys() == after.keys()
    for name, released in before.items():
        scale = second.temperature if name.startswith("classifier.") else 1.0
        np.testing.assert_allclose(after[name] * scale, released, rtol=1e-5, err_msg=name)
