"""What beat does every few seconds: bring lost work back, and repeat the hints."""

from __future__ import annotations

from django.db import transaction

from contributions.models import Run, RunKind, RunStatus, Submission
from contributions.services import claims, results, runs

MOST_HINTS = 16


def sweep() -> list[Run]:
    """Give runs whose lease has passed to the next attempt, up to a limit. Returns them."""
    expired = Run.objects.expired().order_by("lease_expires_at").values_list("pk", "submission")
    found = [_expire(run, submission) for run, submission in list(expired[:200])]
    return [run for run in found if run is not None]


@transaction.atomic
def _expire(run_id: int, submission_id: int | None) -> Run | None:
    if submission_id is not None:
        Submission.objects.select_for_update(no_key=True).get(pk=submission_id)
    run = (
        Run.objects.expired()
        .select_for_update(skip_locked=True, of=("self",))
        .filter(pk=run_id)
        .first()
    )
    if run is None:
        return None
    run = claims.expire(run)
    if run.status == RunStatus.QUEUED:
        transaction.on_commit(lambda: runs.announce(run))
    results.follow_up(run)
    return run


def repeat_hints(expires: float) -> int:
    """One hint for each run that waits and is due, at most MOST_HINTS a queue."""
    waiting: dict[str, int] = {}
    queued = Run.objects.filter(status=RunStatus.QUEUED).values_list("kind", flat=True).distinct()
    for queue in {queue for kind in queued for queue in RunKind(kind).served_by}:
        waiting[queue] = min(Run.objects.eligible(queue).count(), MOST_HINTS)
    for queue, count in waiting.items():
        for _ in range(count):
            if not runs.hint(queue, expires=expires):
                return 0
    return sum(waiting.values())
