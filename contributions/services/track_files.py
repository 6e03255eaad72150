"""A track written down: the file that `manage.py open_track` reads.

name: digits
title: Handwritten digits
task: image-classification
repository: community/digits-vit
benchmark:
  name: digits-held-out
  dataset: community/digits-held-out    # or datasets/community/…
  path: data
  columns: {label: digit}               # optional, as are revision, metric, seed
training_data:
  - {dataset: community/digits-train, path: data}
policy: {finetune_seconds: 900, max_steps: 2000}
seed: 0
"""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Any

import yaml
from django.db import transaction

from contributions.models import Benchmark, Task, Track
from contributions.services import benchmarks, tracks
from contributions.services.tracks import TrainingData
from registry.models import Repository, RepoType, User
from registry.services import access
from registry.services.access import Caller, Need
from registry.services.errors import Invalid

KEYS = ("name", "title", "task", "repository", "benchmark", "training_data", "description",
        "metric", "policy", "seed")  # fmt: skip
NEEDED = ("name", "title", "task", "repository", "benchmark")
BENCHMARK_KEYS = ("name", "dataset", "revision", "path", "columns", "metric", "seed", "fractions")
DATA_KEYS = ("dataset", "revision", "path")


def parse(text: str) -> dict[str, Any]:
    """The file as a map whose keys are all known; JSON is read too."""
    try:
        facts = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Invalid(
            f"the file is not YAML: {error}", where="file", next="mend that line"
        ) from error
    _known(facts, KEYS, NEEDED, "the file")
    _known(facts["benchmark"], BENCHMARK_KEYS, ("name", "dataset"), "benchmark")
    sources = facts.get("training_data") or []
    if not isinstance(sources, list):
        raise Invalid("it is no list", where="training_data", next="write “- dataset: …”")
    for source in sources:
        _known(source, DATA_KEYS, ("dataset",), "training_data")
    if facts["task"] not in Task.values:
        raise Invalid(
            f"the task “{facts['task']}” is not known",
            where="task",
            next=f"use one of {', '.join(Task.values)}",
        )
    return dict(facts)


def _known(facts: Any, keys: Collection[str], needed: Collection[str], where: str) -> None:
    if not isinstance(facts, dict):
        raise Invalid(f"{where} is no map of names to values", where=where)
    for key in facts:
        if key not in keys:
            near = difflib.get_close_matches(str(key), keys, n=1)
            hint = f"did you mean “{near[0]}”?" if near else f"known are {', '.join(keys)}"
            raise Invalid(f"“{key}” in {where} is not known", where=where, next=hint)
    for key in needed:
        if facts.get(key) in (None, ""):
            raise Invalid(f"{where} names no {key}", where=where, next=f"add “{key}: …”")


@transaction.atomic
def open_track(facts: dict[str, Any], *, maintainer: User) -> Track:
    """The benchmark and the track that the facts describe; a track that exists is returned."""
    found = Track.objects.filter(name__iexact=facts["name"]).first()
    if found is not None:
        return found
    return tracks.create_track(
        maintainer=maintainer,
        repository=_repository(facts["repository"], RepoType.MODEL, maintainer),
        name=facts["name"],
        title=facts["title"],
        description=facts.get("description") or "",
        task=Task(facts["task"]),
        benchmark=_benchmark(facts, maintainer),
        training_data=[
            TrainingData(
                _repository(source["dataset"], RepoType.DATASET, maintainer),
                source.get("revision") or "",
                source.get("path") or "",
            )
            for source in facts.get("training_data") or []
        ],
        metric=facts.get("metric") or "",
        policy=facts.get("policy"),
        seed=facts.get("seed") or 0,
    )


def _benchmark(facts: dict[str, Any], maintainer: User) -> Benchmark:
    told = dict(facts["benchmark"])
    dataset = _repository(told.pop("dataset"), RepoType.DATASET, maintainer)
    return benchmarks.create_benchmark(
        owner=maintainer, dataset=dataset, task=Task(facts["task"]), **told
    )


def _repository(name: str, repo_type: RepoType, maintainer: User) -> Repository:
    namespace, _, short = str(name).removeprefix(f"{repo_type.plural}/").partition("/")
    caller = Caller(user=maintainer)
    return access.repository(caller, repo_type, namespace, short, need=Need.CONTENT)
