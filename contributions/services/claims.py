"""Claim, lease and fence: how a run comes to one worker at a time, and back when that one dies.

Only the database's clock is compared. `attempt` is the fence: whoever lost the lease is refused
by the number of the attempt, however late it answers.

Order of locks everywhere: submission, then run. A claim finds the run first, so it never waits
for a submission that somebody else holds: it passes that run by and looks again a moment later.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now

from contributions.models import Attempt, FailureClass, Run, RunStatus, Submission, Usage
from contributions.services import runs, status
from registry.services.errors import Conflict

LOG_CHARACTERS = 64_000
_LOG_MARK = 200
CURVE_POINTS = 500
GO_ON = "go on"
BUSY_ROUNDS, BUSY_SECONDS = 20, 0.05
RETRY_SECONDS = 5


class LeaseLost(Conflict):
    """The run was given to another worker, or ended; this attempt may write nothing more."""


def lease() -> dt.timedelta:
    return dt.timedelta(seconds=settings.RUN_LEASE_SECONDS)


def claim(queue: str, *, worker: str) -> Run | None:
    """The next run of `queue` with a fresh attempt and lease, or None when nothing is eligible.

    First the contributor who has used least device time among those with eligible runs, then
    that contributor's best run. Runs that others are claiming at this moment are passed by.
    """
    for _ in range(BUSY_ROUNDS):
        busy: list[int] = []
        passed_by: list[int] = []
        while (contributor := _least_served(queue, passed_by)) is not None:
            run = _claim_from(queue, contributor, worker, busy)
            if run is not None:
                return run
            passed_by.append(contributor)
        if not busy:
            return None
        time.sleep(BUSY_SECONDS)
    return None


def _least_served(queue: str, passed_by: list[int]) -> int | None:
    waiting = Run.objects.eligible(queue).filter(contributor=OuterRef("contributor"))
    return (
        Usage.objects.filter(Exists(waiting))
        .exclude(contributor__in=passed_by)
        .order_by("seconds", "contributor")
        .values_list("contributor", flat=True)
        .first()
    )


@transaction.atomic
def _claim_from(queue: str, contributor: int, worker: str, busy: list[int]) -> Run | None:
    waiting = Run.objects.eligible(queue).filter(contributor=contributor)
    while (
        run := waiting.exclude(pk__in=busy)
        .order_by("-priority", "id")
        .select_for_update(skip_locked=True, of=("self",))
        .first()
    ) is not None:
        if _submission_is_free(run):
            return _give(run, worker)
        busy.append(run.pk)
    return None


def _submission_is_free(run: Run) -> bool:
    if run.submission_id is None:
        return True
    free = Submission.objects.select_for_update(skip_locked=True, no_key=True)
    return free.filter(pk=run.submission_id).exists()


def _give(run: Run, worker: str) -> Run:
    runs.move(
        run,
        RunStatus.RUNNING,
        attempt=F("attempt") + 1,
        worker=worker,
        lease_expires_at=Now() + lease(),
        heartbeat_at=Now(),
        started_at=Now(),
        failure_class="",
        reason="",
        progress={},
        curve=[],
        log="",
        log_start=0,
    )
    Attempt.objects.create(run=run, number=run.attempt, worker=worker, started_at=Now())
    if run.submission is not None:
        status.project(run.submission)
    return run


@transaction.atomic
def heartbeat(
    run_id: int,
    attempt: int,
    *,
    progress: dict[str, Any] | None = None,
    curve: list[dict[str, Any]] | None = None,
    log_tail: str | None = None,
) -> str:
    """Extend the lease and show how far the run is. Returns "go on" or "stop: <reason>"."""
    held = (
        Run.objects.select_for_update(of=("self",))
        .filter(pk=run_id, attempt=attempt, status__in=[RunStatus.RUNNING, RunStatus.CANCELLING])
        .first()
    )
    if held is None:
        return "stop: the lease was lost; another worker may have the run"
    if held.status == RunStatus.CANCELLING:
        return f"stop: {held.reason or 'cancelled'}"
    runs.charge(held)
    news: dict[str, Any] = {"progress": progress, "curve": thinned(curve)}
    if log_tail is not None:
        news |= _logged(held, log_tail)
    Run.objects.filter(pk=run_id).update(
        lease_expires_at=Now() + lease(),
        heartbeat_at=Now(),
        **{name: value for name, value in news.items() if value is not None},
    )
    return GO_ON


def thinned(points: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    """At most CURVE_POINTS points, evenly picked; the first and the last stay.

    A program wrote them: what is no point is left out.
    """
    if points is None:
        return None
    points = [point for point in map(_point, points) if "step" in point]
    if len(points) <= CURVE_POINTS:
        return points
    last = len(points) - 1
    return [points[round(index * last / (CURVE_POINTS - 1))] for index in range(CURVE_POINTS)]


def _point(told: Any) -> dict[str, Any]:
    """Its numbers, and the name of its stage."""
    items = told.items() if isinstance(told, dict) else ()
    return {
        name: value for name, value in items if isinstance(value, int | float) or name == "stage"
    }


def _logged(run: Run, tail: str) -> dict[str, Any]:
    """The new end of the log, and how many characters came before it since the attempt began.

    A worker sends the last so many characters: where they follow the end that is known is found by
    their beginning, so that whoever follows the log is not sent the same lines again.
    """
    kept = clean_log(tail)
    gone = 0 if kept.startswith(run.log[:_LOG_MARK]) else run.log.find(kept[:_LOG_MARK])
    if gone < 0:  # so much came at once that nothing of what is known is left
        gone = len(run.log)
    return {"log": kept, "log_start": run.log_start + gone}


def clean_log(text: str) -> str:
    """The tail that fits a row. PostgreSQL's text holds no NUL."""
    return text[-LOG_CHARACTERS:].replace("\0", "�")


def hold(run_id: int, attempt: int) -> Run:
    """Lock the submission and the run for the holder of `attempt`; call inside a transaction."""
    submission = Run.objects.filter(pk=run_id).values_list("submission", flat=True).first()
    if submission is not None:
        Submission.objects.select_for_update(no_key=True).get(pk=submission)
    held = (
        Run.objects.select_for_update(of=("self",))
        .filter(pk=run_id, attempt=attempt, status__in=[RunStatus.RUNNING, RunStatus.CANCELLING])
        .first()
    )
    if held is None:
        raise LeaseLost(
            f"attempt {attempt} of run {run_id} has lost its lease; nothing was recorded",
            where=f"run {run_id}",
            next="another attempt has the run, or it was cancelled",
        )
    return held


def finish(run: Run, *, result: dict[str, Any], log_tail: str, sandbox: str) -> Run:
    """End a held run well."""
    runs.charge(run)
    runs.move(
        run,
        RunStatus.SUCCEEDED,
        result=result,
        sandbox=sandbox,
        lease_expires_at=None,
        finished_at=Now(),
        **_logged(run, log_tail),
    )
    runs.close_attempt(run, outcome="succeeded")
    return run


def fail(
    run: Run,
    failure: FailureClass,
    reason: str,
    *,
    result: dict[str, Any] | None = None,
    log_tail: str | None = None,
    sandbox: str = "",
) -> Run:
    """End a held run badly. A fault of the platform puts it back into the queue, free of charge,
    until `Run.MAX_ATTEMPTS` attempts have failed."""
    runs.charge(run)
    ours = failure == FailureClass.PLATFORM_ERROR
    runs.close_attempt(run, outcome=failure.value, reason=reason, refund=ours)
    fields: dict[str, Any] = {"failure_class": failure, "reason": reason, "lease_expires_at": None}
    fields |= _logged(run, log_tail) if log_tail is not None else {}
    fields |= {"result": result} if result else {}
    fields |= {"sandbox": sandbox} if sandbox else {}
    if run.status == RunStatus.CANCELLING:
        return runs.move(run, RunStatus.CANCELLED, finished_at=Now(), lease_expires_at=None)
    if ours and run.attempt < Run.MAX_ATTEMPTS:
        delay = RETRY_SECONDS * run.attempt
        fields["eligible_at"] = Now() + dt.timedelta(seconds=delay)
        transaction.on_commit(lambda: runs.announce(run, delay=delay))
        return runs.move(run, RunStatus.QUEUED, **fields)
    return runs.move(run, RunStatus.FAILED, finished_at=Now(), **fields)


def stopped(run: Run, *, log_tail: str) -> Run:
    """The worker has stopped a run that was being cancelled."""
    runs.charge(run)
    runs.close_attempt(run, outcome="cancelled", reason=run.reason)
    told = _logged(run, log_tail)
    return runs.move(run, RunStatus.CANCELLED, lease_expires_at=None, finished_at=Now(), **told)


def expire(run: Run) -> Run:
    """What becomes of a locked run whose lease has passed: its worker is gone."""
    if run.status == RunStatus.CANCELLING:
        runs.close_attempt(run, outcome="cancelled", reason=run.reason, refund=True)
        return runs.move(run, RunStatus.CANCELLED, lease_expires_at=None, finished_at=Now())
    reason = f"worker {run.worker} stopped answering in attempt {run.attempt}"
    runs.close_attempt(run, outcome="lost", reason=reason, refund=True)
    if run.attempt < Run.MAX_ATTEMPTS:
        return runs.move(
            run, RunStatus.QUEUED, reason=reason, lease_expires_at=None, eligible_at=Now()
        )
    return runs.move(
        run,
        RunStatus.FAILED,
        failure_class=FailureClass.PLATFORM_ERROR,
        reason=f"{reason}; no further attempt is made after {Run.MAX_ATTEMPTS}",
        lease_expires_at=None,
        finished_at=Now(),
    )
