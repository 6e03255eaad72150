"""What the program of a run gets: its spec, and its inputs with their digests.

Pure reading: everything is decided by the run's plan (services/planning.py, tracks.py,
releases.py), so a second attempt gets the same job.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from contributions.models import Benchmark, Run, RunKind, Submission, Track
from contributions.services import inputs, scores
from contributions.services.inputs import File
from registry.models import Blob, Repository, RepoType, User

BOOTSTRAP = 2000
CONFIDENCE = 0.95
BLOCKS = 20
MEASURED = ("V", "T")


@dataclass(frozen=True)
class Input:
    """A file and its place in the job folder."""

    at: str
    file: File


@dataclass
class Description:
    """A job before it has addresses. `base` are the files of the model that a patch changes."""

    spec: dict[str, Any]
    inputs: list[Input] = field(default_factory=list)
    base: list[File] = field(default_factory=list)

    def put(self, folder: str, files: Iterable[File], *, below: str = "") -> str:
        """Place files into a folder of the job, without the leading `below` of their paths."""
        for file in files:
            path = file.path.removeprefix(f"{below}/") if below else file.path
            self.inputs.append(Input(f"{folder}/{path}", file))
        return folder


def describe(run: Run, *, harness: str) -> Description:
    """`harness`: the program that will run; only its own earlier outcomes are reused."""
    kind = RunKind(run.kind)
    job = _benchmark(run, harness) if kind is RunKind.BENCHMARK else _DESCRIBE[kind](run)
    return _signed(run, job)


def describe_reference(run: Run, *, harness: str) -> Description | None:
    """Measures a benchmark's reference alone, if this program has not measured it before.

    Its outcomes are kept for every later comparison, so nothing that a contributor sent may lie
    beside it.
    """
    if run.kind != RunKind.BENCHMARK or _known_reference(run, harness) is not None:
        return None
    job = _measuring(_track(run))
    job.spec["models"] = {"candidate": _model(job, "candidate", run.plan["reference"])}
    return _signed(run, job)


def _signed(run: Run, job: Description) -> Description:
    seed = run.track.seed if run.track is not None else 0
    job.spec = {"format": 1, "kind": run.kind, "seed": seed, "device": "auto", **job.spec}
    return job


def wall_seconds(run: Run) -> int:
    """The time limit of the whole process; a fine-tune gets its track's budget and a margin."""
    kind = RunKind(run.kind)
    if kind is RunKind.FINETUNE and run.track is not None:
        return int(run.track.policy.get("finetune_seconds", 900)) + 120
    return kind.wall_seconds


def _check(run: Run) -> Description:
    submission = _submission(run)
    repository = submission.repository
    head = inputs.tree(repository, run.head_revision)
    job = Description({"tree": "in/head", "repo_type": repository.repo_type})
    job.put("in/head", head)
    job.spec |= {"changed": None, "base": None, "limits": {"file_bytes": settings.MAX_FILE_BYTES}}
    job.spec["task"] = submission.track.task if submission.track else None
    if submission.discussion is not None and submission.base_revision:
        before = inputs.tree(repository, submission.base_revision)
        job.spec["changed"] = inputs.changed_paths(before, head)
        if repository.type is RepoType.MODEL:
            job.base = inputs.model(before)
    return job


def _finetune(run: Run) -> Description:
    track, plan = _track(run), run.plan
    job = Description({"task": track.task, "model": "in/model", "recipe": "in/recipe.yaml"})
    job.put("in/model", inputs.model(_tree(plan["model"])))
    recipe = inputs.named(_tree(plan["recipe"]), plan["recipe"]["path"])
    assert recipe is not None, "planning found the recipe at this revision"
    job.inputs.append(Input("in/recipe.yaml", recipe))
    for number, source in enumerate(plan["data"]):
        folder = "in/data/train" if len(plan["data"]) == 1 else f"in/data/train/{number}"
        job.put(folder, inputs.data(_tree(source), source["path"]))
    job.spec |= {"data": {"train": "in/data/train"}, "limits": plan["limits"]}
    return job


def _benchmark(run: Run, harness: str) -> Description:
    stored = _known_reference(run, harness)
    assert stored is not None, "the reference was measured first"
    job = _measuring(_track(run))
    job.spec["models"] = {
        "candidate": _model(job, "candidate", run.plan["candidate"]),
        "reference": {"outcomes": _outcomes(job, stored)},
    }
    return job


def _measuring(track: Track) -> Description:
    job = Description({"task": track.task, "metric": track.metric, "batch_size": 64})
    job.spec |= {"bootstrap": BOOTSTRAP, "confidence": CONFIDENCE}
    _add_benchmark(job, track.benchmark, MEASURED)
    return job


def _known_reference(run: Run, harness: str) -> dict[str, Blob] | None:
    digest = run.plan["reference"]["digest"]
    stored = scores.stored_outcomes(digest, _track(run).benchmark, harness)
    return stored if set(stored) == set(MEASURED) else None


def _outcomes(job: Description, stored: dict[str, Blob]) -> dict[str, str]:
    """What the reference did on each example, measured before: it need not run again."""
    places = {}
    for split, blob in stored.items():
        places[split] = f"in/reference/{split}.json"
        job.inputs.append(Input(places[split], File(split, blob.sha256, blob.size, "")))
    return places


def _model(job: Description, role: str, source: dict[str, Any]) -> dict[str, Any]:
    files = _tree(source)
    adapter = None
    if source.get("adapter"):
        folder = source["adapter"]
        adapter = job.put(f"in/{role}.adapter", inputs.below(files, folder), below=folder)
    return {"path": job.put(f"in/{role}", inputs.model(files)), "adapter": adapter}


def _merge(run: Run) -> Description:
    track, plan = _track(run), run.plan
    job = Description({"task": track.task, "metric": track.metric, "base": "in/base"})
    job.put("in/base", inputs.model(_tree(plan["base"])))
    job.spec |= {"calibrate": bool(plan.get("calibrate")), "patches": []}
    job.spec["options"] = dict(track.policy.get("merge", {}))
    for order, patch in enumerate(plan.get("patches", []), start=1):
        job.spec["patches"].append(_patch(job, patch, order))
    _add_benchmark(job, track.benchmark, ("M", "V", "T"))
    return job


def _patch(job: Description, patch: dict[str, Any], order: int) -> dict[str, Any]:
    folder, adapter = f"in/patches/{patch['id']}", patch["adapter"]
    files = _tree(patch)
    if adapter:
        job.put(folder, inputs.below(files, adapter), below=adapter)
    else:
        job.put(folder, inputs.model(files))
    return {
        "id": patch["id"],
        "contributor": patch["contributor"],
        "kind": "adapter" if adapter else "weights",
        "path": folder,
        "order": order,
    }


def _attribute(run: Run) -> Description:
    job = _merge(run)
    del job.spec["calibrate"]
    job.spec |= {"weights": run.plan["weights"], "blocks": BLOCKS}
    return job


def _add_benchmark(job: Description, benchmark: Benchmark, splits: tuple[str, ...]) -> None:
    files = inputs.data(inputs.tree(benchmark.dataset, benchmark.revision), benchmark.path)
    job.put("in/benchmark", files)
    job.spec["data"] = {
        "path": "in/benchmark",
        "splits": {name: benchmark.splits[name] for name in splits},
    }
    job.spec["columns"] = benchmark.columns or None


def _tree(source: dict[str, Any]) -> list[File]:
    repository = Repository.objects.select_related("namespace").get(pk=source["repository"])
    return inputs.tree(repository, source["revision"])


def _submission(run: Run) -> Submission:
    assert run.submission is not None, f"a {run.kind} run belongs to a submission"
    return run.submission


def _track(run: Run) -> Track:
    assert run.track is not None, f"a {run.kind} run belongs to a track"
    return run.track


def keeper_of_outcomes(run: Run) -> User:
    """Outcomes per example count as the maintainer's upload: a contributor may not read them."""
    return _track(run).created_by


_DESCRIBE: dict[RunKind, Callable[[Run], Description]] = {
    RunKind.CHECK: _check,
    RunKind.FINETUNE: _finetune,
    RunKind.MERGE: _merge,
    RunKind.ATTRIBUTE: _attribute,
}
