"""What a program reports may come from a sandbox that a contributor's file has taken over."""

from __future__ import annotations

import pytest

from contributions.models import Finding, ReleaseStatus, RunKind, Score
from contributions.services import releases, results
from contributions.services.results import Delivered
from contributions.web import charts
from registry.services import commits, refs
from registry.services.commits import AddFile
from tests.contributions import machines
from tests.contributions.machines import bring


@pytest.fixture
def track(cast):
    return machines.open_track(cast)


def test_it_cannot_pass_off_somebody_elses_model_as_its_own(cast, track):
    secret = cast.repository(
        "secret", "model", AddFile("model.safetensors", b"secret"), private=True
    )
    cast.settle_first_revisions()
    patch = cast.check(cast.offer(AddFile("recipe.yaml", b"epochs: 1"), by=cast.ada), "recipe")
    foreign = {"repository": secret.pk, "revision": commits.resolve(secret).oid, "adapter": ""}

    def passed_off(run):
        made = machines.trained(f"by run {run.pk}")
        made.result["artifact"]["source"] = foreign
        return made

    runs = [bring(cast, RunKind.FINETUNE, passed_off) for _ in ("candidate", "reference")]
    candidate = next(run for run in runs if run.plan["role"] == "candidate")
    patch.refresh_from_db()
    assert candidate.result["artifact"]["source"]["repository"] == cast.model.pk
    assert patch.artifact_revision == refs.current(cast.model, f"refs/runs/{candidate.pk}")


def test_thousands_of_findings_are_cut_and_what_blocks_is_kept(cast, track):
    note = {"rule": "r" * 99, "severity": "info", "message": "m" * 5000, "line": 2**40}
    block = {"rule": "pickle", "severity": "block", "message": "a pickle"}
    patch = cast.check(cast.offer(by=cast.ada), findings=[note] * 3000 + [block])
    assert Finding.objects.count() == 500
    assert (patch.status, patch.status_reason) == ("refused", "a pickle")


@pytest.mark.parametrize("adapters", [[{}], "adapters/a", ["../x"], ["adapters/a/b"], [], None])
def test_an_adapter_lies_in_one_folder_below_adapters(cast, track, adapters):
    patch = cast.offer(by=cast.ada)
    result = {"patch": {"kind": "adapter", "adapters": adapters}, "findings": []}
    cast.finish(patch, RunKind.CHECK, {**result, "verdict": "passed"})
    assert (patch.kind, patch.artifact_path) == ("unknown", "")


def test_a_curve_of_nonsense_is_drawn_as_far_as_it_can_be(cast, track):
    cast.check(cast.offer(AddFile("recipe.yaml", b"epochs: 1"), by=cast.ada), "recipe")
    made = machines.trained("x")
    made.result["curve"] = [1, "x", {"loss": 1}, {"step": "a"}, {"step": 1, "metrics": "x"}]
    made.result["curve"] += [{"step": 2, "loss": 0.5}, {"step": 3, "loss": 0.4}]
    run = bring(cast, RunKind.FINETUNE, made)
    run.refresh_from_db()
    assert len(run.curve) == 3
    assert charts.curve(run.curve) is not None


def test_a_merge_admits_only_what_it_was_given(cast, track):
    patch = cast.measured(cast.offer(AddFile("model.safetensors", b"better"), by=cast.ada))
    other = cast.offer(AddFile("model.safetensors", b"unreviewed"), by=cast.emil)
    cast.measured(other)
    cast.review(patch, "licence")
    cast.review(patch, "privacy")
    release = releases.start_release(track, actor=cast.berta)
    bring(cast, RunKind.MERGE, lambda run: machines.merged(run, {other.pk: 0.9}))
    release.refresh_from_db()
    assert release.status == ReleaseStatus.FAILED
    assert not release.runs.filter(kind=RunKind.ATTRIBUTE).exists()


def test_a_candidates_job_cannot_change_what_the_reference_scored(cast, track):
    cast.check(cast.offer(AddFile("model.safetensors", b"better"), by=cast.ada), "weights")
    run = cast.claim()
    assert run.kind == RunKind.BENCHMARK
    honest = {"n": 10, "loss": 1.0, "metrics": {"accuracy": 0.5}, "report": {}}
    alone = {"scores": {"candidate": {"T": honest}}, "provenance": machines.PROVENANCE}
    results.record_reference(run.pk, run.attempt, Delivered(alone))
    both = {"candidate": {"T": honest}, "reference": {"T": {**honest, "loss": 9.0}}}
    lie = {"scores": both, "provenance": {**machines.PROVENANCE, "precision": "another"}}
    lie["comparisons"] = {"T": {"loss": {"difference": 8.0, "low": 7.0, "high": 9.0}}}
    results.record(run.pk, run.attempt, Delivered(lie))
    of_reference = Score.objects.filter(model_digest=run.plan["reference"]["digest"])
    assert [score.loss for score in of_reference] == [1.0]
