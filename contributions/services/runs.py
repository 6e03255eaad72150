"""Runs: put into the queue, moved by one table, cancelled in every state.

The row is the truth. A message to the workers says only "there is work"; the sweep of
`services/recovery.py` repeats it, so that a lost one costs seconds.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from django.db import transaction
from django.db.models import Case, ExpressionWrapper, F, FloatField, Q, Value, When
from django.db.models.functions import Extract, Now
from kombu.exceptions import OperationalError

from contributions.models import (
    RUN_MOVES,
    Attempt,
    Publication,
    PublicationStatus,
    Release,
    ReleaseStatus,
    Run,
    RunKind,
    RunStatus,
    Submission,
    Track,
    TrackStatus,
    Usage,
)
from registry.models import Repository, User
from registry.services import events
from registry.services.errors import Conflict

log = logging.getLogger(__name__)

WORK = "workers.tasks.work"
HINT_EXPIRES_SECONDS = 60

# Higher is sooner, among the runs of one contributor.
PRIORITY = {RunKind.CHECK: 10, RunKind.MERGE: 6, RunKind.ATTRIBUTE: 6, RunKind.BENCHMARK: 4}


@transaction.atomic
def enqueue(
    *,
    kind: RunKind,
    contributor: User,
    submission: Submission | None = None,
    track: Track | None = None,
    release: Release | None = None,
    publication: Publication | None = None,
    plan: dict[str, Any] | None = None,
    head_revision: str = "",
    input_digest: str = "",
    priority: int | None = None,
    delay: float = 0,
) -> Run:
    """A new row in the queue of its kind, due after `delay` seconds of the database's clock."""
    run = Run.objects.create(
        kind=kind,
        queue=kind.queue,
        contributor=contributor,
        submission=submission,
        track=track or (submission.track if submission else None),
        release=release,
        publication=publication,
        plan=plan or {},
        head_revision=head_revision,
        input_digest=input_digest,
        priority=PRIORITY.get(kind, 0) if priority is None else priority,
        eligible_at=Now() + dt.timedelta(seconds=delay),
    )
    run.refresh_from_db(fields=["eligible_at"])
    # The claim looks for contributors here, so the row must be there before the first claim.
    Usage.objects.get_or_create(contributor=contributor)
    transaction.on_commit(lambda: announce(run, delay=delay))
    return run


def announce(run: Run, *, delay: float = 0) -> None:
    """Tell every worker that may take the run."""
    for queue in RunKind(run.kind).served_by:
        if not hint(queue, delay=delay):
            return


def hint(queue: str, *, delay: float = 0, expires: float = HINT_EXPIRES_SECONDS) -> bool:
    """Tell the workers of `queue` that there is work. False: the broker did not take it."""
    from registry.config.celery import app

    try:
        app.send_task(
            WORK,
            args=[queue],
            queue=queue,
            countdown=delay or None,
            expires=delay + expires,
            retry=False,
        )
    except (OperationalError, OSError) as error:
        log.warning("no hint could be sent to the queue %s: %s", queue, error)
        return False
    return True


def move(run: Run, target: RunStatus, **fields: Any) -> Run:
    """Change the status if the table of moves allows it; the row decides, not the object."""
    allowed = RUN_MOVES[target]
    moved = Run.objects.filter(pk=run.pk, status__in=allowed).update(status=target, **fields)
    if not moved:
        run.refresh_from_db(fields=["status"])
        raise Conflict(
            f"run {run.pk} is {run.status} and cannot become {target}",
            where=f"run {run.pk}",
            next="look at the run's page: it has moved on",
        )
    run.refresh_from_db()
    return run


@transaction.atomic
def cancel(run: Run, *, actor: User | None, reason: str) -> Run:
    """Cancel in whatever state it is; over is over.

    A live worker is asked to stop by its next heartbeat. A run whose lease has passed has no
    worker, so it is cancelled at once.
    """
    run = Run.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if RunStatus(run.status).is_over:
        return run
    dead = Run.objects.filter(pk=run.pk).expired().exists()
    if run.status == RunStatus.QUEUED or dead:
        run = move(run, RunStatus.CANCELLED, reason=reason, finished_at=Now())
        close_attempt(run, outcome="cancelled", reason=reason)
        tell_owner(run)
    elif run.status == RunStatus.RUNNING:
        run = move(run, RunStatus.CANCELLING, reason=reason)
    events.record(
        "run.cancelled",
        actor=actor,
        repository=repository_of(run),
        subject=f"run:{run.pk}",
        data={"kind": run.kind, "reason": reason},
    )
    return run


def tell_owner(run: Run) -> None:
    """A release, a track in preparation or a publication whose run ended without a result.

    What belongs to a submission is told by its status, which is derived from its runs.
    """
    if run.status not in {RunStatus.FAILED, RunStatus.CANCELLED}:
        return
    cancelled = run.status == RunStatus.CANCELLED
    reason = f"The {run.kind} run {run.pk} {'was cancelled' if cancelled else 'failed'}"
    reason = f"{reason}: {run.reason or 'no reason was recorded'}"
    if run.publication is not None:
        waiting = [PublicationStatus.QUEUED, PublicationStatus.PUBLISHING]
        Publication.objects.filter(pk=run.publication.pk, status__in=waiting).update(
            status=PublicationStatus.FAILED, reason=reason
        )
    elif run.release is not None:
        Release.objects.filter(
            pk=run.release.pk, status__in=[ReleaseStatus.MERGING, ReleaseStatus.VALUING]
        ).update(
            status=ReleaseStatus.CANCELLED if cancelled else ReleaseStatus.FAILED, reason=reason
        )
    elif run.kind == RunKind.MERGE and run.track is not None:
        Track.objects.filter(pk=run.track.pk, status=TrackStatus.PREPARING).update(
            status_reason=reason
        )


def repository_of(run: Run) -> Repository | None:
    """The repository whose trail a run belongs to."""
    if run.submission is not None:
        return run.submission.repository
    return run.track.repository if run.track is not None else None


# --- device time ---------------------------------------------------------------------------

_SECONDS = ExpressionWrapper(Extract(Now() - F("heartbeat_at"), "epoch"), FloatField())


def charge(run: Run) -> None:
    """Count the time since the last heartbeat for the attempt and for its contributor."""
    since = (
        Run.objects.filter(pk=run.pk, heartbeat_at__isnull=False)
        .annotate(since=_SECONDS)
        .values_list("since", flat=True)
        .first()
    )
    seconds = max(float(since or 0), 0.0)
    Attempt.objects.filter(run=run, number=run.attempt).update(seconds=F("seconds") + seconds)
    Usage.objects.filter(contributor=run.contributor_id).update(seconds=F("seconds") + seconds)


def close_attempt(run: Run, *, outcome: str, reason: str = "", refund: bool = False) -> None:
    """End the attempt at work. `refund`: a fault of the platform costs the contributor nothing."""
    attempt = Attempt.objects.filter(run=run, number=run.attempt, ended_at=None).first()
    if attempt is None:
        return
    Attempt.objects.filter(pk=attempt.pk).update(ended_at=Now(), outcome=outcome, reason=reason)
    if refund:
        left = F("seconds") - attempt.seconds
        Usage.objects.filter(contributor=run.contributor_id).update(
            seconds=Case(When(Q(seconds__gt=attempt.seconds), then=left), default=Value(0.0))
        )
