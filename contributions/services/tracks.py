"""Tracks: created on a repository, prepared (checked, approved, calibrated), opened, closed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from contributions.models import (
    Benchmark,
    Release,
    ReleaseStatus,
    Run,
    Submission,
    Task,
    Track,
    TrackDataset,
    TrackStatus,
)
from contributions.services import (
    benchmarks,
    findable,
    mainline,
    planning,
    status,
    submissions,
    track_policy,
)
from registry.models import Repository, RepoType, User
from registry.services import access, commits, events, search
from registry.services.access import Caller, Need
from registry.services.errors import Conflict, Forbidden, Invalid

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,94}[a-z0-9])?")


@dataclass(frozen=True)
class TrainingData:
    """A dataset to train on; an empty revision pins what its default branch holds now."""

    dataset: Repository
    revision: str = ""
    path: str = ""


@transaction.atomic
def create_track(
    *,
    maintainer: User,
    repository: Repository,
    name: str,
    title: str,
    task: Task,
    benchmark: Benchmark,
    training_data: Sequence[TrainingData] = (),
    description: str = "",
    metric: str = "",
    policy: dict[str, Any] | None = None,
    seed: int = 0,
) -> Track:
    """A track in preparation. It opens by itself when the repository's first revision has passed
    its check, both keys are turned, and a worker has calibrated main as it is: that revision, or
    the latest release. From now on main is protected.
    """
    refuse_stranger(maintainer, repository)
    _refuse(repository, name, task, benchmark)
    metric = benchmarks.known_metric(metric or benchmark.metric, task, where="metric")
    policy = track_policy.complete(policy)
    track_policy.refuse_too_few_keys(policy, actor=maintainer)
    benchmarks.refuse_unknown_labels(benchmark, repository)
    first = _first_revision(repository, maintainer)
    track = Track.objects.create(
        repository=repository,
        name=name,
        title=title,
        description=description,
        task=task,
        benchmark=benchmark,
        metric=metric,
        policy=policy,
        seed=seed,
        created_by=maintainer,
        status_reason="Waits for the check and the keys of the first revision.",
    )
    for source in training_data:
        _pin(track, source, maintainer)
    _record("created", track, actor=maintainer)
    search.store([findable.track(track)])
    submissions.advance(first)
    submissions.track_changed(track)
    track.refresh_from_db()
    return track


def refuse_stranger(maintainer: User, repository: Repository) -> None:
    if not access.is_maintainer(maintainer, repository):
        raise Forbidden(
            f"{maintainer.username} does not maintain {repository.full_name}",
            where="repository",
            next="ask one of its maintainers to do this",
        )


def _refuse(repository: Repository, name: str, task: Task, benchmark: Benchmark) -> None:
    if repository.type is not RepoType.MODEL:
        raise Invalid(f"{repository.full_name} is no model", where="repository")
    if not SLUG.fullmatch(name):
        raise Invalid(
            f"“{name[:100]}” is not a track name",
            where="name",
            next="use up to 96 small letters, digits and “-”",
        )
    if Track.objects.filter(name__iexact=name).exists():
        raise Conflict(f"There is a track {name} already", where="name", next="choose another name")
    if benchmark.task != task:
        raise Invalid(
            f"the benchmark {benchmark} is for {benchmark.task}, the track for {task.value}",
            where="benchmark",
            next="make a benchmark for this task",
        )


def _first_revision(repository: Repository, maintainer: User) -> Submission:
    """What the base comes from: offered if it was not yet, or if main was pushed to since."""
    found = Submission.objects.filter(repository=repository, discussion=None).first()
    head = commits.resolve(repository)
    known = found is not None and found.head_revision == head.oid
    if not known and not mainline.is_release(repository, head.oid):
        found = submissions.first_revision(repository, revision=head, actor=maintainer)
    assert found is not None, "main is protected only by tracks that have a first revision"
    return found


def _pin(track: Track, source: TrainingData, maintainer: User) -> TrackDataset:
    access.authorise(Caller(user=maintainer), source.dataset, need=Need.CONTENT)
    return TrackDataset.objects.create(
        track=track,
        dataset=source.dataset,
        revision=commits.resolve(source.dataset, source.revision or None).oid,
        path=source.path,
    )


@transaction.atomic
def prepare(track: Track) -> list[Run]:
    """Try again to make the base ready; says what it still waits for when it cannot."""
    first = submissions.lock(Submission.objects.get(repository=track.repository, discussion=None))
    track = lock(track)
    if track.status != TrackStatus.PREPARING:
        raise Conflict(f"the track {track} is {track.status}", where="track")
    started = planning.next_runs(first)
    if not started and not track.runs.active().exists():
        derived, reason = status.derive(status.facts_of(first))
        raise Conflict(
            f"the first revision of {track.repository} is {derived.english}: {reason}",
            where=f"submission {first.pk}",
            next="the track opens when it is approved",
        )
    return started


def open_calibrated(run: Run, result: dict[str, Any]) -> Track:
    """The calibrated base becomes release 0 on main, and the track takes pull requests."""
    assert run.track is not None
    track = lock(run.track)
    if track.status != TrackStatus.PREPARING:
        return track
    base = run.plan["base"]["revision"]
    if elsewhere := mainline.moved(track, base):
        return _calibrate_again(track, elsewhere)
    product = result["artifact"]["source"]["revision"]
    temperature = result["temperature"]
    revision = mainline.take(
        track,
        product,
        onto=base,
        author=track.created_by,
        title=f"Release 0 of {track.name}: the calibrated base",
        message=f"Divided the head by its temperature {temperature:.4g}, fitted on split M.",
    )
    release = Release.objects.create(
        track=track,
        number=0,
        status=ReleaseStatus.RELEASED,
        base_revision=base,
        artifact_revision=product,
        revision=revision.oid,
        evidence={"merge": result, "benchmark": track.benchmark.digest},
        created_by=track.created_by,
        released_at=timezone.now(),
    )
    track.base_revision, track.temperature = revision.oid, temperature
    track.base_digest = mainline.digest(track, revision.oid)
    track.status, track.status_reason = TrackStatus.OPEN, ""
    track.save()
    _record("opened", track, actor=None, base=revision.oid, release=release.number)
    submissions.track_changed(track)
    return track


def _calibrate_again(track: Track, elsewhere: str) -> Track:
    """What was calibrated is main no more: putting it there would undo a release."""
    track.status_reason = f"{elsewhere} while its base was calibrated; it is calibrated again."
    track.save(update_fields=["status_reason"])
    planning.calibrate(track, mainline.head(track).oid)
    return track


@transaction.atomic
def close(track: Track, *, actor: User, reason: str = "") -> Track:
    """No further evaluations or releases; main is free again."""
    track = lock(track)
    refuse_stranger(actor, track.repository)
    if track.status != TrackStatus.CLOSED:
        _refuse_release_at_work(track)
        track.status, track.status_reason = TrackStatus.CLOSED, reason
        track.save(update_fields=["status", "status_reason"])
        _record("closed", track, actor=actor, reason=reason)
        submissions.track_changed(track)
    return track


def _refuse_release_at_work(track: Track) -> None:
    """It would end on a main that is no longer protected."""
    working = [ReleaseStatus.MERGING, ReleaseStatus.VALUING]
    if release := track.releases.filter(status__in=working).first():
        raise Conflict(
            f"Release {release.number} of the track {track} is being made.",
            where="track",
            next="Wait until it has ended, or cancel it.",
        )


@transaction.atomic
def reopen(track: Track, *, actor: User) -> Track:
    """Takes pull requests again, on the base that it had; main is protected again.

    Refused when main has moved meanwhile: what was put there was not reviewed for this track.
    """
    track = lock(track)
    refuse_stranger(actor, track.repository)
    if track.status != TrackStatus.CLOSED:
        return track
    if track.base_revision and (elsewhere := mainline.moved(track, track.base_revision)):
        raise Conflict(
            f"{elsewhere}, and is not the base of the track {track} any more.",
            where="track",
            next="Open a new track: it starts from main as it is.",
        )
    track.status = TrackStatus.OPEN if track.base_revision else TrackStatus.PREPARING
    track.status_reason = ""
    track.save(update_fields=["status", "status_reason"])
    _record("reopened", track, actor=actor)
    first = Submission.objects.filter(repository=track.repository, discussion=None).first()
    if first is not None and track.status == TrackStatus.PREPARING:
        submissions.advance(first)
    submissions.track_changed(track)
    return track


def lock(track: Track) -> Track:
    """The row itself, which no one else changes until the transaction ends."""
    return (
        Track.objects.select_for_update(no_key=True, of=("self",))
        .select_related("repository__namespace", "benchmark__dataset", "created_by")
        .get(pk=track.pk)
    )


def _record(verb: str, track: Track, *, actor: User | None, **data: Any) -> None:
    events.record(
        f"track.{verb}",
        actor=actor,
        repository=track.repository,
        subject=f"track:{track.pk}",
        data={"track": track.name, **data},
    )
