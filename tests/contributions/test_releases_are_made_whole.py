"""From approved patches to a commit on main with credit; or nothing at all."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction

from contributions.models import (
    Comparison,
    Credit,
    FailureClass,
    ReleaseStatus,
    RunKind,
    RunStatus,
    SubmissionStatus,
)
from contributions.services import releases, results, search_index, submissions
from registry.models import SearchEntry
from registry.services import commits
from registry.services.commits import AddFile
from registry.services.errors import Conflict, Forbidden
from tests.contributions import machines
from tests.contributions.machines import bring


@pytest.fixture
def track(cast):
    """Open; every queue is empty. How a track opens is in test_tracks_open.py."""
    return machines.open_track(cast)


def approved(cast, submission):
    cast.review(submission, "licence")
    cast.review(submission, "privacy")
    submission.refresh_from_db()
    assert submission.status == SubmissionStatus.APPROVED, submission.status_reason
    return submission


def weights(cast, by, content="better"):
    """An approved patch of full weights."""
    submission = cast.offer(AddFile("model.safetensors", content.encode()), by=by)
    return approved(cast, cast.measured(submission))


def released(cast, track, patches, amounts=None):
    """`patches`: submission → weight."""
    release = releases.start_release(track, actor=cast.berta)
    by_pk = {patch.pk: weight for patch, weight in patches.items()}
    bring(cast, RunKind.MERGE, lambda run: machines.merged(run, by_pk))
    admitted = {pk: weight for pk, weight in by_pk.items() if weight > 0}
    if admitted:
        bring(cast, RunKind.ATTRIBUTE, machines.attributed(amounts or admitted))
    release.refresh_from_db()
    track.refresh_from_db()
    return release


def test_a_release_moves_main_credits_and_merges(cast, track):
    good, poor = weights(cast, cast.ada), weights(cast, cast.emil, "worse")
    before = commits.resolve(cast.model).oid
    release = released(cast, track, {good: 0.4, poor: 0.0})
    head = commits.resolve(cast.model)
    assert (release.status, release.number, release.gain_v) == (ReleaseStatus.RELEASED, 1, 0.4)
    assert release.revision == head.oid == track.base_revision
    assert head.parents == [before, release.artifact_revision]
    assert commits.read_file(cast.model, head, "model.safetensors").startswith(b"merged by run")
    assert "ada: weight 0.400, credit +0.4000 nats" in head.message
    assert "Co-authored-by: ada" in head.message
    line = Credit.objects.get()
    assert (line.contributor, line.weight, line.amount) == (cast.ada, 0.4, 0.4)
    for patch, status in ((good, "released"), (poor, "not-admitted")):
        patch.refresh_from_db()
        assert patch.status == status, patch.status_reason
    assert (good.discussion.status, good.discussion.merge_oid) == ("merged", head.oid)
    assert poor.discussion.status == "open"
    refused = release.patches.get(submission=poor)
    assert (refused.admitted, refused.weight) == (False, 0.0)
    assert refused.gate_lower < 0
    assert "lower bound" in refused.reason


def test_what_the_search_finds_follows_a_release_at_once(cast, track):
    search_index.rebuild()
    released(cast, track, {weights(cast, cast.ada): 0.4})
    facts = ("kind", "key", "title", "url", "summary", "vector")
    found = set(SearchEntry.objects.values_list(*facts))
    assert ("release", f"{track.title}, release 1") in {(row[0], row[2]) for row in found}
    search_index.rebuild()
    assert found == set(SearchEntry.objects.values_list(*facts))


def test_credit_lines_are_never_changed(cast, track):
    released(cast, track, {weights(cast, cast.ada): 0.4})
    with pytest.raises(DatabaseError), transaction.atomic():
        Credit.objects.update(amount=9)
    with pytest.raises(DatabaseError), transaction.atomic():
        Credit.objects.all().delete()


def test_only_approved_patches_are_in_the_pool(cast, track):
    chosen = weights(cast, cast.ada)
    cast.measured(cast.offer(AddFile("model.safetensors", b"unreviewed"), by=cast.emil))
    release = releases.start_release(track, actor=cast.berta)
    assert [patch.submission for patch in release.patches.all()] == [chosen]


def test_an_empty_pool_is_refused(cast, track):
    with pytest.raises(Conflict, match="no approved patch of digits waits"):
        releases.start_release(track, actor=cast.berta)


def test_only_a_maintainer_may_make_a_release(cast, track):
    weights(cast, cast.ada)
    with pytest.raises(Forbidden, match="ada does not maintain"):
        releases.start_release(track, actor=cast.ada)


def test_a_release_at_work_is_found_again(cast, track):
    weights(cast, cast.ada)
    first = releases.start_release(track, actor=cast.berta)
    assert releases.start_release(track, actor=cast.berta) == first
    assert first.runs.count() == 1


@pytest.mark.parametrize("fails_in", [RunKind.MERGE, RunKind.ATTRIBUTE])
def test_a_release_that_fails_halfway_changes_nothing_and_can_be_started_again(
    cast, track, fails_in
):
    patch = weights(cast, cast.ada)
    before = commits.resolve(cast.model).oid
    release = releases.start_release(track, actor=cast.berta)
    if fails_in == RunKind.ATTRIBUTE:
        bring(cast, RunKind.MERGE, lambda run: machines.merged(run, {patch.pk: 0.4}))
    run = cast.claim()
    results.fail(run.pk, run.attempt, FailureClass.OUT_OF_MEMORY, "too large for this worker")
    release.refresh_from_db()
    patch.refresh_from_db()
    assert release.status == ReleaseStatus.FAILED
    assert "too large for this worker" in release.reason
    assert commits.resolve(cast.model).oid == before
    assert not Credit.objects.exists()
    assert patch.status == SubmissionStatus.APPROVED
    again = released(cast, track, {patch: 0.4})
    assert (again.pk, again.number, again.status) == (release.pk, 1, ReleaseStatus.RELEASED)


def test_an_attribution_that_cannot_be_used_leaves_no_trace(cast, track):
    patch = weights(cast, cast.ada)
    before = commits.resolve(cast.model).oid
    release = releases.start_release(track, actor=cast.berta)
    bring(cast, RunKind.MERGE, lambda run: machines.merged(run, {patch.pk: 0.4}))
    run = cast.claim()
    with pytest.raises(KeyError):
        results.record(run.pk, run.attempt, machines.attributed({patch.pk + 1: 0.4}))
    release.refresh_from_db()
    run.refresh_from_db()
    assert (release.status, run.status) == (ReleaseStatus.VALUING, RunStatus.RUNNING)
    assert commits.resolve(cast.model).oid == before
    assert not Credit.objects.exists()


def test_a_release_that_admits_nobody_says_so(cast, track):
    patch = weights(cast, cast.ada)
    release = released(cast, track, {patch: 0.0})
    assert (release.status, release.revision) == (ReleaseStatus.FAILED, "")
    assert "No patch was admitted" in release.reason
    assert cast.claim() is None


def test_a_cancelled_release_can_be_started_again(cast, track):
    patch = weights(cast, cast.ada)
    release = releases.cancel(releases.start_release(track, actor=cast.berta), actor=cast.berta)
    assert release.status == ReleaseStatus.CANCELLED
    assert cast.claim() is None
    assert released(cast, track, {patch: 0.4}).status == ReleaseStatus.RELEASED


def test_a_cancelled_run_cancels_its_release(cast, track):
    weights(cast, cast.ada)
    release = releases.start_release(track, actor=cast.berta)
    submissions.cancel_run(release.runs.get(), actor=cast.berta)
    release.refresh_from_db()
    assert release.status == ReleaseStatus.CANCELLED


def test_a_patch_of_an_earlier_base_is_left_out(cast, track):
    early = weights(cast, cast.ada)
    offer = cast.offer(AddFile("model.safetensors", b"on the old base"), by=cast.emil)
    stale = cast.measured(offer)
    released(cast, track, {early: 0.4})
    said = stale.discussion.events.filter(kind="comment").last()
    assert "open a new pull request" in said.text
    approved(cast, stale)
    with pytest.raises(Conflict, match="1 were made on an earlier base"):
        releases.start_release(track, actor=cast.berta)
    fresh = weights(cast, cast.ada, "on the new base")
    release = releases.start_release(track, actor=cast.berta)
    assert [patch.submission for patch in release.patches.all()] == [fresh]
    assert release.evidence["stale"] == [stale.pk]


# --- patches that are trained first --------------------------------------------------------------


def trained(cast, submission, kind):
    """Checked, fine-tuned with its reference, measured and approved."""
    cast.check(submission, kind)
    for _ in range(2):
        bring(cast, RunKind.FINETUNE, lambda run: machines.trained(f"trained by run {run.pk}"))
    return approved(cast, cast.benchmark(submission))


def test_the_recipe_with_most_credit_becomes_the_tracks_recipe(cast, track):
    one = trained(cast, cast.offer(AddFile("recipe.yaml", b"epochs: 1"), by=cast.ada), "recipe")
    two = trained(cast, cast.offer(AddFile("recipe.yaml", b"epochs: 2"), by=cast.emil), "recipe")
    released(cast, track, {one: 0.2, two: 0.3})
    assert commits.read_file(cast.model, commits.resolve(cast.model), "recipe.yaml") == b"epochs: 2"


def test_an_admitted_data_patch_is_merged_and_trained_on_from_then_on(cast, track):
    rows = AddFile("data/b.csv", b"text,label\nmore,1\n")
    patch = trained(cast, cast.offer(rows, by=cast.ada, repository=cast.dataset), "data")
    product = commits.resolve(cast.model, patch.artifact_revision)
    assert product.parent == track.base_revision, "what is merged lies in the model's repository"
    released(cast, track, {patch: 0.4})
    patch.refresh_from_db()
    head = commits.resolve(cast.dataset)
    assert (patch.status, patch.discussion.status) == (SubmissionStatus.RELEASED, "merged")
    assert commits.read_file(cast.dataset, head, "data/b.csv").startswith(b"text,label")
    assert track.training_data.get().revision == head.oid


def test_a_recipe_is_compared_with_the_unchanged_recipe(cast, track):
    offer = cast.offer(AddFile("recipe.yaml", b"epochs: 1"), by=cast.ada)
    patch = trained(cast, offer, "recipe")
    plans = {run.plan["role"]: run for run in patch.runs.filter(kind=RunKind.FINETUNE)}
    assert plans["candidate"].plan["recipe"]["revision"] == patch.head_revision
    assert plans["reference"].plan["recipe"]["revision"] == track.base_revision
    assert plans["candidate"].plan["limits"] == plans["reference"].plan["limits"]
    assert plans["candidate"].contributor == cast.ada
    assert plans["reference"].contributor == cast.berta
    compared = patch.runs.get(kind=RunKind.BENCHMARK).plan
    made = plans["reference"].result["artifact"]["source"]["revision"]
    assert compared["reference"]["revision"] == made
    assert compared["candidate"]["revision"] == patch.artifact_revision


def test_weights_are_compared_with_the_base(cast, track):
    patch = weights(cast, cast.ada)
    compared = patch.runs.get(kind=RunKind.BENCHMARK).plan
    assert compared["reference"]["revision"] == track.base_revision
    assert compared["candidate"]["revision"] == patch.head_revision
    assert compared["reference"]["digest"] == track.base_digest
    assert Comparison.objects.filter(submission=patch).count() == 2


def test_a_model_without_recipe_cannot_be_trained_and_says_why(cast, track):
    track.training_data.all().delete()
    offer = cast.offer(AddFile("recipe.yaml", b"epochs: 1"), by=cast.ada)
    cast.check(offer, "recipe")
    assert offer.status == SubmissionStatus.FAILED
    assert "names no training data" in offer.status_reason


def test_the_same_work_is_not_done_twice(cast, track):
    text = AddFile("recipe.yaml", b"epochs: 1")
    trained(cast, cast.offer(text, by=cast.ada), "recipe")
    copy = cast.offer(text, by=cast.emil)
    cast.check(copy, "recipe")
    harness = f"test+{'0' * 12}"
    for _ in range(2):
        run = cast.claim()
        done = results.repeat(run.pk, run.attempt, harness=harness)
        assert done.status == RunStatus.SUCCEEDED
        assert "its result was used" in done.log
    copy.refresh_from_db()
    assert copy.artifact_revision
    assert cast.claim().kind == RunKind.BENCHMARK


def test_a_result_of_another_program_is_not_used_again(cast, track):
    text = AddFile("recipe.yaml", b"epochs: 1")
    trained(cast, cast.offer(text, by=cast.ada), "recipe")
    cast.check(cast.offer(text, by=cast.emil), "recipe")
    run = cast.claim()
    assert results.repeat(run.pk, run.attempt, harness="test+changed") is None
    run.refresh_from_db()
    assert run.status == RunStatus.RUNNING


# --- what happens while a release is made --------------------------------------------------------


def begun(cast, track, patch):
    """Merged; the contributions are about to be valued."""
    release = releases.start_release(track, actor=cast.berta)
    bring(cast, RunKind.MERGE, lambda run: machines.merged(run, {patch.pk: 0.4}))
    return release


def value(cast, release, patch):
    run = release.runs.get(kind=RunKind.ATTRIBUTE)
    while (claimed := cast.claim()) != run:
        results.fail(claimed.pk, claimed.attempt, FailureClass.BAD_INPUT, "not this one")
    results.record(run.pk, claimed.attempt, machines.attributed({patch.pk: 0.4}))
    release.refresh_from_db()
    patch.refresh_from_db()


def test_a_recipe_pushed_after_the_approval_does_not_slip_into_main(cast, track):
    patch = trained(cast, cast.offer(AddFile("recipe.yaml", b"epochs: 1"), by=cast.ada), "recipe")
    release = begun(cast, track, patch)
    cast.push(cast.model, AddFile("recipe.yaml", b"epochs: 666"), by=cast.ada, to="refs/pr/1")
    value(cast, release, patch)
    assert release.status == ReleaseStatus.RELEASED
    assert commits.read_file(cast.model, commits.resolve(cast.model), "recipe.yaml") == b"epochs: 1"
    said = patch.discussion.events.filter(kind="comment").last()
    assert "Later commits are no part of it" in said.text


def test_data_pushed_after_the_approval_are_not_merged(cast, track):
    rows = AddFile("data/b.csv", b"text,label\nmore,1\n")
    patch = trained(cast, cast.offer(rows, by=cast.ada, repository=cast.dataset), "data")
    before = commits.resolve(cast.dataset).oid
    release = begun(cast, track, patch)
    poison = AddFile("data/c.csv", b"text,label\npoison,0\n")
    cast.push(cast.dataset, poison, by=cast.ada, to="refs/pr/1")
    value(cast, release, patch)
    assert release.status == ReleaseStatus.RELEASED
    assert commits.resolve(cast.dataset).oid == before
    assert track.training_data.get().revision == before


def test_a_key_that_is_taken_back_stops_the_release(cast, track):
    patch = weights(cast, cast.ada)
    before = commits.resolve(cast.model).oid
    release = begun(cast, track, patch)
    cast.review(patch, "licence", "reverse", by=cast.luis, reason_code="mistake")
    value(cast, release, patch)
    assert release.status == ReleaseStatus.FAILED
    assert "licence key of submission" in release.reason
    assert commits.resolve(cast.model).oid == before
    assert not Credit.objects.exists()


def test_a_patch_withdrawn_meanwhile_stops_the_release(cast, track):
    patch = weights(cast, cast.ada)
    release = begun(cast, track, patch)
    submissions.withdraw(patch, actor=cast.ada)
    value(cast, release, patch)
    assert (release.status, patch.status) == (ReleaseStatus.FAILED, SubmissionStatus.WITHDRAWN)
    assert "was withdrawn" in release.reason


# --- the command ------------------------------------------------------------------------------


def test_the_command_starts_a_release_and_tells_its_credit(cast, track):
    patch = weights(cast, cast.ada)
    said = io.StringIO()
    call_command("release", "digits", actor="berta", stdout=said)
    assert said.getvalue().startswith("digits release 1 is merging")
    released(cast, track, {patch: 0.4})
    with pytest.raises(CommandError, match="no approved patch"):
        call_command("release", "digits", actor="berta")
    with pytest.raises(CommandError, match="no track nothing"):
        call_command("release", "nothing", actor="berta")
