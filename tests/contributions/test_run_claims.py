"""Runs go to one worker at a time, to whoever was served least, and come back when it dies."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from contributions.models import Attempt, FailureClass, Run, RunKind, RunStatus, Usage
from contributions.models.runs import CHECK_LANE
from contributions.services import claims, recovery, results, runs
from registry.config import broker
from registry.services import accounts
from registry.services.errors import Conflict


@pytest.fixture
def ada(db):
    return accounts.ensure_user(name="ada")


@pytest.fixture
def emil(db):
    return accounts.ensure_user(name="emil")


@pytest.fixture
def hints():
    """How many messages wait for the workers of a queue."""
    broker.client().flushdb()
    yield broker.client().llen
    broker.client().flushdb()


def queued(contributor, kind=RunKind.MERGE, **given) -> Run:
    return runs.enqueue(kind=kind, contributor=contributor, **given)


def claimed(**given) -> Run:
    run = claims.claim("general", worker="w1", **given)
    assert run is not None
    return run


def let_the_lease_pass(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(lease_expires_at=Now() - dt.timedelta(seconds=1))


def used(person) -> float:
    return Usage.objects.get(contributor=person).seconds


def test_a_claim_gives_an_attempt_and_a_lease(ada):
    queued(ada)
    run = claimed()
    assert (run.status, run.attempt, run.worker) == (RunStatus.RUNNING, 1, "w1")
    assert run.lease_expires_at > run.heartbeat_at
    assert Attempt.objects.get(run=run).number == 1
    assert claims.claim("general", worker="w2") is None


def test_a_run_of_another_queue_is_left_alone(ada):
    queued(ada)
    assert claims.claim("publish", worker="w1") is None


def test_a_run_that_is_not_due_waits(ada):
    run = queued(ada, delay=60)
    assert claims.claim("general", worker="w1") is None
    Run.objects.filter(pk=run.pk).update(eligible_at=Now())
    assert claimed() == run


def test_whoever_used_least_device_time_comes_first(ada, emil):
    first = queued(ada, priority=9)
    second = queued(emil, priority=0)
    Usage.objects.filter(contributor=ada).update(seconds=10)
    assert [claimed(), claimed()] == [second, first]


def test_a_contributors_own_runs_go_by_priority_then_age(ada):
    late, urgent, last = queued(ada), queued(ada, priority=20), queued(ada)
    assert [claimed(), claimed(), claimed()] == [urgent, late, last]


@pytest.mark.django_db(transaction=True)
def test_no_run_is_claimed_twice_by_many_workers_at_once(ada, emil):
    for person in (ada, emil):
        for _ in range(12):
            queued(person)
    start = threading.Barrier(6)

    def worker(number: int) -> list[int]:
        try:
            start.wait()
            taken = []
            while (run := claims.claim("general", worker=f"w{number}")) is not None:
                taken.append(run.pk)
            return taken
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as workers:
        taken = [pk for part in workers.map(worker, range(6)) for pk in part]
    assert sorted(taken) == sorted(Run.objects.values_list("pk", flat=True))
    assert Attempt.objects.count() == 24
    assert set(Run.objects.values_list("attempt", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_a_claim_passes_by_a_run_that_somebody_else_holds(ada, emil):
    held, free = queued(ada), queued(emil)
    locked, done = threading.Event(), threading.Event()

    def hold():
        try:
            with transaction.atomic():
                Run.objects.select_for_update().get(pk=held.pk)
                locked.set()
                done.wait(10)
        finally:
            connection.close()

    other = threading.Thread(target=hold)
    other.start()
    locked.wait(10)
    assert claimed() == free
    done.set()
    other.join()
    assert claimed() == held


def test_a_heartbeat_extends_the_lease_and_shows_progress(ada):
    queued(ada)
    run = claimed()
    Run.objects.filter(pk=run.pk).update(heartbeat_at=Now() - dt.timedelta(seconds=7))
    answer = claims.heartbeat(
        run.pk, 1, progress={"step": 3, "of": 9}, curve=[{"step": 3, "loss": 0.5}], log_tail="a\0b"
    )
    before = run.lease_expires_at
    run.refresh_from_db()
    assert answer == "go on"
    assert (run.progress, run.curve) == ({"step": 3, "of": 9}, [{"step": 3, "loss": 0.5}])
    assert run.log == "a�b"
    assert run.lease_expires_at >= before
    assert 6.9 < used(ada) < 9


def test_the_curve_and_the_log_of_a_run_stay_bounded(ada):
    queued(ada)
    run = claimed()
    points = [{"step": step} for step in range(1, 4001)]
    claims.heartbeat(run.pk, 1, curve=points, log_tail="x" * 100_000)
    run.refresh_from_db()
    assert len(run.curve) == 500
    assert (run.curve[0], run.curve[-1]) == ({"step": 1}, {"step": 4000})
    assert len(run.log) == 64_000


def test_an_expired_lease_returns_the_run_and_refuses_the_late_worker(ada):
    queued(ada)
    late = claimed()
    Run.objects.filter(pk=late.pk).update(heartbeat_at=Now() - dt.timedelta(seconds=5))
    claims.heartbeat(late.pk, 1)
    let_the_lease_pass(late)
    assert recovery.sweep() == [late]
    late.refresh_from_db()
    assert late.status == RunStatus.QUEUED
    assert "stopped answering" in late.reason
    assert used(ada) == 0, "lost time is a fault of the platform"
    second = claimed()
    assert (second, second.attempt) == (late, 2)
    with pytest.raises(claims.LeaseLost):
        results.record(late.pk, 1, results.Delivered({}))
    with pytest.raises(claims.LeaseLost):
        results.fail(late.pk, 1, FailureClass.BAD_INPUT, "too late")
    assert claims.heartbeat(late.pk, 1).startswith("stop: the lease was lost")
    assert claims.heartbeat(late.pk, 2) == "go on"


def test_a_run_whose_workers_all_die_fails_with_a_reason(ada):
    run = queued(ada)
    for _ in range(Run.MAX_ATTEMPTS):
        let_the_lease_pass(claimed())
        recovery.sweep()
    run.refresh_from_db()
    assert (run.status, run.failure_class) == (RunStatus.FAILED, FailureClass.PLATFORM_ERROR)
    assert "no further attempt" in run.reason
    assert [a.outcome for a in run.attempts.order_by("number")] == ["lost"] * 3


def test_a_fault_of_the_platform_is_tried_again_and_costs_nothing(ada):
    queued(ada)
    run = claimed()
    Run.objects.filter(pk=run.pk).update(heartbeat_at=Now() - dt.timedelta(seconds=30))
    results.fail(run.pk, 1, FailureClass.PLATFORM_ERROR, "the disk is full")
    run.refresh_from_db()
    assert (run.status, run.reason) == (RunStatus.QUEUED, "the disk is full")
    assert used(ada) == 0
    assert Attempt.objects.get(run=run).seconds > 29
    assert claims.claim("general", worker="w1") is None, "it waits a moment before the next try"


def test_bad_input_fails_at_once_and_is_counted(ada):
    queued(ada)
    run = claimed()
    Run.objects.filter(pk=run.pk).update(heartbeat_at=Now() - dt.timedelta(seconds=30))
    results.fail(run.pk, 1, FailureClass.BAD_INPUT, "no such column", log_tail="the log")
    run.refresh_from_db()
    assert (run.status, run.failure_class) == (RunStatus.FAILED, FailureClass.BAD_INPUT)
    assert (run.reason, run.log) == ("no such column", "the log")
    assert used(ada) > 29


def test_a_waiting_run_is_cancelled_at_once(ada):
    run = queued(ada)
    run = results.cancel(run, actor=ada, reason="not needed")
    assert (run.status, run.reason) == (RunStatus.CANCELLED, "not needed")
    assert claims.claim("general", worker="w1") is None


def test_a_running_run_is_cancelled_by_its_worker(ada):
    queued(ada)
    run = claimed()
    run = results.cancel(run, actor=ada, reason="changed my mind")
    assert run.status == RunStatus.CANCELLING
    assert claims.heartbeat(run.pk, 1) == "stop: changed my mind"
    run = results.fail(run.pk, 1, FailureClass.PLATFORM_ERROR, "stopped", log_tail="so far")
    assert (run.status, run.reason, run.log) == (RunStatus.CANCELLED, "changed my mind", "so far")


def test_a_result_that_comes_while_cancelling_is_not_used(ada):
    queued(ada)
    run = claimed()
    results.cancel(run, actor=ada, reason="changed my mind")
    assert results.record(run.pk, 1, results.Delivered({})).status == RunStatus.CANCELLED


def test_a_run_is_cancelled_although_its_worker_is_dead(ada):
    queued(ada)
    run = claimed()
    let_the_lease_pass(run)
    assert results.cancel(run, actor=ada, reason="enough").status == RunStatus.CANCELLED


def test_a_worker_that_dies_while_cancelling_leaves_a_cancelled_run(ada):
    queued(ada)
    run = claimed()
    results.cancel(run, actor=ada, reason="enough")
    let_the_lease_pass(run)
    recovery.sweep()
    run.refresh_from_db()
    assert (run.status, run.reason) == (RunStatus.CANCELLED, "enough")


def test_what_is_over_stays_over(ada):
    run = queued(ada)
    runs.cancel(run, actor=ada, reason="enough")
    run = results.cancel(run, actor=ada, reason="again")
    assert (run.status, run.reason) == (RunStatus.CANCELLED, "enough")
    with pytest.raises(Conflict, match="cannot become running"):
        runs.move(run, RunStatus.RUNNING)


def test_hints_are_repeated_while_due_runs_wait(ada, hints):
    queued(ada)
    queued(ada, delay=60)
    assert hints("general") == 0, "nothing was committed, so nothing was said"
    assert recovery.repeat_hints(expires=5) == 1
    assert hints("general") == 1
    claimed()
    assert recovery.repeat_hints(expires=5) == 0
    assert hints("general") == 1


@pytest.mark.django_db(transaction=True)
def test_a_run_is_announced_when_it_is_committed(ada, hints):
    with transaction.atomic():
        queued(ada)
        assert hints("general") == 0
    assert hints("general") == 1


def test_the_check_lane_takes_checks_only(ada):
    training = queued(ada)
    check = queued(ada, kind=RunKind.CHECK)
    assert claims.claim(CHECK_LANE, worker="w1") == check
    assert claims.claim(CHECK_LANE, worker="w1") is None
    assert claims.claim("general", worker="w2") == training


def test_general_workers_take_checks_too(ada):
    check = queued(ada, kind=RunKind.CHECK)
    assert claims.claim("general", worker="w1") == check


@pytest.mark.django_db(transaction=True)
def test_a_check_is_announced_to_both(ada, hints):
    queued(ada, kind=RunKind.CHECK)
    assert (hints(CHECK_LANE), hints("general")) == (1, 1)
