"""A track written down: the file that `manage.py open_track` reads, such as EXAMPLE."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Any

import yaml
from django.db import transaction

from contributions.models import Benchmark, Task, Track
from contributions.services import benchmarks, track_policy, tracks
from contributions.services.tracks import TrainingData
from registry.models import Repository, RepoType, User
from registry.services import access
from registry.services.access import Caller, Need
from registry.services.errors import Conflict, Invalid, NotFound

EXAMPLE = """\
name: digits
title: Handwritten digits
task: image-classification              # or text-classification, token-classification
repository: community/digits-vit        # a complete model with recipe.yaml, card and licence
benchmark:
  name: digits-held-out
  dataset: community/digits-held-out
  path: data
  columns: {label: digit}               # optional, as are revision, metric, seed, fractions
training_data:
  - {dataset: community/digits-train, path: data}
metric: accuracy                        # optional, as is all that follows
policy: {finetune_seconds: 900, max_steps: 2000, keys: [licence, privacy]}
seed: 0
"""
KEYS = ("name", "title", "task", "repository", "benchmark", "training_data", "description",
        "metric", "policy", "seed")  # fmt: skip
NEEDED = ("name", "title", "task", "repository", "benchmark")
TEXTS = ("name", "title", "task", "repository", "description", "metric", "dataset", "revision",
         "path")  # fmt: skip
BENCHMARK_KEYS = ("name", "dataset", "revision", "path", "columns", "metric", "seed", "fractions")
DATA_KEYS = ("dataset", "revision", "path")
LONGEST_TEXT = 200


def parse(text: str) -> dict[str, Any]:
    """The file as a map whose keys are all known; JSON is read too."""
    try:
        facts = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Invalid(
            f"the file is not YAML: {error}", where="file", next="mend that line"
        ) from error
    _known(facts, KEYS, NEEDED, "the file", "name: digits")
    _known(facts["benchmark"], BENCHMARK_KEYS, ("name", "dataset"), "benchmark", "dataset: a/b")
    sources = facts.get("training_data") or []
    if not isinstance(sources, list):
        raise Invalid(
            "the training data are no list",
            where="training_data",
            next="begin each dataset with “- dataset: …”",
        )
    for source in sources:
        _known(source, DATA_KEYS, ("dataset",), "training_data", "- dataset: community/digits")
    if facts["task"] not in Task.values:
        raise Invalid(
            f"the task “{facts['task']}” is not known",
            where="task",
            next=f"use one of {', '.join(Task.values)}",
        )
    seed = facts.get("seed") or 0
    if type(seed) is not int or not 0 <= seed < 2**31:
        raise Invalid(f"the seed “{seed}” is no whole number", where="seed", next="write “seed: 0”")
    return dict(facts)


def _known(
    facts: Any, keys: Collection[str], needed: Collection[str], where: str, example: str
) -> None:
    if not isinstance(facts, dict):
        raise Invalid(
            f"{where} holds no lines of the form “name: value”",
            next=f"write for example “{example}”",
        )
    for key, value in facts.items():
        if key not in keys:
            near = difflib.get_close_matches(str(key), keys, n=1)
            hint = f"did you mean “{near[0]}”?" if near else f"it may hold {', '.join(keys)}"
            raise Invalid(f"“{key}” is no entry of {where}", next=hint)
        if key in TEXTS and value is not None and not _is_text(key, value):
            raise Invalid(
                f"the {key} “{str(value)[:50]}” is no text of at most {LONGEST_TEXT} characters",
                where=where,
                next="shorten it, or put it in quotes",
            )
    for key in needed:
        if facts.get(key) in (None, ""):
            raise Invalid(f"{where} names no {key}", next=f"add “{key}: …”")


def _is_text(key: str, value: Any) -> bool:
    return isinstance(value, str) and (key == "description" or len(value) <= LONGEST_TEXT)


@transaction.atomic
def open_track(facts: dict[str, Any], *, maintainer: User) -> Track:
    """The track that the facts describe. One that exists is returned if it is the same."""
    repository = _repository(facts["repository"], RepoType.MODEL, maintainer, "repository")
    tracks.refuse_stranger(maintainer, repository)
    found = Track.objects.filter(name__iexact=facts["name"]).first()
    if found is not None:
        _refuse_other(found, facts, repository, maintainer)
        return found
    return tracks.create_track(
        maintainer=maintainer,
        repository=repository,
        name=facts["name"],
        title=facts["title"],
        description=facts.get("description") or "",
        task=Task(facts["task"]),
        benchmark=_benchmark(facts, maintainer),
        training_data=_training_data(facts, maintainer),
        metric=facts.get("metric") or "",
        policy=facts.get("policy"),
        seed=facts.get("seed") or 0,
    )


def _refuse_other(
    track: Track, facts: dict[str, Any], repository: Repository, maintainer: User
) -> None:
    """Opening it again must not look as if it had changed anything."""
    if repository != track.repository:
        raise Conflict(
            f"There is a track {facts['name']} already, on another model",
            where="name",
            next="choose another name",
        )
    benchmark = _benchmark(facts, maintainer, like=track.benchmark)
    wanted = {
        "title": facts["title"],
        "description": facts.get("description") or "",
        "task": facts["task"],
        "benchmark": benchmark.pk,
        "metric": facts.get("metric") or benchmark.metric,
        "policy": track_policy.complete(facts.get("policy")),
        "seed": facts.get("seed") or 0,
        # Their revisions go on with the releases.
        "training_data": {(s.dataset.pk, s.path) for s in _training_data(facts, maintainer)},
    }
    there = {name: getattr(track, name) for name in wanted if name != "training_data"}
    there["benchmark"] = track.benchmark_id
    there["training_data"] = set(track.training_data.values_list("dataset_id", "path"))
    if other := [name for name in wanted if wanted[name] != there[name]]:
        raise Conflict(
            f"there is a track {track.name} already, and the file differs from it in "
            f"{', '.join(other)}",
            next="a track is not changed after it was opened: give the new one another name",
        )


def _training_data(facts: dict[str, Any], maintainer: User) -> list[TrainingData]:
    return [
        TrainingData(
            _repository(source["dataset"], RepoType.DATASET, maintainer, "training_data"),
            source.get("revision") or "",
            source.get("path") or "",
        )
        for source in facts.get("training_data") or []
    ]


def _benchmark(
    facts: dict[str, Any], maintainer: User, *, like: Benchmark | None = None
) -> Benchmark:
    """`like`: where the file names no revision, the one that this benchmark took."""
    told = {key: value for key, value in facts["benchmark"].items() if value is not None}
    dataset = _repository(told.pop("dataset"), RepoType.DATASET, maintainer, "benchmark")
    if like is not None and like.dataset_id == dataset.pk:
        told.setdefault("revision", like.revision)
    return benchmarks.create_benchmark(
        owner=maintainer, dataset=dataset, task=Task(facts["task"]), **told
    )


def _repository(name: str, repo_type: RepoType, maintainer: User, where: str) -> Repository:
    namespace, _, short = name.removeprefix(f"{repo_type.plural}/").partition("/")
    try:
        return access.repository(
            Caller(user=maintainer), repo_type, namespace, short, need=Need.CONTENT
        )
    except NotFound as error:
        raise NotFound(
            f"{maintainer} knows no {repo_type.value} {namespace}/{short}",
            where=where,
            next="check the name and the kind; a private one must be shared with that account",
        ) from error
