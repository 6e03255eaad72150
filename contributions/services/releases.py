"""Releases: theta0 + sum_i w_i * Delta_i, from the pool of approved patches to a commit on main.

start_release → merge run → `merged` → attribute run → `valued`: commit, credit, merged pull
requests and the track's new base in one transaction. Before that nothing outside the release's
own rows has changed, so a release that fails or is cancelled can be started again.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from contributions.models import (
    Release,
    ReleasePatch,
    ReleaseStatus,
    Run,
    RunKind,
    Submission,
    SubmissionStatus,
    Track,
    TrackStatus,
)
from contributions.services import (
    credit,
    findable,
    mainline,
    planning,
    release_patches,
    runs,
    tracks,
)
from registry.models import User
from registry.services import access, events, search
from registry.services.errors import Conflict, Forbidden

AT_WORK = (ReleaseStatus.MERGING, ReleaseStatus.VALUING)
OVER = (ReleaseStatus.FAILED, ReleaseStatus.CANCELLED)
Doubt = tuple[Submission, str]


@transaction.atomic
def start_release(track: Track, *, actor: User) -> Release:
    """Merge the approved patches of a track. A release at work is returned as it is."""
    track = tracks.lock(track)
    _refuse(track, actor)
    at_work = track.releases.filter(status__in=AT_WORK).first()
    if at_work is not None:
        return at_work
    pool, stale, doubtful = _pool(track)
    release = _release(track, actor)
    release.evidence = {
        "stale": [submission.pk for submission in stale],
        "interested": {str(submission.pk): why for submission, why in doubtful},
    }
    release.save()
    for submission, why in doubtful:
        release_patches.leave_out(release, submission, why)
    ReleasePatch.objects.bulk_create(
        ReleasePatch(
            release=release,
            submission=s,
            artifact_revision=s.artifact_revision,
            head_revision=s.head_revision,
        )
        for s in pool
    )
    runs.enqueue(
        kind=RunKind.MERGE,
        contributor=actor,
        track=track,
        release=release,
        plan={"base": planning.base(track), "patches": [_source(track, s) for s in pool]},
        head_revision=track.base_revision,
    )
    _record("started", release, actor, pool=[submission.pk for submission in pool])
    return release


def _refuse(track: Track, actor: User) -> None:
    if not access.is_maintainer(actor, track.repository):
        raise Forbidden(
            f"{actor.username} does not maintain {track.repository.full_name}",
            where=f"track {track}",
            next="ask one of its maintainers to make the release",
        )
    if track.status != TrackStatus.OPEN:
        raise Conflict(
            f"the track {track} is {track.status}: {track.status_reason or 'no release is made'}",
            where=f"track {track}",
            next="open it first",
        )
    if elsewhere := mainline.moved(track, track.base_revision):
        raise Conflict(
            f"{elsewhere}, and is not the base of the track {track} any more; a release of it "
            "would undo what was put there",
            where=f"track {track}",
            next="open a new track: it starts from main as it is",
        )


def _pool(track: Track) -> tuple[list[Submission], list[Submission], list[Doubt]]:
    """Approved patches of the present base in order of arrival; those of an older base; and those
    that a reviewer approved who has an interest in them by now."""
    approved = (
        Submission.objects.select_for_update(no_key=True, of=("self",))
        .filter(track=track, status=SubmissionStatus.APPROVED)
        .exclude(artifact_revision="")
        .select_related("contributor", "repository__namespace", "discussion__author", "track")
        .order_by("pk")
    )
    pool: list[Submission] = []
    stale: list[Submission] = []
    doubtful: list[Doubt] = []
    for submission in approved:
        if release_patches.base_digest(track, submission) != track.base_digest:
            stale.append(submission)
        elif why := release_patches.interested_reviewer(submission):
            doubtful.append((submission, why))
        else:
            pool.append(submission)
    if not pool:
        raise _nothing_waits(track, stale, doubtful)
    return pool, stale, doubtful


def _nothing_waits(track: Track, stale: list[Submission], doubtful: list[Doubt]) -> Conflict:
    return Conflict(
        f"no approved patch of {track} waits for a release"
        + (f"; {len(stale)} were made on an earlier base" if stale else "")
        + "".join(f"; {why}" for _, why in doubtful),
        where=f"track {track}",
        next="a patch is approved when it is measured and every key is turned",
    )


def _release(track: Track, actor: User) -> Release:
    """The next number. A number whose release failed or was cancelled is used again."""
    again = track.releases.filter(status__in=OVER).order_by("number").last()
    last = track.releases.aggregate(last=Max("number"))["last"]
    if again is not None and again.number == last:
        again.patches.all().delete()
        again.status, again.reason, again.created_by = ReleaseStatus.MERGING, "", actor
        again.base_revision, again.artifact_revision = track.base_revision, ""
        return again
    number = 1 if last is None else last + 1
    return Release(track=track, number=number, base_revision=track.base_revision, created_by=actor)


def _source(track: Track, submission: Submission) -> dict[str, Any]:
    """A patch as the merge program gets it: where its files lie, and who brought it."""
    adapter = submission.artifact_path
    return {
        "id": str(submission.pk),
        "contributor": submission.contributor.username,
        "repository": track.repository_id,
        "revision": submission.artifact_revision,
        "adapter": adapter,
    }


def merged(run: Run, result: dict[str, Any]) -> Release:
    """The weights are fitted and the gate has spoken; now the contributions are valued."""
    release, track = _locked(run)
    weights = {str(key): float(value) for key, value in result["weights"].items()}
    # A program may admit only what it was given, with a weight that it tells.
    offered = {patch["id"] for patch in run.plan["patches"]} & weights.keys()
    admitted = {str(patch) for patch in result["admitted"]} & offered
    for patch in release.patches.all():
        release_patches.record_gate(patch, result, weights, admitted)
    release.evidence = {**release.evidence, "merge": result}
    if not admitted:
        release.status = ReleaseStatus.FAILED
        release.reason = "No patch was admitted: none brings a gain that is certain enough."
        release.save()
        return release
    release.artifact_revision = result["artifact"]["source"]["revision"]
    release.status = ReleaseStatus.VALUING
    release.save()
    runs.enqueue(
        kind=RunKind.ATTRIBUTE,
        contributor=run.contributor,
        track=track,
        release=release,
        plan={
            "base": run.plan["base"],
            "patches": [patch for patch in run.plan["patches"] if patch["id"] in admitted],
            "weights": {patch: weights[patch] for patch in sorted(admitted)},
        },
        head_revision=release.base_revision,
    )
    return release


def valued(run: Run, result: dict[str, Any]) -> Release:
    """Credit is known: everything that a release changes changes now, together."""
    release, track = _locked(run)
    if taken_back := release_patches.taken_back(release):
        release.status, release.reason = ReleaseStatus.FAILED, taken_back
        release.save()
        return release
    if elsewhere := mainline.moved(track, release.base_revision):
        release.status = ReleaseStatus.FAILED
        release.reason = f"{elsewhere} while the release was made: it would undo that."
        release.save()
        return release
    _measure(release, result)
    lines = credit.write(release, result, metric=track.metric)
    revision = mainline.take(
        track,
        release.artifact_revision,
        onto=release.base_revision,
        author=release.created_by,
        title=f"Release {release.number} of {track.name}",
        message=release_patches.message(release, lines),
        also=release_patches.best_recipe(release, lines),
    )
    release.revision = revision.oid
    release.status, release.reason = ReleaseStatus.RELEASED, ""
    release.released_at = timezone.now()
    release.save()
    track.base_revision = revision.oid
    track.base_digest = mainline.digest(track, revision.oid)
    track.save(update_fields=["base_revision", "base_digest"])
    release_patches.settle(release, track)
    search.store([findable.release(release)])
    _record("made", release, release.created_by, revision=revision.oid, gain=release.gain_v)
    return release


def _measure(release: Release, result: dict[str, Any]) -> None:
    release.gain_v, release.gain_t = result["gain"]["V"], result["gain"].get("T")
    release.nodes, release.gap = result["nodes"], result["gap"]
    release.kappa = result.get("kappa")
    release.formula = result.get("formula") or credit.FORMULA
    track = release.track
    release.evidence = {
        **release.evidence,
        "attribute": result,
        # Read by the pages and by the published card.
        "report_T": result.get("report_T", {}),
        "benchmark": track.benchmark.digest,
        "base_digest": track.base_digest,
    }


def _locked(run: Run) -> tuple[Release, Track]:
    """The release at work, with its track; refused when it was cancelled meanwhile."""
    assert run.release is not None
    track = tracks.lock(run.release.track)
    release = Release.objects.select_for_update(of=("self",)).get(pk=run.release.pk)
    release.track = track
    if release.status not in AT_WORK:
        raise Conflict(
            f"{release} is {release.status}; the result of its {run.kind} run is not used",
            where=str(release),
            next="start the release again",
        )
    return release, track


@transaction.atomic
def cancel(release: Release, *, actor: User) -> Release:
    """Stop a release at work. Submissions stay approved; it can be started again."""
    if not access.is_maintainer(actor, release.track.repository):
        raise Forbidden(f"{actor.username} does not maintain {release.track.repository}")
    release = Release.objects.select_for_update(of=("self",)).get(pk=release.pk)
    if release.status in AT_WORK:
        for run in release.runs.active():
            runs.cancel(run, actor=actor, reason=f"release cancelled by {actor}")
        release.status, release.reason = ReleaseStatus.CANCELLED, f"Cancelled by {actor}."
        release.save(update_fields=["status", "reason"])
        _record("cancelled", release, actor)
    return release


def _record(verb: str, release: Release, actor: User, **data: Any) -> None:
    events.record(
        f"release.{verb}",
        actor=actor,
        repository=release.track.repository,
        subject=f"release:{release.pk}",
        data={"track": release.track.name, "number": release.number, **data},
    )
