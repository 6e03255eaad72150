"""What waits, what runs and for how long: read from the rows and from what workers announce.

Places are counted in the order of `claims`: the contributor who has used least device time first,
then the higher priority, then the older run. That order changes while runs use time, so a place
is what it is now, and a time is an estimate.
"""

from __future__ import annotations

import datetime as dt
import logging
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import redis
from django.db.models import Count, DurationField, ExpressionWrapper, F, Min, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from contributions.models import Run, RunKind, RunStatus, Usage
from registry.config import broker
from registry.config.broker import LiveWorker
from registry.models import User

log = logging.getLogger(__name__)

RECENT_RUNS = 25
FAILURES_OF = dt.timedelta(hours=24)


@dataclass(frozen=True)
class Place:
    """`position`: how many runs would be claimed before. `seconds`: a rough wait, if known."""

    run: Run
    position: int
    seconds: float | None
    # A queue that no worker serves; empty when one does.
    outage: str = ""


def workers() -> list[LiveWorker] | None:
    """Those that were heard of lately; None when the broker does not answer."""
    try:
        return broker.workers()
    except redis.RedisError as error:
        log.warning("the broker does not answer: %s", type(error).__name__)
        return None


def position(run: Run) -> int | None:
    """How many waiting runs would be claimed before this one; None when it does not wait."""
    if run.status != RunStatus.QUEUED:
        return None
    return sum(_ahead(run, _before_contributor(run.contributor_id)).values())


def place(run: Run) -> Place | None:
    """The place of one waiting run with an estimate; four queries."""
    found = places([run])
    return found[0] if found else None


def places(runs: Sequence[Run], alive: Sequence[LiveWorker] | None = None) -> list[Place]:
    """Of waiting runs of one contributor, the next one first; four queries however many."""
    waiting = [run for run in runs if run.status == RunStatus.QUEUED]
    if not waiting:
        return []
    found = workers() if alive is None else alive
    before = _before_contributor(waiting[0].contributor_id)
    took = medians()
    made = [_place(run, _ahead(run, before), took, found) for run in waiting]
    return sorted(made, key=lambda place: (place.position, place.run.pk))


def _place(
    run: Run, ahead: Counter[str], took: dict[str, float], alive: Sequence[LiveWorker] | None
) -> Place:
    lanes = RunKind(run.kind).served_by
    serving = [] if alive is None else serving_workers(lanes, alive)
    seconds = None
    if serving and all(kind in took for kind in ahead):
        work = sum(count * took[kind] for kind, count in ahead.items())
        seconds = work / sum(worker.concurrency for worker in serving)
    outage = lanes[-1] if alive is not None and not serving else ""
    return Place(run, sum(ahead.values()), seconds, outage)


@dataclass(frozen=True)
class _Before:
    """What others have waiting that is claimed first, and what the contributor has."""

    others: Counter[tuple[str, str]]
    own: list[tuple[int, int, str, str]]


def _before_contributor(contributor: int) -> _Before:
    used = Usage.objects.filter(contributor=contributor).values_list("seconds", flat=True).first()
    less = Q(contributor__usage__seconds__lt=used or 0.0) | Q(
        contributor__usage__seconds=used or 0.0, contributor__lt=contributor
    )
    waiting = _due()
    others = waiting.filter(less).order_by().values_list("queue", "kind").annotate(Count("pk"))
    own = waiting.filter(contributor=contributor).values_list("priority", "pk", "queue", "kind")
    return _Before(Counter({(q, kind): n for q, kind, n in others}), list(own[:10_000]))


def _due() -> QuerySet[Run]:
    return Run.objects.filter(status=RunStatus.QUEUED, eligible_at__lte=Now())


def _ahead(run: Run, before: _Before) -> Counter[str]:
    """By kind. A check is overtaken by no training: its own lane serves it as well."""
    own = Counter(
        (queue, kind)
        for priority, pk, queue, kind in before.own
        if (-priority, pk) < (-run.priority, run.pk)
    )
    ahead: Counter[str] = Counter()
    for (queue, kind), count in (before.others + own).items():
        if queue == run.queue and (run.kind != RunKind.CHECK or kind == RunKind.CHECK):
            ahead[kind] += count
    return ahead


def medians() -> dict[str, float]:
    """Seconds that the latest runs of each kind took; one query."""
    took = ExpressionWrapper(F("finished_at") - F("started_at"), output_field=DurationField())
    done = Run.objects.filter(
        status=RunStatus.SUCCEEDED, started_at__isnull=False, finished_at__isnull=False
    )
    latest = [
        done.filter(kind=kind)
        .order_by("-finished_at")
        .annotate(took=took)
        .values_list("kind", "took")[:RECENT_RUNS]
        for kind in RunKind
    ]
    by_kind: dict[str, list[float]] = {}
    for kind, duration in latest[0].union(*latest[1:], all=True):
        by_kind.setdefault(kind, []).append(duration.total_seconds())
    return {kind: statistics.median(seconds) for kind, seconds in by_kind.items()}


# --- who works ------------------------------------------------------------------------------


def serving_workers(lanes: Iterable[str], alive: Iterable[LiveWorker]) -> list[LiveWorker]:
    return [worker for worker in alive if set(lanes) & set(worker.queues)]


def outage_of(run: Run) -> str:
    """The queue of a waiting run that no worker serves; empty when one does."""
    alive = workers() if run.status == RunStatus.QUEUED else None
    lanes = RunKind(run.kind).served_by
    return lanes[-1] if alive is not None and not serving_workers(lanes, alive) else ""


# --- all of it ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """Runs of one kind that wait in one queue."""

    queue: str
    kind: str
    count: int
    oldest: dt.datetime
    outage: bool


def waiting(alive: Sequence[LiveWorker] | None) -> list[Line]:
    rows = (
        Run.objects.filter(status=RunStatus.QUEUED)
        .order_by()
        .values_list("queue", "kind")
        .annotate(count=Count("pk"), oldest=Min("created_at"))
    )
    return sorted(
        (
            Line(
                queue,
                kind,
                count,
                oldest,
                alive is not None and not serving_workers(RunKind(kind).served_by, alive),
            )
            for queue, kind, count, oldest in rows
        ),
        key=lambda line: (line.queue, line.oldest),
    )


def running() -> QuerySet[Run]:
    """What is at work, longest first."""
    return (
        Run.objects.filter(status__in=[RunStatus.RUNNING, RunStatus.CANCELLING])
        .select_related("contributor", "submission__repository", "track__repository")
        .defer("log", "curve", "result", "plan", "spec")
        .order_by("started_at", "pk")
    )


def waiting_of(user: User) -> QuerySet[Run]:
    return (
        Run.objects.filter(status=RunStatus.QUEUED, contributor=user)
        .select_related("submission", "track")
        .defer("log", "curve", "result", "plan", "spec")
        .order_by("-priority", "pk")
    )


def failures() -> list[tuple[str, int]]:
    """(class, how many) of the last day, most first."""
    failed = Run.objects.filter(
        status=RunStatus.FAILED, finished_at__gte=timezone.now() - FAILURES_OF
    )
    counted = failed.order_by().values_list("failure_class").annotate(count=Count("pk"))
    return sorted(((name, count) for name, count in counted), key=lambda pair: (-pair[1], pair[0]))
