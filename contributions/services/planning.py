"""Which run a submission needs next, and with which inputs.

weights, adapter   benchmark against the track's base
recipe, data       fine-tune the candidate and, with the same seed and budget, the unchanged
                   recipe on the unchanged data; then benchmark one against the other

Every run carries a digest of all that decides its result. A worker that finds a finished run
with the same digest and the same program takes that result (services/results.py), so the
reference of a track is trained once, and a copied patch is not measured twice.
"""

from __future__ import annotations

from typing import Any

from django.db.models.functions import Now

from contributions.models import (
    FailureClass,
    PatchKind,
    Run,
    RunKind,
    RunStatus,
    Submission,
    SubmissionStatus,
    Track,
    TrackStatus,
)
from contributions.services import inputs, mainline, runs, status
from contributions.services.jobs import BOOTSTRAP, CONFIDENCE
from registry.models import Repository
from registry.services import commits

RECIPE = "recipe.yaml"


def next_runs(submission: Submission) -> list[Run]:
    """Enqueue what the submission needs next; nothing when it waits, is done, or has failed."""
    facts = status.facts_of(submission)
    derived, _ = status.derive(facts)
    if submission.kind == PatchKind.BASE:
        return _prepare_tracks(submission) if derived == SubmissionStatus.APPROVED else []
    waiting = any(run.status is RunStatus.QUEUED for run in facts.runs)
    if derived != SubmissionStatus.QUEUED or waiting or facts.track is not TrackStatus.OPEN:
        return []
    track = submission.track
    assert track is not None, "a submission without a track is not queued"
    if not submission.patch_kind.needs_training:
        return [_enqueue_benchmark(submission, _patch(submission), base(track))]
    wanted = {"candidate": _training(submission, track), "reference": _unchanged(track)}
    trained = {
        role: _trained(submission, plan) if plan else base(track) for role, plan in wanted.items()
    }
    missing = [role for role, model in trained.items() if model is None]
    if not missing:
        return [_enqueue_benchmark(submission, *(m for m in trained.values() if m))]
    return [_enqueue_training(submission, plan) for r in missing if (plan := wanted[r])]


def _prepare_tracks(submission: Submission) -> list[Run]:
    """An approved first revision: calibrate main for every track that waits for its base.

    Main's head is that revision, or a release made from it: a track never goes back behind one.
    """
    head = commits.resolve(submission.repository).oid
    if head != submission.head_revision and not mainline.is_release(submission.repository, head):
        return []
    waiting = Track.objects.filter(repository=submission.repository, status=TrackStatus.PREPARING)
    return [
        calibrate(track, head)
        for track in waiting.select_for_update(of=("self",)).order_by("pk")
        if not Run.objects.filter(track=track, kind=RunKind.MERGE).active().exists()
    ]


def calibrate(track: Track, revision: str) -> Run:
    """Fit the temperature of the coming base on M; its product becomes release 0."""
    source = {"repository": track.repository_id, "revision": revision, "adapter": ""}
    return runs.enqueue(
        kind=RunKind.MERGE,
        contributor=track.created_by,
        track=track,
        plan={"calibrate": True, "base": source, "patches": []},
        head_revision=revision,
    )


def base(track: Track) -> dict[str, Any]:
    """The model that a track starts from, as a source of files."""
    return {"repository": track.repository_id, "revision": track.base_revision, "adapter": ""}


def _patch(submission: Submission) -> dict[str, Any]:
    return {
        "repository": submission.repository_id,
        "revision": submission.head_revision,
        "adapter": submission.artifact_path if submission.kind == PatchKind.ADAPTER else "",
    }


def _training(submission: Submission, track: Track) -> dict[str, Any]:
    """The candidate's fine-tune: the track's, with the changed recipe or the changed data."""
    plan = _plan(track)
    if submission.repository_id == track.repository_id:
        plan["recipe"]["revision"] = submission.head_revision
    for source in plan["data"]:
        if source["repository"] == submission.repository_id:
            source["revision"] = submission.head_revision
    return plan


def _unchanged(track: Track) -> dict[str, Any] | None:
    """The reference's fine-tune; None when the base has no recipe, then the base is compared."""
    plan = _plan(track)
    return None if _obstacle(track, plan) else plan


def _obstacle(track: Track, plan: dict[str, Any]) -> str:
    """Why this fine-tune cannot be made, in words for its author; empty when it can."""
    if inputs.named(_tree(plan["recipe"]), RECIPE) is None:
        return (
            f"There is no {RECIPE} at {plan['recipe']['revision'][:10]}. Add one: it says how "
            "the model is fine-tuned."
        )
    if not plan["data"]:
        return f"The track {track.name} names no training data. Ask its maintainer to add some."
    for source in plan["data"]:
        if not inputs.data(_tree(source), source["path"]):
            return (
                f"There is no .parquet, .csv or .jsonl file in {source['path'] or 'data/'} at "
                f"{source['revision'][:10]}. Put the examples there."
            )
    return ""


def _plan(track: Track) -> dict[str, Any]:
    model = {"repository": track.repository_id, "revision": track.base_revision}
    data = [
        {"repository": source.dataset_id, "revision": source.revision, "path": source.path}
        for source in track.training_data.order_by("pk")
    ]
    limits = {
        "max_steps": track.policy.get("max_steps"),
        "max_seconds": track.policy.get("finetune_seconds"),
    }
    return {
        "model": model,
        "recipe": {**model, "path": RECIPE},
        "data": data,
        "limits": {name: value for name, value in limits.items() if value is not None},
    }


def _trained(submission: Submission, plan: dict[str, Any]) -> dict[str, Any] | None:
    """Where the finished fine-tune of this plan left its model, if this head has one."""
    run = (
        Run.objects.filter(
            submission=submission,
            head_revision=submission.head_revision,
            kind=RunKind.FINETUNE,
            status=RunStatus.SUCCEEDED,
            input_digest=training_digest(submission.track, plan),
        )
        .order_by("-id")
        .first()
    )
    return dict(run.result["artifact"]["source"]) if run else None


def _enqueue_training(submission: Submission, plan: dict[str, Any]) -> Run:
    track = submission.track
    assert track is not None
    candidate = plan == _training(submission, track)
    run = runs.enqueue(
        kind=RunKind.FINETUNE,
        contributor=submission.contributor if candidate else track.created_by,
        submission=submission,
        plan={**plan, "role": "candidate" if candidate else "reference"},
        head_revision=submission.head_revision,
        input_digest=training_digest(track, plan),
    )
    if reason := _obstacle(track, plan):
        bad = FailureClass.BAD_INPUT
        runs.move(run, RunStatus.FAILED, failure_class=bad, reason=reason, finished_at=Now())
    return run


def _enqueue_benchmark(
    submission: Submission, candidate: dict[str, Any], reference: dict[str, Any]
) -> Run:
    track = submission.track
    assert track is not None
    plan = {
        "candidate": {**candidate, "digest": digest_of_source(candidate)},
        "reference": {**reference, "digest": digest_of_source(reference)},
    }
    facts = [plan["candidate"]["digest"], plan["reference"]["digest"], track.benchmark.digest]
    return runs.enqueue(
        kind=RunKind.BENCHMARK,
        contributor=submission.contributor,
        submission=submission,
        plan=plan,
        head_revision=submission.head_revision,
        input_digest=inputs.digest_of(
            ["benchmark", *facts, track.metric, track.seed, BOOTSTRAP, CONFIDENCE]
        ),
    )


def digest_of_source(source: dict[str, Any]) -> str:
    repository = Repository.objects.get(pk=source["repository"])
    return inputs.model_digest(inputs.tree(repository, source["revision"]), source["adapter"])


def training_digest(track: Track | None, plan: dict[str, Any]) -> str:
    """Of everything that decides what a fine-tune makes: contents, not where they lie."""
    assert track is not None
    trees = {role: _tree(plan[role]) for role in ("model", "recipe")}
    recipe = inputs.named(trees["recipe"], plan["recipe"]["path"])
    data = [
        [[file.path, file.sha256] for file in inputs.data(_tree(source), source["path"])]
        for source in plan["data"]
    ]
    return inputs.digest_of(
        {
            "kind": "finetune",
            "task": track.task,
            "seed": track.seed,
            "model": inputs.model_digest(trees["model"]),
            "recipe": recipe.sha256 if recipe else "",
            "data": data,
            "limits": plan["limits"],
        }
    )


def _tree(source: dict[str, Any]) -> list[inputs.File]:
    return inputs.tree(Repository.objects.get(pk=source["repository"]), source["revision"])
