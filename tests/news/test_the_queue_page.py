"""What waits, what runs, who works: honest, live, and without what is private."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contributions.models import Run, RunKind, RunStatus, Usage
from contributions.services import claims, queue, runs
from registry.config import broker
from registry.models import Repository


@pytest.fixture(autouse=True)
def _no_workers():
    broker.client().flushdb()
    yield
    broker.client().flushdb()


def alive(name="general1@here", queues=("general",), **more):
    told = {"queues": list(queues), "concurrency": 1, "version": "0.1.0", "started": time.time()}
    broker.worker_is_alive(name, {**told, **more})


def waits(submission, kind=RunKind.BENCHMARK, **more):
    return runs.enqueue(
        kind=kind, contributor=submission.contributor, submission=submission, **more
    )


def used(user, seconds):
    Usage.objects.update_or_create(contributor=user, defaults={"seconds": seconds})


def page(browser, address="/queue"):
    response = browser.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_an_empty_site_says_so(scene, as_person, page_rules):
    Run.objects.filter(status=RunStatus.RUNNING).update(status=RunStatus.CANCELLED)
    Run.objects.filter(status=RunStatus.FAILED).update(finished_at=None)
    shown = page(as_person(None))
    for words in ("Nothing is at work", "Nothing waits", "No worker is running", "No run failed"):
        assert words in shown, words
    page_rules(as_person(None).get("/queue"), "/queue")


def test_it_shows_work_workers_and_failures(scene, as_person, page_rules):
    alive(device="cuda:0", pid=4711)
    alive("check1@here", ["check"])
    Run.objects.filter(pk=scene.training.pk).update(worker="general1@here:99")
    waits(scene.waiting)
    for user in (None, scene.dora, scene.cyril):
        response = as_person(user).get("/queue")
        page_rules(response, "/queue")
    shown = page(as_person(None))
    assert "Warm-up and cosine schedule" in shown
    assert shown.count(f'href="/runs/{scene.training.pk}"') == 2  # at work, and by its worker
    assert "cuda:0" in shown
    assert "check1@here" in shown
    assert "could not use the input" in shown
    assert "No worker serves" not in shown


def test_what_is_private_has_no_name_for_strangers(scene, as_person):
    alive()
    Run.objects.filter(pk=scene.training.pk).update(worker="general1@here:99")
    Repository.objects.filter(pk=scene.model.pk).update(private=True)
    for user in (None, scene.emil):
        shown = page(as_person(user)) + page(as_person(user), "/queue/live")
        assert "Warm-up" not in shown
        assert f"/runs/{scene.training.pk}" not in shown
        assert ">dora<" not in shown
        assert "something private" in shown
    assert "Warm-up" in page(as_person(scene.ada))


@pytest.mark.parametrize(
    ("queues", "kind", "out"),
    [
        ([], RunKind.BENCHMARK, "general"),
        (["check"], RunKind.BENCHMARK, "general"),
        (["check"], RunKind.CHECK, ""),
        (["general"], RunKind.CHECK, ""),
        (["general"], RunKind.BENCHMARK, ""),
        (["general"], RunKind.PUBLISH, "publish"),
    ],
)
def test_a_queue_that_nobody_serves_is_an_outage(scene, as_person, queues, kind, out):
    if queues:
        alive(queues=queues)
    run = waits(scene.waiting, kind)
    assert queue.outage_of(run) == out
    assert queue.place(run).outage == out
    assert (f"No worker serves the queue “{out}”" in page(as_person(None))) == bool(out)


def test_places_are_those_of_the_claims(scene):
    alive()
    used(scene.cyril, 50.0)
    used(scene.berta, 10.0)
    used(scene.emil, 90.0)
    mine = [waits(scene.waiting, RunKind.FINETUNE), waits(scene.waiting, RunKind.MERGE)]
    waits(scene.weights, RunKind.BENCHMARK)
    waits(scene.wrong, RunKind.CHECK)
    expected = {run.pk: queue.position(run) for run in Run.objects.filter(status="queued")}
    assert [place.run for place in queue.places(mine)] == [mine[1], mine[0]]
    order = []
    while (run := claims.claim("general", worker="w:1")) is not None:
        order.append(run.pk)
    checks = {pk for pk in order if Run.objects.get(pk=pk).kind == RunKind.CHECK}
    for place, pk in enumerate(order):
        # A check waits for checks only: they have a lane of their own.
        assert expected[pk] == (0 if pk in checks else place)
    assert queue.position(Run.objects.get(pk=order[0])) is None


def test_a_wait_is_estimated_from_what_such_runs_took(scene, as_person):
    Run.objects.filter(status=RunStatus.SUCCEEDED).update(finished_at=None)
    used(scene.berta, 0.0)
    used(scene.cyril, 100.0)
    now = timezone.now()
    for seconds in (20, 60, 1000):
        Run.objects.create(
            kind=RunKind.BENCHMARK,
            status=RunStatus.SUCCEEDED,
            submission=scene.weights,
            contributor=scene.berta,
            started_at=now - dt.timedelta(seconds=seconds),
            finished_at=now,
        )
    for _ in range(3):
        waits(scene.weights)
    run = waits(scene.waiting)
    assert queue.place(run).seconds is None  # nobody works
    alive()
    assert queue.place(run).seconds == pytest.approx(180.0)
    alive("general2@here", concurrency=2)
    assert queue.place(run).seconds == pytest.approx(60.0)
    shown = page(as_person(scene.cyril))
    assert "Your runs that wait" in shown
    assert "about 1 min" in shown
    waits(scene.weights, RunKind.FINETUNE)  # how long that takes is not known
    assert queue.place(run).seconds is None


def test_the_live_part_is_sent_when_something_changed(scene, as_person):
    alive()
    browser = as_person(None)
    first = browser.get("/queue/live")
    assert 'id="live"' in first.content.decode()
    assert "<html" not in first.content.decode()
    same = browser.get("/queue/live", headers={"If-None-Match": first["ETag"]})
    assert same.status_code == 304
    waits(scene.waiting)
    other = browser.get("/queue/live", headers={"If-None-Match": first["ETag"]})
    assert other.status_code == 200
    assert other["ETag"] != first["ETag"]


def test_it_costs_the_same_with_much_to_do(scene, as_person):
    browser = as_person(scene.cyril)

    def count():
        with CaptureQueriesContext(connection) as queries:
            page(browser)
        return len(queries)

    alive()
    waits(scene.waiting)
    few = count()
    for number in range(12):
        waits(scene.waiting, RunKind.FINETUNE)
        waits(scene.weights)
        alive(f"general{number}@there")
        made = waits(scene.wrong)
        Run.objects.filter(pk=made.pk).update(
            status=RunStatus.RUNNING, worker=f"general{number}@there:1"
        )
    assert count() == few <= 15


def test_a_worker_that_is_silent_is_forgotten(settings):
    settings.WORKER_HEARTBEAT_SECONDS = 1
    alive("brief@here")
    assert [worker.name for worker in broker.workers()] == ["brief@here"]
    time.sleep(1.2)
    assert broker.workers() == []
    alive("gone@here")
    broker.worker_has_left("gone@here")
    assert broker.live_workers() == []


def test_a_broker_that_is_away_breaks_no_page(scene, as_person, settings, page_rules):
    run = waits(scene.waiting)
    broker.client.cache_clear()
    settings.REDIS_URL, kept = "redis://127.0.0.1:1/0", settings.REDIS_URL
    try:
        response = as_person(None).get("/queue")
        assert response.status_code == 200
        page_rules(response, "/queue")
        assert "The broker does not answer" in response.content.decode()
        assert queue.outage_of(run) == ""
        assert queue.place(run).seconds is None
    finally:
        broker.client.cache_clear()
        settings.REDIS_URL = kept
