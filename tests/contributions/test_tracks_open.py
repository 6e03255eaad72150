"""A track is created, prepared (check, keys, calibration) and opened."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, ManagementUtility, call_command

from contributions.models import Benchmark, FailureClass, RunKind, Submission, Task, TrackStatus
from contributions.services import benchmarks, results, runs, track_files, tracks
from registry.services import commits
from registry.services.commits import AddFile
from registry.services.errors import Conflict, Forbidden, Invalid
from tests.contributions import machines
from tests.contributions.machines import bring
from workers.training import tasks as measured


@pytest.fixture
def model(cast):
    cast.push(cast.model, *machines.BASE, by=cast.berta)
    return cast.model


@pytest.fixture
def preparing(cast, model):
    track = cast.prepare_track("digits")
    cast.settle_first_revisions()
    return track


def first(model) -> Submission:
    return Submission.objects.get(repository=model, discussion=None)


def approve(cast, model):
    cast.review(first(model), "licence")
    cast.review(first(model), "privacy")


def test_a_track_opens_with_its_calibrated_base_on_main(cast, model, preparing):
    before = commits.resolve(model).oid
    approve(cast, model)
    bring(cast, RunKind.MERGE, machines.calibrated(1.5))
    preparing.refresh_from_db()
    head = commits.resolve(model)
    assert (preparing.status, preparing.temperature) == (TrackStatus.OPEN, 1.5)
    assert preparing.base_revision == head.oid
    assert head.parent == before
    assert commits.read_file(model, head, "model.safetensors") == b"the calibrated base"
    assert commits.read_file(model, head, "recipe.yaml") == b"version: 1\n"
    release = preparing.releases.get()
    assert (release.number, release.revision, release.base_revision) == (0, head.oid, before)


def test_a_track_waits_for_both_keys(cast, model, preparing):
    cast.review(first(model), "licence")
    assert cast.claim() is None
    with pytest.raises(Conflict, match="privacy key"):
        tracks.prepare(preparing)


def test_main_is_protected_while_a_track_is_prepared(cast, model, preparing):
    with pytest.raises(Forbidden, match="protected by the track digits"):
        cast.push(model, AddFile("config.json", b"{}"), by=cast.berta)


def test_a_failed_calibration_is_told_and_can_be_repeated(cast, model, preparing):
    approve(cast, model)
    run = cast.claim()
    results.fail(run.pk, run.attempt, FailureClass.BAD_INPUT, "the label “8” is not known")
    preparing.refresh_from_db()
    assert preparing.status == TrackStatus.PREPARING
    assert "the label “8” is not known" in preparing.status_reason
    tracks.prepare(preparing)
    bring(cast, RunKind.MERGE, machines.calibrated())
    preparing.refresh_from_db()
    assert (preparing.status, preparing.status_reason) == (TrackStatus.OPEN, "")


def test_a_second_track_takes_the_approved_first_revision_at_once(cast, model, preparing):
    approve(cast, model)
    bring(cast, RunKind.MERGE, machines.calibrated())
    cast.prepare_track("second")
    assert cast.claim().kind == RunKind.MERGE


def test_a_closed_track_frees_main(cast, model, preparing):
    tracks.close(preparing, actor=cast.berta, reason="done")
    cast.push(model, AddFile("notes.md", b"free"), by=cast.berta)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"name": "Not A Slug"}, Invalid, "is not a track name"),
        ({"name": "DIGITS"}, Invalid, "is not a track name"),
        ({"task": Task.IMAGE_CLASSIFICATION}, Invalid, "is for text-classification"),
    ],
)
def test_it_refuses_a_track_that_does_not_fit(cast, model, changes, error, words):
    benchmark = benchmarks.create_benchmark(
        owner=cast.berta, name="b", dataset=cast.dataset, task=Task.TEXT_CLASSIFICATION
    )
    facts = {"name": "digits", "task": Task.TEXT_CLASSIFICATION, **changes}
    with pytest.raises(error, match=words):
        tracks.create_track(
            maintainer=cast.berta, repository=model, title="t", benchmark=benchmark, **facts
        )


def test_a_stranger_may_not_open_a_track(cast, model):
    benchmark = benchmarks.create_benchmark(
        owner=cast.berta, name="b", dataset=cast.dataset, task=Task.TEXT_CLASSIFICATION
    )
    with pytest.raises(Forbidden, match="emil does not maintain"):
        tracks.create_track(
            maintainer=cast.emil,
            repository=model,
            name="mine",
            title="t",
            task=Task.TEXT_CLASSIFICATION,
            benchmark=benchmark,
        )


# --- the command ------------------------------------------------------------------------------


def described(**changes):
    return {
        "name": "digits",
        "title": "Digits",
        "task": "text-classification",
        "repository": "berta/digits",
        "benchmark": {"name": "held out", "dataset": "berta/pixels", "path": "data"},
        "training_data": [{"dataset": "datasets/berta/pixels", "path": "data"}],
        "policy": {"max_steps": 5},
        **changes,
    }


def benchmarked(**changes):
    facts = described()
    facts["benchmark"] |= changes
    return facts


def run_command(tmp_path, facts, actor="berta"):
    file = tmp_path / "track.yaml"
    file.write_text(facts if isinstance(facts, str) else json.dumps(facts))
    said = io.StringIO()
    call_command("open_track", str(file), actor=actor, stdout=said)
    return said.getvalue()


def test_a_file_describes_a_track(cast, model, tmp_path):
    assert cast.dataset
    said = run_command(tmp_path, described())
    assert said.startswith("track digits on berta/digits is preparing: Waits for")
    track = model.tracks.get()
    assert (track.policy["max_steps"], track.policy["keys"]) == (5, ["licence", "privacy"])
    source = track.training_data.get()
    assert (source.dataset, source.path) == (cast.dataset, "data")
    assert source.revision == commits.resolve(cast.dataset).oid
    assert "is preparing" in run_command(tmp_path, described())
    assert model.tracks.count() == 1


@pytest.mark.parametrize(
    ("facts", "differs"),
    [
        (described(title="Other"), "title"),
        (described(policy={"max_steps": 6}, metric="f1_macro"), "metric, policy"),
        (described(training_data=[]), "training_data"),
        (benchmarked(seed=3), "benchmark"),
        (benchmarked(fractions={"M": 0.2, "V": 0.4, "T": 0.4}), "benchmark"),
    ],
)
def test_a_track_is_not_opened_again_as_something_else(cast, model, tmp_path, facts, differs):
    assert cast.dataset
    run_command(tmp_path, described())
    with pytest.raises(CommandError, match=f"differs from it in {differs}. A track is not changed"):
        run_command(tmp_path, facts)
    track = model.tracks.get()
    assert (track.title, track.policy["max_steps"]) == ("Digits", 5)
    assert Benchmark.objects.count() == 1


def test_the_same_file_opens_the_same_track_though_its_data_have_grown(cast, model, tmp_path):
    assert cast.dataset
    run_command(tmp_path, described())
    cast.push(cast.dataset, AddFile("data/b.csv", b"text,label\nmore,1\n"), by=cast.berta)
    assert "is preparing" in run_command(tmp_path, described())


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            b"text,intent\nhello,refund\n",
            "The column “label” is missing in data/b.csv; the columns found are text, intent "
            "(data/b.csv). Rename a column, or name it in the benchmark: "
            "“columns: {label: its name}”.",
        ),
        (
            b"text,label\nhello,refund\nhi,complaint\n",
            "the label “complaint” is unknown to the model, which knows refund, delivery "
            "(data/b.csv, row 2). Correct the label, or remove the row.",
        ),
    ],
)
def test_a_benchmark_that_the_base_cannot_be_measured_on_is_refused(
    cast, model, tmp_path, rows, words
):
    config = b'{"id2label": {"0": "refund", "1": "delivery"}}'
    cast.push(model, AddFile("config.json", config), by=cast.berta)
    cast.push(cast.dataset, AddFile("data/b.csv", rows), by=cast.berta)
    with pytest.raises(CommandError) as refused:
        run_command(tmp_path, described())
    assert str(refused.value) == words
    assert not model.tracks.exists()
    assert not Benchmark.objects.exists()


def test_a_stranger_is_not_told_that_a_track_is_open(cast, model, tmp_path):
    assert cast.dataset
    assert cast.emil
    run_command(tmp_path, described())
    with pytest.raises(CommandError, match="emil does not maintain berta/digits") as refused:
        run_command(tmp_path, described(), actor="emil")
    assert "preparing" not in str(refused.value)


def test_the_help_shows_a_file_that_can_be_read(capsys):
    with pytest.raises(SystemExit):
        ManagementUtility(["manage.py", "open_track", "--help"]).execute()
    assert track_files.EXAMPLE in capsys.readouterr().out
    assert track_files.parse(track_files.EXAMPLE)["name"] == "digits"


def test_the_site_knows_what_the_benchmark_program_measures():
    for task in Task:
        assert task.metrics == measured.Task(task.value).metrics


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ("a: [1", "not YAML"),
        (described(benchmrk={}), "^“benchmrk” is no entry of the file. Did you mean “benchmark”.$"),
        (described(task="poetry"), "“poetry” is not known"),
        (described(benchmark={"name": "x"}), "names no dataset"),
        (
            described(benchmark="x"),
            r"^benchmark holds no lines of the form “name: value”\. Write for",
        ),
        (described(seed="x"), r"the seed “x” is no whole number \(seed\)\. Write “seed: 0”\."),
        (described(title=7), "Shorten it, or put it in quotes"),
        (described(metric="bleu"), "“bleu” is not measured for text-classification"),
        (described(metric="acuracy"), "Did you mean “accuracy”"),
        (benchmarked(metric="bleu"), r"\(benchmark, metric\)\. Use “accuracy” or “f1_macro”\."),
        (benchmarked(fractions={"M": 1}), "each of M, V and T"),
        (benchmarked(columns="label"), "write for example|Write for example"),
        (
            described(policy={"keyss": []}),
            r"no part of a policy \(policy\)\. Did you mean “keys”\?$",
        ),
        (described(policy={"keys": ["licenze"]}), "Write a list of licence, privacy"),
        (described(policy={"max_steps": "many"}), "max_steps is “many”"),
        (described(policy=[1]), "Write for example “policy"),
        (
            described(repository="berta/nothing"),
            r"^berta knows no model berta/nothing \(repository\)\. Check the name and the kind; "
            r"a private one must be shared with that account\.$",
        ),
    ],
)
def test_a_wrong_file_is_refused_in_words(cast, model, tmp_path, facts, words):
    assert cast.dataset
    with pytest.raises(CommandError, match=words):
        run_command(tmp_path, facts)
    assert not model.tracks.exists()


def test_nothing_is_left_of_a_run_that_a_track_no_longer_needs(cast, model, preparing):
    approve(cast, model)
    run = cast.claim()
    runs.cancel(run, actor=cast.berta, reason="wrong benchmark")
    results.fail(run.pk, run.attempt, FailureClass.PLATFORM_ERROR, "stopped")
    preparing.refresh_from_db()
    assert "was cancelled: wrong benchmark" in preparing.status_reason
