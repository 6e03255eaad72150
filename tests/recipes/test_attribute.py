"""The attribute program, from a job folder with real patches to amounts in nats."""

from __future__ import annotations

import pytest

from tests.recipes.releases import ALL, SPLITS, job, patch, write_release

WEIGHTS = {"ada": 0.8, "bob": 0.5, "mallory": 0.1, "nobody": 0.3}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    return write_release(tmp_path_factory.mktemp("release") / "job")


@pytest.fixture(scope="module")
def result(prepared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("attributed") / "job"
    return job(folder, prepared, "attribute", weights=WEIGHTS)


def by_id(result):
    return {entry["id"]: entry for entry in result["credit"]}


def test_amounts_sum_to_the_gain_within_one_per_cent(result):
    amounts = [entry["amount"] for entry in result["credit"]]
    gain = result["base_loss"] - result["merged_loss"]
    assert result["gain"]["V"] == pytest.approx(gain)
    assert abs(sum(amounts) - gain) <= 0.01 * sum(map(abs, amounts))
    assert result["gap"] == pytest.approx(abs(sum(amounts) - gain))
    assert result["relative_gap"] <= 0.01
    assert result["nodes"] in (2, 4, 8, 16)


def test_every_patch_has_its_line_in_the_order_of_the_spec(result):
    assert [entry["id"] for entry in result["credit"]] == [each["id"] for each in ALL]
    for entry in result["credit"]:
        assert entry["low"] <= entry["amount"] <= entry["high"]


def test_who_helps_is_paid_and_who_poisons_is_not(result):
    credit = by_id(result)
    assert credit["ada"]["low"] > 0
    assert credit["bob"]["low"] > 0
    assert credit["mallory"]["amount"] < 0
    assert credit["ada"]["leave_one_out"] > 0
    assert credit["ada"]["accuracy"] > credit["mallory"]["accuracy"]


@pytest.mark.parametrize("name", ["nobody", "eve", "otto"])
def test_no_change_or_no_weight_is_exactly_nothing(result, name):
    entry = by_id(result)[name]
    for column in ("amount", "low", "high", "first_order", "alone", "leave_one_out"):
        assert entry[column] == 0


def test_the_first_order_value_stands_beside_the_amount(result):
    entry = by_id(result)["ada"]
    assert entry["first_order"] > 0
    assert entry["first_order"] != pytest.approx(entry["amount"], rel=0.01)


def test_it_reports_the_gain_on_examples_nobody_valued_anything_on(result):
    report = result["report_T"]
    assert report["metric"] == "accuracy"
    gain = report["gain"]["loss"]
    assert gain["low"] <= gain["difference"] <= gain["high"]
    assert gain["difference"] == pytest.approx(
        report["base"]["loss"] - report["merged"]["loss"], abs=1e-6
    )
    assert result["gain"]["T"] == gain["difference"]
    assert report["merged"]["n"] == len(SPLITS["T"])


def test_shapley_values_are_added_where_kappa_alarms(prepared, tmp_path):
    far = job(tmp_path / "far", prepared, "attribute", weights=WEIGHTS, options={"kappa": 0})
    assert sum(far["kernel_shap"].values()) == pytest.approx(far["gain"]["V"], abs=1e-6)
    assert far["kernel_shap"]["otto"] == 0


def test_the_same_job_gives_the_same_numbers(prepared, result, tmp_path):
    again = job(tmp_path / "again", prepared, "attribute", weights=WEIGHTS)
    assert again["credit"] == result["credit"]


def test_splitting_a_patch_over_accounts_changes_no_total(prepared, result, tmp_path):
    """Ada hands the same delta in twice, each with a part of the weight."""
    patches = [*ALL[:1], patch("again", 9, path="in/patches/ada"), *ALL[1:]]
    weights = WEIGHTS | {"ada": 0.3, "again": 0.5}
    split = by_id(job(tmp_path / "split", prepared, "attribute", patches=patches, weights=weights))
    whole = by_id(result)
    both = split["ada"]["amount"] + split["again"]["amount"]
    assert both == pytest.approx(whole["ada"]["amount"], rel=1e-3)
    assert split["bob"]["amount"] == pytest.approx(whole["bob"]["amount"], rel=1e-3)


def test_a_merge_of_nothing_credits_nobody(prepared, tmp_path):
    empty = job(tmp_path / "empty", prepared, "attribute", weights={})
    assert {entry["amount"] for entry in empty["credit"]} == {0}
    assert empty["gain"] == {"V": 0, "T": 0}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, '"weights" is no map'),
        ({"weights": {"zoe": 1}}, 'weight of "zoe" belongs to no patch'),
        ({"weights": {"ada": "much"}}, "is 'much'"),
        ({"weights": {"otto": 1}}, "has a weight but cannot be read"),
        ({"weights": WEIGHTS, "blocks": 5}, '"blocks" is 5'),
        ({"weights": WEIGHTS, "metric": "bleu"}, "metric 'bleu' is not known"),
        (
            {
                "weights": WEIGHTS,
                "data": {"path": "in/benchmark.jsonl", "splits": {"V": SPLITS["V"]}},
            },
            "no split T",
        ),
    ],
)
def test_it_names_what_is_wrong_with_the_spec(prepared, tmp_path, changes, words):
    failed = job(tmp_path / "job", prepared, "attribute", status="failed", **changes)
    assert failed["failure"]["class"] == "bad-input"
    assert words in failed["failure"]["message"]
