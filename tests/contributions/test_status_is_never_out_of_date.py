"""Whatever happens, in whatever order, the stored status is the derived one."""

from __future__ import annotations

import io
import random

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from contributions.models import (
    Decision,
    DiscussionStatus,
    FailureClass,
    Run,
    RunKind,
    Submission,
    SubmissionStatus,
    TrackStatus,
)
from contributions.services import (
    discussions,
    pull_requests,
    results,
    reviews,
    submissions,
    tracks,
)
from contributions.services.results import Delivered
from registry.services.errors import ServiceError
from tests.contributions.cast import adds


def recompute(**options):
    said = io.StringIO()
    call_command("recompute_status", stdout=said, **options)
    return said.getvalue()


class Happenings:
    """One random thing after another, through the services that people and workers use."""

    def __init__(self, cast, seed):
        self.cast, self.random, self.count = cast, random.Random(seed), 0
        self.second = cast.open_track("second")
        self.discussions = [cast.propose(by=cast.ada), cast.propose(by=cast.emil, draft=True)]

    def next(self):
        self.count += 1
        happening = self.random.choice(
            [self.push, self.work, self.work, self.work, self.work, self.review, self.review,
             self.set_status, self.cancel, self.rerun, self.ask, self.choose, self.close_track,
             self.withdraw, self.answer]
        )  # fmt: skip
        try:
            with transaction.atomic():
                happening(self.random.choice(self.discussions))
        except ServiceError:
            return f"{happening.__name__} refused"
        return happening.__name__

    def push(self, discussion):
        pull_requests.push(
            discussion,
            actor=discussion.author,
            operations=adds(**{"model.safetensors": self.random.random()}),
            title="Next",
        )

    def work(self, _):
        run = self.cast.claim()
        if run is None or self.random.random() < 0.1:
            return
        if self.random.random() < 0.2:
            failure = self.random.choice([FailureClass.BAD_INPUT, FailureClass.PLATFORM_ERROR])
            results.fail(run.pk, run.attempt, failure, "it went wrong")
            return
        results.record(run.pk, run.attempt, Delivered(self.result(RunKind(run.kind))))

    def result(self, kind):
        if kind is RunKind.CHECK:
            block = {"rule": "r", "severity": "block", "message": "Mend it.", "fix": ""}
            found = [block] if self.random.random() < 0.2 else []
            kind = self.random.choice(["weights", "weights", "card", "mixed"])
            patch = {"kind": kind, "adapters": []}
            return {"patch": patch, "findings": found, "verdict": "", "licence": {}}
        value = {"n": 1, "loss": 1.0, "metrics": {}, "report": {}}
        both = {"candidate": {"V": value}, "reference": {"V": value}}
        interval = {"difference": 0.1, "low": 0.0, "high": 0.2}
        provenance = {"harness": "test"}
        return {
            "scores": both,
            "comparisons": {"V": {"loss": interval}},
            "provenance": provenance,
        }

    def review(self, discussion):
        self.cast.review(
            discussion.submission,
            self.random.choice(["licence", "privacy"]),
            self.random.choice([Decision.APPROVE, Decision.APPROVE, *Decision]),
            text="because",
            reason_code="other",
            by=self.random.choice([None, None, self.cast.luis]),
        )

    def answer(self, discussion):
        question = reviews.open_question(discussion.submission)
        if question is not None:
            reviews.answer(question, author=discussion.author, text="They are mine.")

    def set_status(self, discussion):
        status = self.random.choice([DiscussionStatus.OPEN, DiscussionStatus.CLOSED])
        discussions.set_status(discussion, actor=discussion.author, status=status)

    def cancel(self, discussion):
        run = Run.objects.filter(submission=discussion.submission).active().last()
        if run is not None:
            submissions.cancel_run(run, actor=discussion.author)

    def rerun(self, discussion):
        submissions.rerun(discussion.submission, actor=discussion.author)

    def ask(self, discussion):
        submissions.request_evaluation(discussion.submission, actor=discussion.author)

    def choose(self, discussion):
        track = self.random.choice([self.cast.track, self.second])
        submissions.choose_track(discussion.submission, track=track, actor=discussion.author)

    def close_track(self, _):
        if self.second.status == TrackStatus.OPEN and self.random.random() < 0.3:
            self.second = tracks.close(self.second, actor=self.cast.berta)

    def withdraw(self, discussion):
        if self.random.random() < 0.2:
            submissions.withdraw(discussion.submission, actor=discussion.author)
            self.discussions[self.discussions.index(discussion)] = self.cast.propose(
                by=discussion.author
            )


@pytest.mark.parametrize("seed", [1, 2])
def test_a_random_history_leaves_nothing_to_recompute(cast, seed):
    _ = cast.track
    happenings = Happenings(cast, seed)
    told = [happenings.next() for _ in range(40)]
    try:
        said = recompute()
    except CommandError:
        pytest.fail(f"after {told}: {[s.status for s in Submission.objects.all()]}")
    assert said.endswith("0 different\n")
    assert len({name for name in told if "refused" not in name}) > 5


def test_a_status_written_by_hand_is_found_and_mended(cast):
    submission = cast.offer()
    Submission.objects.filter(pk=submission.pk).update(status=SubmissionStatus.APPROVED)
    with pytest.raises(CommandError, match="--fix"):
        recompute()
    assert f"submission {submission.pk}: stored approved" in recompute(fix=True)
    assert recompute().endswith("0 different\n")
    submission.refresh_from_db()
    assert submission.status == SubmissionStatus.CHECKING


def test_the_age_of_a_status_changes_only_with_the_status(cast):
    submission = cast.offer()
    since = submission.status_since
    while cast.claim():
        pass
    submission.refresh_from_db()
    assert submission.status_reason == "A worker checks the files."
    assert submission.status_since == since
