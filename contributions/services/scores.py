"""Scores and comparisons: what a benchmark run measured, and what was measured before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contributions.models import Benchmark, Comparison, Run, Score, Submission
from contributions.services import leaderboards
from registry.models import Blob

LOSS = "loss"  # the measure; metrics go by their own names
REPORTED_SPLIT = "T"
CODE_DIGITS = 12


def harness_of(provenance: Mapping[str, Any]) -> str:
    """The program that measured: its version and the digest of its sources."""
    return f"{provenance.get('harness', '')}+{str(provenance.get('code', ''))[:CODE_DIGITS]}"


def value_of(score: Score, measure: str) -> float | None:
    found = score.loss if measure == LOSS else score.metrics.get(measure)
    return float(found) if isinstance(found, (int, float)) else None


def stored_outcomes(model_digest: str, benchmark: Benchmark, harness: str) -> dict[str, Blob]:
    """Split → per-example outcomes of this model, if this program has measured it before."""
    known = Score.objects.filter(
        model_digest=model_digest, benchmark=benchmark, harness=harness, outcomes__isnull=False
    ).select_related("outcomes")
    return {score.split: score.outcomes for score in known if score.outcomes is not None}


def record(run: Run, result: dict[str, Any], outcomes: Mapping[str, str]) -> None:
    """Write the scores of both models and the paired comparisons of a benchmark run.

    `outcomes`: "candidate.V" → sha256 of the stored per-example outcomes.
    """
    submission, track = run.submission, run.track
    assert submission is not None
    assert track is not None
    measured: dict[str, dict[str, Score]] = {}
    for role, by_split in result["scores"].items():
        digest = run.plan[role]["digest"]
        measured[role] = {
            split: (_known(run, digest, split) if role == "reference" else None)
            or _score(run, result, digest, split, values, outcomes.get(f"{role}.{split}"))
            for split, values in by_split.items()
        }
    leaderboards.measured(track)
    for split, by_measure in (result.get("comparisons") or {}).items():
        candidate, reference = measured["candidate"][split], measured["reference"][split]
        _compare(run, submission, split, by_measure, candidate, reference)


def record_reference(run: Run, result: dict[str, Any], outcomes: Mapping[str, str]) -> None:
    """Write the scores of a reference that was measured alone."""
    digest = run.plan["reference"]["digest"]
    for split, values in result["scores"]["candidate"].items():
        _score(run, result, digest, split, values, outcomes.get(f"candidate.{split}"))


def _known(run: Run, digest: str, split: str) -> Score | None:
    """What a job says of its reference is not taken from it when it is known already."""
    assert run.track is not None
    known = Score.objects.filter(model_digest=digest, benchmark=run.track.benchmark, split=split)
    return known.order_by("-pk").first()


def _score(
    run: Run,
    result: dict[str, Any],
    digest: str,
    split: str,
    values: dict[str, Any],
    outcomes: str | None,
) -> Score:
    assert run.track is not None
    provenance = result.get("provenance", {})
    score, _ = Score.objects.get_or_create(
        model_digest=digest,
        benchmark=run.track.benchmark,
        split=split,
        harness=harness_of(provenance),
        precision=str(provenance.get("precision", "fp32")),
        defaults={
            "run": run,
            "examples": values["n"],
            "loss": values["loss"],
            "metrics": values["metrics"],
            "report": values["report"],
            "outcomes_id": outcomes,
        },
    )
    return score


def _compare(
    run: Run,
    submission: Submission,
    split: str,
    by_measure: dict[str, dict[str, float]],
    candidate: Score,
    reference: Score,
) -> None:
    Comparison.objects.bulk_create(
        Comparison(
            submission=submission,
            run=run,
            split=split,
            measure=measure,
            candidate=candidate,
            reference=reference,
            difference=values["difference"],
            low=values["low"],
            high=values["high"],
        )
        for measure, values in by_measure.items()
    )
