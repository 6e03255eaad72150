from __future__ import annotations

import pytest

from contributions.models import (
    DiscussionStatus,
    FailureClass,
    PatchKind,
    Run,
    RunKind,
    RunStatus,
    SubmissionStatus,
)
from contributions.services import discussions, pull_requests, submissions
from registry.services.commits import AddFile
from registry.services.errors import Conflict, Invalid
from tests.contributions.cast import adds

S = SubmissionStatus


@pytest.fixture
def ready(cast):
    """An open track on Berta's model, and nothing else in the queue."""
    _ = cast.track
    cast.settle_first_revisions()
    return cast


def runs_of(submission, kind=None):
    found = Run.objects.filter(submission=submission).order_by("id")
    return list(found.filter(kind=kind) if kind else found)


def test_a_push_to_a_pull_request_queues_a_check_of_its_head(ready):
    submission = ready.offer()
    (run,) = runs_of(submission)
    assert run.kind == RunKind.CHECK
    assert run.head_revision == submission.head_revision
    assert run.eligible_at > run.created_at
    assert submission.status == S.CHECKING
    assert submission.track == ready.track
    assert submission.base_revision == ready.track.base_revision


def test_weights_are_measured_after_their_check_and_wait_for_the_keys(ready):
    submission = ready.check(ready.offer())
    assert submission.status == S.QUEUED
    assert submission.kind == PatchKind.WEIGHTS
    assert [run.kind for run in runs_of(submission)] == [RunKind.CHECK, RunKind.BENCHMARK]
    submission = ready.benchmark(submission)
    assert submission.status == S.IN_REVIEW
    ready.review(submission, "licence")
    submission.refresh_from_db()
    assert submission.status == S.IN_REVIEW
    assert submission.status_reason == "Waits for the privacy key."
    ready.review(submission, "privacy")
    submission.refresh_from_db()
    assert submission.status == S.APPROVED


def test_a_claimed_run_shows_in_the_status(ready):
    submission = ready.check(ready.offer())
    assert ready.claim().kind == RunKind.BENCHMARK
    submission.refresh_from_db()
    assert submission.status == S.BENCHMARKING


def test_a_refusing_check_says_what_to_mend_and_nothing_is_measured(ready):
    finding = {"rule": "pickle", "severity": "block", "message": "It is a pickle.", "fix": "f"}
    submission = ready.check(ready.offer(), findings=[finding])
    assert (submission.status, submission.status_reason) == (S.REFUSED, "It is a pickle.")
    assert [run.kind for run in runs_of(submission)] == [RunKind.CHECK]


def test_a_draft_is_checked_but_costs_no_machine_time_until_it_is_opened(ready):
    discussion = ready.propose(draft=True)
    submission = ready.check(discussion.submission)
    assert submission.status == S.DRAFT
    assert len(runs_of(submission)) == 1
    discussions.set_status(discussion, actor=ready.ada, status=DiscussionStatus.OPEN)
    submission.refresh_from_db()
    assert submission.status == S.QUEUED
    assert runs_of(submission)[-1].kind == RunKind.BENCHMARK


def test_a_draft_is_measured_when_its_card_asks_for_it(ready):
    card = AddFile("README.md", b"---\nlicense: mit\nevaluate: true\n---\n")
    submission = ready.check(ready.offer(card, draft=True))
    assert submission.status == S.QUEUED


def test_a_draft_is_measured_when_its_author_asks_for_it(ready):
    submission = ready.check(ready.offer(draft=True))
    submissions.request_evaluation(submission, actor=ready.ada)
    submission.refresh_from_db()
    assert submission.status == S.QUEUED


def test_a_newer_head_cancels_what_waits_for_the_older_one(ready):
    discussion = ready.propose()
    old = runs_of(discussion.submission)[0]
    new = pull_requests.push(discussion, actor=ready.ada, operations=adds(note="2"), title="More")
    old.refresh_from_db()
    assert old.status == RunStatus.CANCELLED
    assert old.reason == f"superseded by {new.oid[:10]}"
    submission = discussion.submission
    submission.refresh_from_db()
    assert submission.head_revision == new.oid
    assert [run.head_revision for run in runs_of(submission)][-1] == new.oid


def test_a_newer_head_stops_what_runs_for_the_older_one(ready):
    discussion = ready.propose()
    ready.check(discussion.submission)
    running = ready.claim()
    pull_requests.push(discussion, actor=ready.ada, operations=adds(note="2"), title="More")
    running.refresh_from_db()
    assert running.status == RunStatus.CANCELLING
    discussion.submission.refresh_from_db()
    assert discussion.submission.status == S.CHECKING
    assert discussion.submission.kind == PatchKind.UNKNOWN


def test_a_newer_head_needs_both_keys_anew(ready):
    discussion = ready.propose()
    submission = ready.measured(discussion.submission)
    ready.review(submission, "licence")
    ready.review(submission, "privacy")
    pull_requests.push(discussion, actor=ready.ada, operations=adds(note="2"), title="More")
    submission = ready.measured(submission)
    assert submission.status == S.IN_REVIEW
    assert submission.status_reason == "Waits for the licence key and the privacy key."


def test_the_same_commit_sent_twice_is_one_head_and_one_check(ready):
    discussion = ready.propose()
    base = discussion.base_oid
    again = pull_requests.push(
        discussion,
        actor=ready.ada,
        operations=adds(**{"model.safetensors": "weights"}),
        title="A patch",
        parent=base,
    )
    assert again.oid == discussion.submission.head_revision
    assert len(runs_of(discussion.submission)) == 1
    assert discussion.events.filter(kind="commit").count() == 1


def test_closing_cancels_and_reopening_checks_again(ready):
    discussion = ready.propose()
    discussions.set_status(discussion, actor=ready.ada, status=DiscussionStatus.CLOSED)
    submission = discussion.submission
    submission.refresh_from_db()
    assert submission.status == S.CANCELLED
    assert runs_of(submission)[0].reason == "pull request closed by ada"
    discussions.set_status(discussion, actor=ready.ada, status=DiscussionStatus.OPEN)
    submission.refresh_from_db()
    assert submission.status == S.CHECKING
    assert ready.check(submission).status == S.QUEUED


def test_withdrawing_closes_the_pull_request_for_good(ready):
    discussion = ready.propose()
    submission = submissions.withdraw(discussion.submission, actor=ready.ada)
    discussion.refresh_from_db()
    assert submission.status == S.WITHDRAWN
    assert discussion.status == DiscussionStatus.CLOSED
    assert not Run.objects.filter(submission=submission).active().exists()
    with pytest.raises(Conflict, match="withdrawn"):
        discussions.set_status(discussion, actor=ready.ada, status=DiscussionStatus.OPEN)
    with pytest.raises(Conflict, match="takes no more commits"):
        pull_requests.push(discussion, actor=ready.ada, operations=adds(note="2"), title="More")
    with pytest.raises(Conflict, match="withdrawn"):
        submissions.request_evaluation(submission, actor=ready.ada)


def test_a_failed_run_is_repeated_on_request_and_the_failure_stays_in_the_history(ready):
    submission = ready.offer()
    ready.fail(ready.claim(), FailureClass.BAD_INPUT, "no README.md")
    submission.refresh_from_db()
    assert submission.status == S.FAILED
    assert "no README.md" in submission.status_reason
    submissions.rerun(submission, actor=ready.ada)
    submission.refresh_from_db()
    assert submission.status == S.CHECKING
    assert [run.status for run in runs_of(submission)] == [RunStatus.FAILED, RunStatus.QUEUED]
    with pytest.raises(Conflict, match="No run of the current head"):
        submissions.rerun(submission, actor=ready.ada)


def test_a_cancelled_run_shows_who_cancelled_it(ready):
    submission = ready.offer()
    submissions.cancel_run(runs_of(submission)[0], actor=ready.ada)
    submission.refresh_from_db()
    assert submission.status == S.CANCELLED
    assert "cancelled by ada" in submission.status_reason


def test_with_two_tracks_the_author_is_asked_which(ready):
    ready.open_track("second")
    submission = ready.check(ready.offer())
    assert submission.track is None
    assert submission.status == S.NEEDS_TRACK
    submissions.choose_track(submission, track=ready.track, actor=ready.ada)
    submission.refresh_from_db()
    assert submission.status == S.QUEUED


def test_with_two_tracks_the_card_may_say_which(ready):
    second = ready.open_track("second")
    card = AddFile("README.md", b"---\ntrack: Second\n---\n")
    assert ready.offer(card).track == second


def test_a_track_that_the_card_names_wrongly_is_not_replaced_by_another(ready):
    card = AddFile("README.md", b"---\ntrack: thrid\n---\n")
    submission = ready.check(ready.offer(card))
    assert submission.track is None
    assert submission.status == S.NEEDS_TRACK


def test_a_track_of_another_model_cannot_be_chosen(ready):
    other = ready.repository("other", "model", owner=ready.emil)
    submission = ready.offer(repository=other)
    with pytest.raises(Invalid, match="does not work on"):
        submissions.choose_track(submission, track=ready.track, actor=ready.ada)


def test_what_waits_for_a_track_goes_on_when_one_opens(cast):
    submission = cast.offer()
    cast.settle_first_revisions()
    submission.refresh_from_db()
    assert submission.status == S.NEEDS_TRACK
    track = cast.track
    submission.refresh_from_db()
    assert submission.track == track
    assert submission.status == S.QUEUED


def test_the_first_revision_follows_main_until_there_is_a_track(cast):
    model = cast.model
    first = model.submissions.get()
    assert (first.kind, first.status) == (PatchKind.BASE, S.CHECKING)
    second = cast.push(model, *adds(tokenizer="t"), by=cast.berta)
    first.refresh_from_db()
    assert first.head_revision == second.oid
    assert model.submissions.count() == 1
    cast.check(first)
    assert first.status == S.IN_REVIEW
    assert first.kind == PatchKind.BASE


def test_a_dataset_pull_request_goes_to_the_track_that_trains_on_it(cast):
    track = cast.track
    track.training_data.create(dataset=cast.dataset, revision="0" * 40, path="")
    submission = cast.offer(*adds(**{"data/b.csv": "text,label"}), repository=cast.dataset)
    assert submission.track == track
