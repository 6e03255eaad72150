"""What runs, what waits and who works: for everybody, without what is private."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from contributions.models import FailureClass, Run
from contributions.services import queue
from contributions.web import polling
from registry.config.broker import LiveWorker
from registry.models import Repository, User
from registry.web.pages import person

MOST_RUNNING, MOST_OWN = 50, 10
FAILURE_WORDS: dict[str, Any] = {
    FailureClass.TIME_OUT.value: _("took too long"),
    FailureClass.OUT_OF_MEMORY.value: _("ran out of memory"),
    FailureClass.BAD_INPUT.value: _("could not use the input"),
    FailureClass.SCORING_ERROR.value: _("could not be scored"),
    FailureClass.EXCEPTION.value: _("the program ended without a result"),
    FailureClass.PLATFORM_ERROR.value: _("a fault of the platform"),
}


@require_GET
def queue_page(request: HttpRequest) -> HttpResponse:
    facts = _facts(request)
    context = {**facts, **_details(request, facts), "version": _version(request, facts)}
    return render(request, "contributions/queue.html", context)


@require_GET
def live(request: HttpRequest) -> HttpResponse:
    facts = _facts(request)
    return polling.part(
        request,
        "contributions/_queue_live.html",
        _version(request, facts),
        lambda: {**facts, **_details(request, facts)},
    )


def _facts(request: HttpRequest) -> dict[str, Any]:
    """What changes: three queries and one look at the broker."""
    alive = queue.workers()
    return {
        "workers": alive,
        "running": list(queue.running()[:MOST_RUNNING]),
        "waiting": queue.waiting(alive),
        "failures": [
            (FAILURE_WORDS.get(name, name or _("no class")), count)
            for name, count in queue.failures()
        ],
    }


def _version(request: HttpRequest, facts: dict[str, Any]) -> str:
    user = person(request)
    return polling.etag(
        user and user.pk,
        [(run.pk, run.attempt, run.status) for run in facts["running"]],
        facts["waiting"],
        [(str(words), count) for words, count in facts["failures"]],
        _seen(facts["workers"]),
    )


def _seen(workers: list[LiveWorker] | None) -> object:
    """Heartbeats come every two seconds; a new picture for each would be a new page."""
    if workers is None:
        return None
    return [(w.name, w.queues, w.started_at, int(w.seen_at.timestamp()) // 10) for w in workers]


def _details(request: HttpRequest, facts: dict[str, Any]) -> dict[str, Any]:
    user = person(request)
    running: list[Run] = facts["running"]
    lines = _running_lines(user, running)
    own = list(queue.waiting_of(user)[:MOST_OWN]) if user else []
    return {
        "lines": lines,
        "at_work": _by_worker(facts["workers"] or [], lines),
        "places": queue.places(own, facts["workers"] or []),
        "outages": sorted({line.queue for line in facts["waiting"] if line.outage}),
        "waiting_count": sum(line.count for line in facts["waiting"]),
        "broker_away": facts["workers"] is None,
        "failure_count": sum(count for _words, count in facts["failures"]),
    }


def _running_lines(user: User | None, running: list[Run]) -> list[dict[str, Any]]:
    """What is private has no name here, for whoever may not see it."""
    of = {run.pk: run.submission or run.track for run in running}
    repositories = {owner.repository_id for owner in of.values() if owner}
    visible = set(
        Repository.objects.visible_to(user).filter(pk__in=repositories).values_list("pk", flat=True)
        if repositories
        else ()
    )
    lines = []
    for run in running:
        owner = of[run.pk]
        shown = owner is not None and owner.repository_id in visible
        lines.append({"run": run, "owner": owner, "shown": shown, "own": user == run.contributor})
    return lines


def _by_worker(
    workers: list[LiveWorker], lines: list[dict[str, Any]]
) -> list[tuple[LiveWorker, list[dict[str, Any]]]]:
    """A run names the worker and which of its processes does it: `general1@host:4711`."""
    return [
        (w, [line for line in lines if line["run"].worker.rpartition(":")[0] == w.name])
        for w in workers
    ]
