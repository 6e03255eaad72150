"""A maintainer opens a track on the page, on a model or on a sample."""

from __future__ import annotations

import html

import pytest
import yaml

from contributions.models import Benchmark, Track, TrackStatus
from contributions.services import samples, track_files
from registry.models import Repository
from registry.services.commits import AddFile

PLAN = {
    "repository": "ada/sample-requests",
    "name": "requests",
    "title": "What customers want",
    "description": "Sort them.",
    "task": "text-classification",
    "benchmark_dataset": "ada/sample-requests-held-out",
    "benchmark_path": "data",
    "label_column": "",
    "training_data": "ada/sample-requests-data data",
    "metric": "",
    "keys": ["licence", "privacy"],
    "finetune_seconds": "300",
    "max_steps": "500",
    "seed": "0",
    "do": "open",
}


@pytest.fixture
def browser(as_person, cast):
    return as_person(cast.ada)


@pytest.fixture
def sample(cast):
    return samples.make(owner=cast.ada)


def words_of(answer) -> str:
    return html.unescape(answer.content.decode())


def test_the_page_tells_what_a_track_is_and_what_happens(browser, page_rules):
    answer = browser.get("/tracks/new?repository=ada/x")
    page_rules(answer, "/tracks/new")
    assert 'value="ada/x"' in words_of(answer)
    assert "Make the sample" in words_of(answer)


def test_a_stranger_signs_in_first(client, db):
    assert client.get("/tracks/new").headers["Location"].startswith("/login")
    assert client.post("/tracks/new/sample").headers["Location"].startswith("/login")
    assert not Repository.objects.exists()


def test_an_empty_site_leads_to_a_track_by_three_clicks(browser, cast, page_rules):
    made = browser.post("/tracks/new/sample")
    assert made.headers["Location"] == "/tracks/new?sample"
    planned = browser.get("/tracks/new?sample")
    page_rules(planned, "/tracks/new?sample")
    form = planned.context["form"]
    values = {name: form[name].value() for name in form.fields}
    filled = {name: "" if value is None else value for name, value in values.items()}
    opened = browser.post("/tracks/new", {**filled, "do": "open"})
    assert opened.status_code == 302, words_of(opened)
    track = Track.objects.get()
    assert opened.headers["Location"] == f"/tracks/{track.name}" == "/tracks/ada-sample"
    assert (track.status, track.created_by) == (TrackStatus.PREPARING, cast.ada)
    assert "check" in words_of(browser.get(f"/tracks/{track.name}"))


@pytest.mark.parametrize(("do", "most"), [("check", 45), ("open", 95)])
def test_a_plan_is_read_once_whatever_looks_at_it(
    browser, sample, django_assert_max_num_queries, do, most
):
    browser.get("/tracks/new")
    with django_assert_max_num_queries(most):
        assert browser.post("/tracks/new", {**PLAN, "do": do}).status_code in {200, 302}


def test_a_plan_is_checked_and_shown_as_a_file_before_it_is_opened(browser, sample, page_rules):
    answer = browser.post("/tracks/new", {**PLAN, "do": "check"})
    page_rules(answer, "/tracks/new")
    assert "It can be opened" in words_of(answer)
    assert not Track.objects.exists()
    assert not Benchmark.objects.exists()
    facts = track_files.parse(words_of(answer).split("<code>")[1].split("</code>")[0])
    assert facts["benchmark"]["dataset"] == "ada/sample-requests-held-out"
    browser.post("/tracks/new", PLAN)
    track = Track.objects.get()
    assert track.policy == {
        "keys": ["licence", "privacy"],
        "finetune_seconds": 300,
        "max_steps": 500,
    }
    assert track.training_data.get().path == "data"


def test_everything_that_is_wrong_is_told_at_once(browser, cast, page_rules):
    cast.repository("bare", "model", owner=cast.ada)
    rows = b"text,label\n" + b"hello,refund\n" * 40
    cast.repository("rows", "dataset", AddFile("data/a.csv", rows), owner=cast.ada)
    wrong = {
        **PLAN,
        "repository": "ada/bare",
        "name": "Not A Name",
        "benchmark_dataset": "ada/rows",
        "label_column": "intent",
        "training_data": "ada/rows nothing\nada/missing",
        "metric": "f1",
    }
    answer = browser.post("/tracks/new", wrong)
    page_rules(answer, "/tracks/new")
    assert answer.status_code == 400
    said = words_of(answer)
    for fault in (
        "is not a track name",
        "holds no .safetensors file",
        "has no config.json",
        "has no LICENSE",
        "has no recipe.yaml",
        "The column “intent” is missing",
        "“f1” is not measured for text-classification",
        "holds no .parquet, .csv or .jsonl file in nothing",
        "You know no dataset ada/missing",
    ):
        assert fault in said, fault
    assert not Track.objects.exists()


def test_labels_that_the_model_does_not_know_are_told(browser, cast, sample):
    rows = b"text,label\n" + b"hello,complaint\n" * 40
    cast.repository("rows", "dataset", AddFile("data/a.csv", rows), owner=cast.ada)
    for field in ("benchmark_dataset", "training_data"):
        said = words_of(browser.post("/tracks/new", {**PLAN, field: "ada/rows"}))
        assert "the label “complaint” is unknown to the model" in said
    assert not Benchmark.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"keys": []}, "required"),
        ({"keys": ["golden"]}, "Select a valid choice"),
        ({"keys": ["licence"]}, "every track of this site asks for the privacy key"),
        ({"max_steps": "0"}, "greater than or equal to 1"),
        ({"seed": "-1"}, "greater than or equal to 0"),
        ({"task": "poetry"}, "Select a valid choice"),
        ({"title": ""}, "required"),
        ({"repository": "ada"}, "You know no model ada/"),
        ({"repository": "../x/y"}, "You know no model"),
    ],
)
def test_a_field_that_cannot_be_is_refused(browser, sample, changes, words):
    answer = browser.post("/tracks/new", {**PLAN, **changes})
    assert (answer.status_code, words in words_of(answer)) == (400, True)
    assert not Track.objects.exists()


def test_only_a_maintainer_opens_a_track(as_person, cast, sample):
    answer = as_person(cast.emil).post("/tracks/new", PLAN)
    said = words_of(answer)
    assert answer.status_code == 400
    assert "emil does not maintain ada/sample-requests" in said
    assert "You know no dataset ada/sample-requests-held-out" in said
    assert not Track.objects.exists()


def test_a_name_that_is_taken_is_told(browser, sample):
    browser.post("/tracks/new", PLAN)
    assert "There is a track requests already" in words_of(browser.post("/tracks/new", PLAN))
    assert Track.objects.count() == 1


def test_the_page_costs_little_however_many_repositories_there_are(
    browser, cast, sample, django_assert_max_num_queries
):
    for number in range(12):
        cast.repository(f"more-{number}", "dataset", owner=cast.ada)
    with django_assert_max_num_queries(15):
        browser.get("/tracks/new")


def test_the_sample_is_made_once(browser, cast):
    browser.post("/tracks/new/sample")
    browser.post("/tracks/new/sample")
    assert Repository.objects.filter(namespace=cast.ada.namespace).count() == 3


def test_the_written_plan_is_what_the_command_reads(browser, sample):
    answer = browser.post("/tracks/new", {**PLAN, "do": "check", "label_column": "label"})
    facts = yaml.safe_load(words_of(answer).split("<code>")[1].split("</code>")[0])
    assert facts["benchmark"]["columns"] == {"label": "label"}
    assert track_files.parse(yaml.safe_dump(facts)) == facts
