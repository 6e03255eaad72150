"""Real Celery workers: killed in the middle, cancelled in the middle."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil
import pytest

from contributions.models import FailureClass, Run, RunKind, RunStatus, SubmissionStatus
from contributions.services import claims, recovery, results, submissions
from tests.workers.community import told

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

LEASE = {"RUN_LEASE_SECONDS": "4", "WARM_SANDBOXES": "0"}


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.2)


def training(submission) -> Run | None:
    """The candidate's fine-tune, once it has taken a step."""
    submission.refresh_from_db()
    assert submission.status not in {"failed", "refused"}, told(submission)
    runs = submission.runs.filter(kind=RunKind.FINETUNE, status=RunStatus.RUNNING)
    return next((run for run in runs if run.progress.get("step")), None)


def status(submission) -> str:
    submission.refresh_from_db()
    return submission.status


def kill(worker) -> list[psutil.Process]:
    """SIGKILL to the worker's own processes, as when the machine's power fails; returns the jobs
    that it had started, which nobody has killed."""
    whole = [psutil.Process(worker.pid), *psutil.Process(worker.pid).children(recursive=True)]
    own = [p for p in whole if any("celery" in word for word in p.cmdline())]
    for process in own:
        process.kill()
    return [process for process in whole if process not in own]


def test_a_killed_workers_training_is_done_by_another(people, worker):
    people.open_track("requests")
    first = worker(**LEASE)
    submission = people.recipe(epochs=60)
    wait_for(lambda: training(submission) is not None, "the first step", 200)
    run = training(submission)
    jobs = kill(first)
    assert jobs, "the job ran in processes of its own"
    wait_for(lambda: not any(job.is_running() for job in jobs), "the jobs to die", 20)
    worker(**LEASE)
    wait_for(lambda: run in recovery.sweep(), "the lease to pass", 30)

    def finished() -> bool:
        run.refresh_from_db()
        return run.status in {RunStatus.SUCCEEDED, RunStatus.FAILED}

    wait_for(finished, "the second attempt", 200)
    assert (run.status, run.attempt) == (RunStatus.SUCCEEDED, 2), told(submission)
    assert [a.outcome for a in run.attempts.order_by("number")] == ["lost", "succeeded"]
    with pytest.raises(claims.LeaseLost):
        results.fail(run.pk, 1, FailureClass.BAD_INPUT, "the first worker comes back")
    assert run.result["train"]["steps"] == len(people.materials.public[:100]) // 16 * 60 + 60
    assert 2 < len(run.curve) <= 500


def test_a_training_is_cancelled_in_the_middle(people, worker):
    people.open_track("requests")
    process = worker(**LEASE)
    submission = people.recipe(epochs=250)
    wait_for(lambda: training(submission) is not None, "the first step", 200)
    run = submissions.cancel_run(training(submission), actor=people.berta)
    assert run.status == RunStatus.CANCELLING

    def over() -> bool:
        run.refresh_from_db()
        return RunStatus(run.status).is_over

    wait_for(over, "the worker to stop it", 30)
    assert (run.status, run.reason) == (RunStatus.CANCELLED, "cancelled by berta")
    assert "step" in run.log
    wait_for(lambda: status(submission) == SubmissionStatus.CANCELLED, "its status")
    busy = [p for p in psutil.Process(process.pid).children(recursive=True) if "bwrap" in p.name()]
    assert busy == []
