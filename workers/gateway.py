"""Between the site and the machines: the only module of `workers` that knows Django.

A run is claimed here, its job is prepared from signed addresses, and its products go back over
HTTP before one transaction records the result. The job's own process gets none of this.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.db import close_old_connections, connection

import workers
from contributions.models import FailureClass, Publication, Run, RunKind
from contributions.services import (
    claims,
    drafts,
    hub_tokens,
    jobs,
    mail,
    notification_trail,
    products,
    publications,
    recovery,
    results,
    scores,
)
from contributions.services.inputs import File
from contributions.services.products import Product
from registry.config.celery import SWEEP_SECONDS
from registry.models import GitObject, User
from registry.services import blobs, multipart, signing
from registry.services.errors import ServiceError
from workers import artifacts, publisher, runner, transfer
from workers.artifacts import Made
from workers.heart import Heart
from workers.pool import WarmPool
from workers.runner import InputFile, Job, Limits, Outcome
from workers.training.provenance import code_digest

log = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
CONFIG = "config.json"


def work(queue: str, worker: str) -> int:
    """Claim and do runs until none is eligible. Returns how many were done."""
    done = 0
    close_old_connections()
    while (run := claims.claim(queue, worker=worker)) is not None:
        do(run)
        done += 1
        close_old_connections()
    return done


def sweep() -> None:
    """Bring lost runs back, repeat the hints until the next sweep, and tell people the news."""
    close_old_connections()
    recovery.sweep()
    recovery.repeat_hints(expires=SWEEP_SECONDS)
    notification_trail.sweep()
    mail.deliver()


def tidy() -> None:
    """Remove what was begun and left: drafts of offers, and parts of uploads."""
    close_old_connections()
    drafts.discard_old()
    multipart.discard_stale()


def do(run: Run) -> None:
    """One attempt of one run, whatever happens in it."""
    log.info("run %s (%s) starts, attempt %s", run.pk, run.kind, run.attempt)
    try:
        if results.repeat(run.pk, run.attempt, harness=harness()) is None:
            with _heart(run) as heart, _folder() as folder:
                if run.kind == RunKind.PUBLISH:
                    _publish(run, folder)
                else:
                    _run_job(run, heart, folder)
    except claims.LeaseLost as lost:
        log.warning("%s", lost)
    except Exception as error:
        log.exception("run %s failed on the platform's side", run.pk)
        with suppress(claims.LeaseLost):
            reason = f"{type(error).__name__}: {error}"[:2000]
            results.fail(run.pk, run.attempt, FailureClass.PLATFORM_ERROR, reason)


def harness() -> str:
    """The training program as it lies here now, as its results name it."""
    return scores.harness_of({"harness": workers.__version__, "code": code_digest()})


@functools.cache
def pool() -> WarmPool:
    """Sandboxes of this process that have imported torch already."""
    return WarmPool(_work(), size=settings.WARM_SANDBOXES, cuda=_device() == "cuda")


def remove_leftovers() -> None:
    runner.sweep_stale(_work())  # folders of jobs whose worker was killed


def close_pool() -> None:
    if pool.cache_info().currsize:
        pool().close()
        pool.cache_clear()


def _work() -> Path:
    """Where jobs and the cache of inputs lie on this machine."""
    return Path(settings.VAR) / "work"


def _device() -> str:
    """A worker of a graphics card is told its number; every other one computes on the processor."""
    return "cuda" if os.environ.get("CUDA_VISIBLE_DEVICES", "-1") not in {"", "-1"} else "cpu"


def _heart(run: Run) -> Heart:
    def beat(progress: dict[str, Any], curve: list[dict[str, Any]], log_tail: str) -> str:
        close_old_connections()
        return claims.heartbeat(
            run.pk, run.attempt, progress=progress, curve=curve, log_tail=log_tail
        )

    seconds = min(BEAT_SECONDS, settings.RUN_LEASE_SECONDS / 3)
    return Heart(beat, seconds=seconds, close=lambda: connection.close())


def _folder() -> tempfile.TemporaryDirectory[str]:
    _work().mkdir(parents=True, exist_ok=True, mode=0o700)
    return tempfile.TemporaryDirectory(prefix="run-", dir=_work())


# --- a job ---------------------------------------------------------------------------------


def _run_job(run: Run, heart: Heart, folder: str) -> None:
    reference = jobs.describe_reference(run, harness=harness())
    if reference is not None:
        with _outcome(prepare(run, reference, Path(folder)), heart) as outcome:
            if outcome.status != "ok" or outcome.result is None:
                deliver(run, outcome)
                return
            measured = results.Delivered(outcome.result, outcomes=_send_outcomes(run, outcome))
            results.record_reference(run.pk, run.attempt, measured)
    described = jobs.describe(run, harness=harness())
    with _outcome(prepare(run, described, Path(folder)), heart) as outcome:
        deliver(run, outcome)


@contextmanager
def _outcome(job: Job, heart: Heart) -> Iterator[Outcome]:
    outcome = runner.run_job(
        job,
        work=_work(),
        on_progress=heart.take,
        should_stop=heart.should_stop,
        pool=pool(),
        allow_unsandboxed=settings.ALLOW_UNSANDBOXED,
    )
    try:
        yield outcome
    finally:
        outcome.discard()


def prepare(run: Run, described: jobs.Description, folder: Path) -> Job:
    """The job with an address for every input; small contents come from the database itself."""
    files = [
        _input(item.at.removeprefix("in/"), item.file, run.contributor, folder)
        for item in described.inputs
    ]
    spec = {**described.spec, "device": _device(), "threads": settings.JOB_THREADS}
    if described.base:
        spec["base"] = _base(described.base, run.contributor)
    limits = Limits(wall_seconds=jobs.wall_seconds(run), memory_bytes=settings.JOB_MEMORY_BYTES)
    return Job(kind=run.kind, spec=spec, inputs=files, limits=limits)


def _input(path: str, file: File, user: User, folder: Path) -> InputFile:
    if file.content is None:
        return InputFile(path, _address(file, user), file.size, file.sha256)
    local = folder / file.sha256
    local.write_bytes(file.content)
    return InputFile(path, None, file.size, file.sha256, local)


def _address(file: File, user: User) -> str:
    name = PurePosixPath(file.path).name
    return signing.signed_get(file.sha256, user=user, filename=name, size=file.size)


def _base(files: Iterable[File], user: User) -> dict[str, Any]:
    """Names and shapes of the base's tensors, and its configuration, for the check."""
    described: dict[str, Any] = {"tensors": {}, "config": {}}
    for file in files:
        part = functools.partial(_part, file, user)
        if file.path.endswith(".safetensors"):
            described["tensors"] |= transfer.tensors_of(part)
        elif file.path == CONFIG:
            described["config"] = json.loads(part(0, file.size))
    return described


def _part(file: File, user: User, first: int, size: int) -> bytes:
    if file.content is not None:
        return file.content[first : first + size]
    return transfer.read_part(_address(file, user), first, size)


def deliver(run: Run, outcome: Outcome) -> None:
    """Send what the job made, then record how it ended."""
    if outcome.status != "ok" or outcome.result is None:
        failure = outcome.failure
        results.fail(
            run.pk,
            run.attempt,
            FailureClass(failure.class_) if failure else FailureClass.PLATFORM_ERROR,
            failure.told() if failure else outcome.reason,
            result=outcome.result,
            log_tail=outcome.log_tail,
            sandbox=outcome.sandbox,
        )
        return
    try:
        delivered = results.Delivered(
            result=outcome.result,
            products=_send_products(run, outcome),
            outcomes=_send_outcomes(run, outcome),
            log_tail=outcome.log_tail,
            sandbox=outcome.sandbox,
        )
        results.record(run.pk, run.attempt, delivered)
    except (LookupError, TypeError, ValueError):
        # What a job says of itself is not to be trusted, so this is no fault of the platform.
        log.exception("the result of run %s is not of the agreed form", run.pk)
        reason = "The program's result is not of the agreed form, so nothing was recorded."
        results.fail(run.pk, run.attempt, FailureClass.SCORING_ERROR, reason)


def _send_products(run: Run, outcome: Outcome) -> list[Product]:
    assert outcome.result is not None
    found = artifacts.artifact(outcome.out, outcome.result)
    large = [made for made in found if not products.goes_inline(made.path, made.size)]
    _send(large, run.contributor)
    sent = set(large)
    return [
        Product(m.path, m.sha256, m.size, None if m in sent else m.local.read_bytes())
        for m in found
    ]


def _send_outcomes(run: Run, outcome: Outcome) -> dict[str, str]:
    if run.kind != RunKind.BENCHMARK:
        return {}
    found = artifacts.outcomes(outcome.out)
    _send(found.values(), jobs.keeper_of_outcomes(run))
    return {name: made.sha256 for name, made in found.items()}


def _send(files: Iterable[Made], user: User) -> None:
    """PUT what the site does not have of this user yet."""
    files = list(files)
    there = blobs.usable([made.sha256 for made in files], user=user)
    for made in files:
        if made.sha256 not in there:
            url = signing.signed_put(made.sha256, size=made.size, user=user)
            transfer.upload(url, made.local)


# --- a publication -------------------------------------------------------------------------


def _publish(run: Run, folder: str) -> None:
    publication = Publication.objects.select_related("release__track__repository__namespace").get(
        pk=run.plan["publication"]
    )
    namespace = publication.release.track.repository.namespace
    try:
        commit = publisher.publish(
            publications.plan(publication),
            token=hub_tokens.reveal(namespace, endpoint=publication.endpoint),
            fetch=functools.partial(_fetch, run.contributor),
            steps=_Steps(publication.pk),
            work=Path(folder),
        )
    except (publisher.PublishError, ServiceError) as error:
        again = isinstance(error, publisher.PublishError) and error.temporary
        kind = FailureClass.PLATFORM_ERROR if again else FailureClass.BAD_INPUT
        results.fail(run.pk, run.attempt, kind, str(error))
        return
    results.record(run.pk, run.attempt, results.Delivered({"remote_commit": commit}))


def _fetch(user: User, file: dict[str, Any], target: Path) -> None:
    """One file of a released revision: large ones by address, others from the database."""
    stored, content = file["sha256"], None
    if not stored:
        held = GitObject.objects.get(oid=file["oid"])
        stored, content = held.content_id, held.data
    if content is not None:
        target.write_bytes(bytes(content))
        return
    url = signing.signed_get(stored, user=user, filename=target.name, size=file["size"])
    transfer.download(url, target)


class _Steps:
    """The rows that the page of a publication shows."""

    def __init__(self, publication_id: int) -> None:
        self._publication = publication_id

    def begin(self, name: str) -> None:
        publications.begin_step(self._publication, name)

    def finish(self, name: str, detail: dict[str, Any]) -> None:
        publications.finish_step(self._publication, name, detail)
