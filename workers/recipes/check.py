"""Says what is wrong with a repository's files without loading any of them.

    python -m workers.recipes.check FOLDER

Reads headers only and needs no torch, so it also runs where no sandbox is at hand. Every fault
is listed at once; the verdict is "blocked" when one of them blocks.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from workers.checks.adapters import adapter_findings
from workers.checks.card import read_card
from workers.checks.examples import example_findings
from workers.checks.files import file_findings
from workers.checks.findings import Finding, Severity, blocked, sorted_findings
from workers.checks.licences import check_licence
from workers.checks.patch import classify
from workers.checks.recipe import recipe_findings
from workers.checks.secrets import secret_findings
from workers.checks.tensors import HeaderError, read_header
from workers.checks.tree import Tree, path_findings, read_tree
from workers.checks.weights import Base, model_findings
from workers.training.errors import BadInput
from workers.training.spec import Job, run_program
from workers.training.tasks import Task


def main(job: Job) -> dict[str, Any]:
    root = job.input("tree")
    repo_type, changed, base = _settings(job.spec)
    task = Task.of(job.get("task")) if job.get("task") else None
    limit = job.get("limits.file_bytes")
    result = inspect(root, repo_type, changed, base, task=task, file_bytes=limit)
    for finding in result["findings"]:
        print(f"{finding['severity']}: {finding['message']} {finding['fix']}", flush=True)
    job.say(f"{result['verdict']}: a patch of kind {result['patch']['kind']}")
    return result


def inspect(
    root: Path,
    repo_type: str,
    changed: list[str] | None,
    base: Base | None,
    *,
    task: Task | None = None,
    file_bytes: int | None = None,
) -> dict[str, Any]:
    """All findings about the folder `root`; `changed` None means that every file is new."""
    tree = read_tree(root)
    paths = [entry.path for entry in tree.entries]
    card = read_card(tree)
    licence = check_licence(tree, card)
    findings: list[Finding] = [*tree.findings, *card.findings, *licence.findings]
    findings += path_findings(sorted({*paths, *(changed or [])}))
    findings += file_findings(tree, file_bytes)
    findings += secret_findings(tree)
    findings += example_findings(tree)
    if repo_type == "model":
        kept = None if changed is None else frozenset(changed)
        findings += model_findings(tree, base, kept)
        findings += adapter_findings(tree, base)
        findings += recipe_findings(tree, task)
    elif not tree.named(".parquet", ".csv", ".tsv", ".jsonl"):
        findings.append(_no_examples())
    return {
        "patch": classify(paths if changed is None else changed, repo_type).as_dict(),
        "findings": [finding.as_dict() for finding in sorted_findings(findings)],
        "verdict": "blocked" if blocked(findings) else "passed",
        "licence": licence.as_dict(),
        "tensors": _headers(tree),
    }


def _settings(spec: dict[str, Any]) -> tuple[str, list[str] | None, Base | None]:
    repo_type = spec.get("repo_type", "model")
    if repo_type not in {"model", "dataset"}:
        raise BadInput(
            f'"repo_type" is {repo_type!r}',
            where="spec.json, repo_type",
            next='It must be "model" or "dataset".',
        )
    changed = spec.get("changed")
    if changed is not None and not (
        isinstance(changed, list) and all(isinstance(path, str) for path in changed)
    ):
        raise BadInput(
            '"changed" is no list of paths',
            where="spec.json, changed",
            next="Give the changed paths, or null when every file is new.",
        )
    try:
        base = Base.parse(spec["base"]) if spec.get("base") else None
    except (AttributeError, KeyError, TypeError, ValueError):
        raise BadInput(
            '"base" does not describe a model',
            where="spec.json, base",
            next='It must be {"tensors": {name: {"shape", "dtype"}}, "config": {…}} or null.',
        ) from None
    return repo_type, changed, base


def _no_examples() -> Finding:
    return Finding(
        "examples",
        Severity.WARN,
        "The dataset holds no .parquet, .csv or .jsonl file, so no track can train on it.",
        "Add its examples, for example as data/train.parquet.",
    )


def _headers(tree: Tree) -> dict[str, object]:
    summaries: dict[str, object] = {}
    for entry in tree.named(".safetensors"):
        try:
            summaries[entry.path] = read_header(entry.file).summary()
        except HeaderError:
            continue  # reported by the file check
    return summaries


if __name__ == "__main__":
    sys.exit(run_program("check", main, needs_torch=False))
