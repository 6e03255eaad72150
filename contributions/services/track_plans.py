"""A track as somebody plans it on a page: everything that is wrong with it, at once.

The plan is the map that a track's file holds (track_files.EXAMPLE), so that page and file are one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import yaml
from django.db import transaction

from contributions.models import Benchmark, Task, Track
from contributions.services import (
    benchmarks,
    inputs,
    recipe_rules,
    tables,
    track_files,
    track_policy,
    tracks,
)
from registry.models import Repository, RepoType, User
from registry.services import access, commits, front_matter
from registry.services.access import Caller, Need
from registry.services.errors import Conflict, Invalid, Moved, NotFound, ServiceError
from registry.services.paths import checked

Plan = dict[str, Any]


@dataclass(frozen=True)
class _Base:
    """The model that a track is planned on, its files read once."""

    repository: Repository
    files: list[inputs.File]

    @property
    def recipe(self) -> str:
        found = inputs.named(self.files, recipe_rules.PATH)
        return ((found and found.content) or b"").decode(errors="replace")

    def columns(self, task: Task) -> dict[str, str]:
        """Names of columns in training data stand in the recipe."""
        data = recipe_rules.values_of(self.recipe).get("data")
        columns = data.get("columns") if isinstance(data, dict) else None
        fits = isinstance(columns, dict) and not recipe_rules.faults(self.recipe, task)
        return dict(columns) if isinstance(columns, dict) and fits else {}


@dataclass(frozen=True)
class Fault:
    """`field` of the form that mends it."""

    field: str
    message: str


def written(plan: Plan) -> str:
    """As the file of `manage.py open_track`."""
    told = {key: value for key, value in plan.items() if value not in ("", None, [], {})}
    return yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=96)


def open_track(plan: Plan, *, maintainer: User) -> Track:
    return track_files.open_track(track_files.parse(written(plan)), maintainer=maintainer)


def faults(plan: Plan, *, maintainer: User) -> list[Fault]:
    """Nothing is kept: what a benchmark would be is looked at and undone."""
    found: list[Fault] = []

    def attempt(field: str, act: Callable[[], object]) -> Any:
        try:
            return act()
        except ServiceError as error:
            found.append(Fault(field, error.told()))
        except Moved as moved:
            found.append(Fault(field, f"It is now called {moved.repository}: correct it."))
        return None

    attempt("name", lambda: _free_name(plan))
    attempt("policy", lambda: _policy(plan, maintainer))
    task = Task(plan["task"])
    base: _Base | None = attempt("repository", lambda: _base(plan, maintainer))
    if base is not None:
        found += _incomplete(base, task)
    metric = plan.get("metric") or task.metric
    attempt("metric", lambda: benchmarks.known_metric(metric, task, where="metric"))
    attempt("benchmark_dataset", lambda: _benchmark(plan, task, base, maintainer))
    for source in plan.get("training_data") or []:
        attempt("training_data", partial(_training, source, task, base, maintainer))
    return found


def _policy(plan: Plan, maintainer: User) -> None:
    policy = track_policy.complete(plan.get("policy"))
    track_policy.refuse_too_few_keys(policy, actor=maintainer)


def _free_name(plan: Plan) -> None:
    name = plan.get("name") or ""
    if not tracks.SLUG.fullmatch(name):
        raise Invalid(
            f"“{name[:100]}” is not a track name", next="use up to 96 small letters, digits and “-”"
        )
    if Track.objects.filter(name__iexact=name).exists():
        raise Conflict(f"There is a track {name} already", next="choose another name")


def _base(plan: Plan, maintainer: User) -> _Base:
    model = _repository(plan["repository"], RepoType.MODEL, maintainer)
    tracks.refuse_stranger(maintainer, model)
    return _Base(model, inputs.tree(model, commits.resolve(model).oid))


def _repository(name: str, kind: RepoType, maintainer: User) -> Repository:
    namespace, _, short = name.removeprefix(f"{kind.plural}/").partition("/")
    try:
        asking = Caller(user=maintainer)
        return access.repository(asking, kind, namespace, short, need=Need.CONTENT)
    except NotFound as error:
        raise NotFound(
            f"You know no {kind.value} {namespace}/{short}", next="check the name and the kind"
        ) from error


def _incomplete(base: _Base, task: Task) -> Iterator[Fault]:
    """A base that its check would refuse, or from which nobody could train."""
    model, files = base.repository, {file.path: file for file in base.files}
    if not any("/" not in path and path.endswith(".safetensors") for path in files):
        yield Fault("repository", f"{model} holds no .safetensors file with weights at its root.")
    for path in ("config.json", "README.md", recipe_rules.PATH):
        if path not in files:
            yield Fault("repository", f"{model} has no {path}.")
    if not any("/" not in path and path.lower().startswith("licen") for path in files):
        yield Fault("repository", f"{model} has no LICENSE with the text of its licence.")
    if (card := files.get("README.md")) and card.content is not None:
        named = front_matter.parse(card.content.decode(errors="replace")).data.get("license")
        if not named:
            yield Fault("repository", f"The card of {model} names no licence.")
    if recipe_rules.PATH in files:
        for wrong in recipe_rules.faults(base.recipe, task):
            yield Fault("repository", f"recipe.yaml of {model}: {wrong}")


def _benchmark(plan: Plan, task: Task, base: _Base | None, maintainer: User) -> None:
    told = {key: value for key, value in plan["benchmark"].items() if value not in ("", None, {})}
    dataset = _repository(str(told.pop("dataset", "")), RepoType.DATASET, maintainer)
    with transaction.atomic():
        benchmark: Benchmark = benchmarks.create_benchmark(
            owner=maintainer, dataset=dataset, task=task, **told
        )
        if base is not None:
            benchmarks.refuse_unknown_labels(benchmark, base.repository)
        transaction.set_rollback(True)


def _training(source: Plan, task: Task, base: _Base | None, maintainer: User) -> None:
    dataset = _repository(source["dataset"], RepoType.DATASET, maintainer)
    path = source.get("path") or ""
    if path:
        checked(path)
    oid = commits.resolve(dataset).oid
    files = inputs.data(inputs.tree(dataset, oid), path)
    if not files:
        raise Invalid(
            f"{dataset} holds no .parquet, .csv or .jsonl file in {path or 'data'}",
            next="name another folder or file",
        )
    known = benchmarks.labels_of(base.files) if base is not None else []
    if base is not None and known:
        tables.refuse_unknown(dataset, oid, files, task, base.columns(task), known=known)
