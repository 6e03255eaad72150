"""What becomes of a run that has ended: recorded in one transaction, then the next step.

`record` for a job that ended well, `fail` for any other end. Both are refused with LeaseLost for
a worker that has lost its lease. Either everything is written or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from contributions.models import (
    FailureClass,
    PatchKind,
    Run,
    RunKind,
    RunStatus,
    Submission,
)
from contributions.services import (
    claims,
    findable,
    findings,
    products,
    publications,
    releases,
    runs,
    scores,
    submissions,
    tracks,
)
from contributions.services.products import Product
from registry.models import User
from registry.services import events

CURVE = "curve"
_ADAPTER = re.compile(r"adapters/[^/]{1,255}")


@dataclass(frozen=True)
class Delivered:
    """What a worker has brought to the site before it reports: nothing but digests and text."""

    result: dict[str, Any]
    products: Sequence[Product] = ()
    # "candidate.V" → sha256 of stored per-example outcomes
    outcomes: Mapping[str, str] = field(default_factory=dict)
    log_tail: str = ""
    sandbox: str = ""
    # The artifact of an earlier run is used. Only the site says so: a program that could name a
    # source of its own would have somebody else's model measured and merged as its author's.
    repeats: bool = False


@transaction.atomic
def record(run_id: int, attempt: int, delivered: Delivered) -> Run:
    """Use the result of a job that ended well, and go on to what comes next."""
    run = claims.hold(run_id, attempt)
    if run.status == RunStatus.CANCELLING:
        return _over(claims.stopped(run, log_tail=delivered.log_tail))
    result = dict(delivered.result)
    use = _USE.get(RunKind(run.kind))
    used = use(run, result, delivered) if use else None
    if CURVE in result:
        Run.objects.filter(pk=run.pk).update(curve=claims.thinned(result.pop(CURVE)))
    claims.finish(run, result=result, log_tail=delivered.log_tail, sandbox=delivered.sandbox)
    if used is not None:
        used()
    return _over(run)


@transaction.atomic
def record_reference(run_id: int, attempt: int, delivered: Delivered) -> None:
    """Keep what a benchmark's reference did, measured before its candidate; the run goes on."""
    run = claims.hold(run_id, attempt)
    scores.record_reference(run, delivered.result, delivered.outcomes)


@transaction.atomic
def fail(
    run_id: int,
    attempt: int,
    failure: FailureClass,
    reason: str,
    *,
    result: dict[str, Any] | None = None,
    log_tail: str = "",
    sandbox: str = "",
) -> Run:
    """End an attempt without a result; a fault of the platform is tried again by itself."""
    run = claims.hold(run_id, attempt)
    if run.status == RunStatus.CANCELLING:
        return _over(claims.stopped(run, log_tail=log_tail))
    run = claims.fail(run, failure, reason, result=result, log_tail=log_tail, sandbox=sandbox)
    return _over(run)


@transaction.atomic
def cancel(run: Run, *, actor: User, reason: str) -> Run:
    """Cancel one run, and what waits for it goes on."""
    if run.submission is not None:
        submissions.lock(run.submission)
    return _over(runs.cancel(run, actor=actor, reason=reason))


@transaction.atomic
def repeat(run_id: int, attempt: int, *, harness: str) -> Run | None:
    """Use the result of an earlier run with the same inputs and the same program, if there is
    one: work that was done is not done again."""
    run = claims.hold(run_id, attempt)
    earlier = _same_work(run, harness) if run.status == RunStatus.RUNNING else None
    if earlier is None:
        return None
    result = {**earlier.result, "repeats": earlier.pk}
    note = f"Same inputs and program as run {earlier.pk}; its result was used.\n"
    Run.objects.filter(pk=run.pk).update(curve=earlier.curve)
    same = Delivered(result, log_tail=note, sandbox=earlier.sandbox, repeats=True)
    return record(run_id, attempt, same)


def _same_work(run: Run, harness: str) -> Run | None:
    if not run.input_digest:
        return None
    same = Run.objects.filter(
        kind=run.kind, input_digest=run.input_digest, status=RunStatus.SUCCEEDED
    )
    found = (earlier for earlier in same.order_by("-id")[:20] if _made_by(earlier, harness))
    return next(found, None)


def _made_by(earlier: Run, harness: str) -> bool:
    return scores.harness_of(earlier.result.get("provenance", {})) == harness


def follow_up(run: Run) -> None:
    """Tell whoever waits for a run that its status has changed."""
    if run.submission is not None:
        submissions.advance(run.submission)
        return
    if run.publication is not None and run.status == RunStatus.FAILED:
        publications.fail(run.publication.pk, reason=run.reason)
    elif run.publication is not None and run.status == RunStatus.QUEUED:
        publications.postpone(run.publication.pk, reason=run.reason)
    runs.tell_owner(run)


def _over(run: Run) -> Run:
    if run.status == RunStatus.FAILED:
        events.record(
            "run.failed",
            actor=None,
            repository=runs.repository_of(run),
            subject=f"run:{run.pk}",
            data={"kind": run.kind, "class": run.failure_class, "reason": run.reason},
        )
    follow_up(run)
    return run


# --- per kind: what the result is used for ------------------------------------------------------

Used = Callable[[], object]


def _use_check(run: Run, result: dict[str, Any], delivered: Delivered) -> Used | None:
    submission = _current(run)
    if submission is None:
        return None
    findings.record(run, submission, result["findings"])
    kind, adapters = result["patch"]["kind"], result["patch"].get("adapters", [])
    if submission.discussion is not None:
        known = kind in PatchKind.values and (kind != PatchKind.ADAPTER or _is_one(adapters))
        submission.kind = PatchKind(kind) if known else PatchKind.UNKNOWN
    if submission.kind in {PatchKind.WEIGHTS, PatchKind.ADAPTER}:
        submission.artifact_revision = submission.head_revision
        submission.artifact_path = adapters[0] if submission.kind == PatchKind.ADAPTER else ""
    submission.save(update_fields=["kind", "artifact_revision", "artifact_path"])
    findable.put_submission(submission)
    events.record(
        "submission.checked",
        actor=None,
        repository=submission.repository,
        subject=f"submission:{submission.pk}",
        data={"verdict": result["verdict"], "kind": kind, "head": run.head_revision},
    )
    return None


def _is_one(adapters: Any) -> bool:
    """Exactly one folder below adapters/."""
    return (
        isinstance(adapters, list)
        and len(adapters) == 1
        and isinstance(adapters[0], str)
        and _ADAPTER.fullmatch(adapters[0]) is not None
    )


def _use_finetune(run: Run, result: dict[str, Any], delivered: Delivered) -> Used | None:
    submission = _current(run)
    assert run.track is not None
    artifact = result["artifact"] = dict(result["artifact"])
    if not delivered.repeats:
        artifact["source"] = products.keep(
            run,
            run.track.repository,
            base=run.plan["model"]["revision"],
            kind=artifact["kind"],
            products=delivered.products,
        )
    if submission is not None and run.plan["role"] == "candidate":
        submission.artifact_revision = artifact["source"]["revision"]
        submission.artifact_path = artifact["source"]["adapter"]
        submission.save(update_fields=["artifact_revision", "artifact_path"])
    return None


def _use_benchmark(run: Run, result: dict[str, Any], delivered: Delivered) -> Used | None:
    scores.record(run, result, delivered.outcomes)
    return None


def _use_merge(run: Run, result: dict[str, Any], delivered: Delivered) -> Used | None:
    assert run.track is not None
    source = products.keep(
        run,
        run.track.repository,
        base=run.plan["base"]["revision"],
        kind="weights",
        products=delivered.products,
    )
    result["artifact"] = {**(result.get("artifact") or {}), "source": source}
    if run.release is None:
        return lambda: tracks.open_calibrated(run, result)
    return lambda: releases.merged(run, result)


def _use_attribute(run: Run, result: dict[str, Any], delivered: Delivered) -> Used | None:
    return lambda: releases.valued(run, result)


def _use_publish(run: Run, result: dict[str, Any], delivered: Delivered) -> Used | None:
    assert run.publication is not None
    publications.complete(run.publication.pk, remote_commit=result["remote_commit"])
    return None


def _current(run: Run) -> Submission | None:
    """The submission, locked, if the run is about its present head and track."""
    assert run.submission is not None
    submission = submissions.lock(run.submission)
    moved = run.kind != RunKind.CHECK and run.track_id != submission.track_id
    return None if moved or run.head_revision != submission.head_revision else submission


_USE: dict[RunKind, Callable[[Run, dict[str, Any], Delivered], Used | None]] = {
    RunKind.CHECK: _use_check,
    RunKind.FINETUNE: _use_finetune,
    RunKind.BENCHMARK: _use_benchmark,
    RunKind.MERGE: _use_merge,
    RunKind.ATTRIBUTE: _use_attribute,
    RunKind.PUBLISH: _use_publish,
}
