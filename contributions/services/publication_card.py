"""The files made for a publication: card, evaluation results and the credit ledger.

Both forms of evaluation results are written: `.eval_results/*.yaml`, which the Hub reads now, and
`model-index` in the card, which older tools still read.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml
from django.conf import settings

from contributions.models import Credit, PatchKind, Publication, Release, ReleasePatch
from registry.services import commits, projection

if TYPE_CHECKING:
    from huggingface_hub import EvalResult, ModelCardData

# Front matter that is written anew for every publication, or speaks to the platform only.
GENERATED = frozenset(
    {"track", "evaluate", "model-index", "eval_results", "base_model", "datasets"}
)
MARK = "<!-- written by Commonweight: measured results of this release -->"


def generate(publication: Publication) -> dict[str, str]:
    """Path → text of every file that is written for this publication."""
    release = publication.release
    benchmark = release.track.benchmark
    return {
        "README.md": _card(publication),
        f".eval_results/{_file_name(benchmark.name)}.yaml": _eval_results(release),
        "credit.json": json.dumps(ledger(release), indent=2, ensure_ascii=False) + "\n",
    }


def ledger(release: Release) -> dict[str, Any]:
    """The credit of a release as data: amounts in nats with 95 % intervals."""
    return {
        "track": release.track.name,
        "release": release.number,
        "repository": release.track.repository.full_name,
        "base_revision": release.base_revision,
        "revision": release.revision,
        "formula": release.formula,
        "unit": "nats",
        "gain": {"V": release.gain_v, "T": release.gain_t},
        "quadrature": {"nodes": release.nodes, "gap": release.gap, "kappa": release.kappa},
        "patches": [_ledger_line(patch, credit) for patch, credit in lines(release)],
    }


def lines(release: Release) -> list[tuple[ReleasePatch, Credit | None]]:
    """Patches of the pool, most credit first, each with its ledger line if it has one."""
    credit = {line.submission_id: line for line in release.credits.select_related("contributor")}
    patches = release.patches.select_related("submission__contributor", "submission__discussion")
    pairs = [(patch, credit.get(patch.submission_id)) for patch in patches]
    return sorted(pairs, key=lambda pair: -(pair[1].amount if pair[1] else 0.0))


def _ledger_line(patch: ReleasePatch, credit: Credit | None) -> dict[str, Any]:
    return {
        "submission": patch.submission_id,
        "contributor": patch.submission.contributor.username,
        "kind": patch.submission.kind,
        "revision": patch.artifact_revision,
        "admitted": patch.admitted,
        "weight": patch.weight,
        "amount": credit.amount if credit else 0.0,
        "low": credit.low if credit else 0.0,
        "high": credit.high if credit else 0.0,
        "first_order": credit.first_order if credit else 0.0,
    }


def _card(publication: Publication) -> str:
    from huggingface_hub import ModelCard

    release = publication.release
    base = projection.card_of(commits.resolve(release.track.repository, release.revision))
    data = {key: value for key, value in base.data.items() if key not in GENERATED}
    metadata = _metadata(release, data, base.data.get("base_model"))
    text = f"---\n{metadata.to_yaml()}\n---\n\n{_body(base.body, publication)}"
    return str(ModelCard(text, ignore_metadata_errors=False))


def _metadata(release: Release, data: dict[str, Any], base_model: Any) -> ModelCardData:
    from huggingface_hub import ModelCardData

    track = release.track
    known = {
        "pipeline_tag": track.task,
        "library_name": "transformers",
        **data,
        "model_name": track.repository.name,
        "base_model": base_model or track.repository.full_name,
        "datasets": _datasets(release),
        "metrics": sorted({track.metric, "loss"}),
        "tags": sorted({*_strings(data.get("tags")), "commonweight"}),
        "eval_results": _model_index(release),
    }
    return ModelCardData(**known)


def _strings(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _datasets(release: Release) -> list[str]:
    """Training data of the track and of the data patches that were admitted."""
    names = {
        row.dataset.full_name
        for row in release.track.training_data.select_related("dataset__namespace")
    }
    for patch in release.patches.filter(
        admitted=True, submission__kind=PatchKind.DATA
    ).select_related("submission__repository__namespace"):
        names.add(patch.submission.repository.full_name)
    return sorted(names)


def _measures(release: Release) -> dict[str, float]:
    """Name → value of the merged model on split T, loss included."""
    merged = release.evidence.get("report_T", {}).get("merged", {})
    measures = {"loss": merged.get("loss"), **merged.get("metrics", {})}
    return {
        name: round(float(value), 6)
        for name, value in measures.items()
        if isinstance(value, int | float)
    }


def _model_index(release: Release) -> list[EvalResult]:
    from huggingface_hub import EvalResult

    track = release.track
    benchmark = track.benchmark
    return [
        EvalResult(
            task_type=track.task,
            dataset_type=benchmark.dataset.full_name,
            dataset_name=benchmark.name,
            dataset_split="T",
            dataset_revision=benchmark.revision,
            metric_type=name,
            metric_value=value,
            source_name="Commonweight",
            source_url=_address(release),
        )
        for name, value in _measures(release).items()
    ]


def _eval_results(release: Release) -> str:
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

    benchmark = release.track.benchmark
    day = (release.released_at or release.created_at).strftime("%Y-%m-%d")
    entries = [
        EvalResultEntry(
            dataset_id=benchmark.dataset.full_name,
            task_id=name,
            value=value,
            dataset_revision=benchmark.revision,
            date=day,
            source_url=_address(release),
            source_name="Commonweight",
            notes=f"split T, {len(benchmark.split_t)} examples",
        )
        for name, value in _measures(release).items()
    ]
    return str(yaml.safe_dump(eval_result_entries_to_yaml(entries), sort_keys=False))


def _address(release: Release) -> str:
    return f"{settings.SITE_URL}{release.get_absolute_url()}"


def _file_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in name).strip("-") or "benchmark"


def _body(text: str, publication: Publication) -> str:
    release = publication.release
    own = text.split(MARK)[0].rstrip() or f"# {release.track.repository.name}"
    parts = [own, MARK, _results(release), _contributors(release), _provenance(release)]
    return "\n\n".join(parts) + "\n"


def _results(release: Release) -> str:
    report = release.evidence.get("report_T", {})
    base, merged = report.get("base", {}), report.get("merged", {})
    rows = [("loss (nats)", base.get("loss"), merged.get("loss"))] + [
        (name, base.get("metrics", {}).get(name), value)
        for name, value in merged.get("metrics", {}).items()
    ]
    table = "\n".join(
        f"| {name} | {_number(before)} | {_number(after)} |"
        for name, before, after in rows
        if isinstance(after, int | float)
    )
    return (
        "## Measured results\n\n"
        f"Benchmark “{release.track.benchmark.name}”, split T "
        f"({len(release.track.benchmark.split_t)} examples that fitted no weight and valued no "
        "contribution).\n\n"
        f"| measure | base | this release |\n| --- | ---: | ---: |\n{table}"
    )


def _contributors(release: Release) -> str:
    rows = "\n".join(
        f"| {_cell(patch.submission.contributor.display_name)} | {patch.submission.kind} | "
        f"{_number(patch.weight, 3)} | {_amount(credit)} |"
        for patch, credit in lines(release)
        if patch.admitted
    )
    return (
        "## Contributors\n\n"
        "This release is `base + Σ weight · (contribution − base)`. Credit is each contribution's "
        "share of the measured gain, in nats of held-out loss, with a 95 % interval.\n\n"
        f"| contributor | contribution | weight | credit |\n| --- | --- | ---: | ---: |\n{rows}"
    )


def _provenance(release: Release) -> str:
    track = release.track
    return (
        "## Provenance\n\n"
        f"* Track: {track.title}, release {release.number}\n"
        f"* Released revision: `{track.repository.full_name}@{release.revision}`\n"
        f"* Base revision: `{release.base_revision}`\n"
        f"* Weights, credit and what recomputes them: `credit.json`, {_address(release)}"
    )


def _number(value: Any, digits: int = 4) -> str:
    return f"{value:.{digits}f}" if isinstance(value, int | float) else "–"


def _amount(credit: Credit | None) -> str:
    if credit is None:
        return "–"
    return f"{credit.amount:+.4f} [{credit.low:+.4f}, {credit.high:+.4f}]"


def _cell(text: str) -> str:
    """A name is contributor's input: it may not end a table cell or open markup."""
    return "".join(c for c in text if c.isalnum() or c in " .-_'")[:80]
