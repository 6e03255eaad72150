"""Scores are those of scikit-learn and seqeval; intervals are those of resampling one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from seqeval.metrics import classification_report as seqeval_report
from seqeval.metrics import f1_score as seqeval_f1
from sklearn.metrics import accuracy_score, classification_report, f1_score

from workers.training.metrics import paired_bootstrap, ratio_of
from workers.training.outcomes import Outcomes, scores, statistics
from workers.training.tasks import Task

LABELS = ["never seen", "a", "b", "c", "rare"]
TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


def classified(seed: int, n: int = 60) -> Outcomes:
    """Predictions that are right two times of three; the gold labels are the same for all."""
    gold = np.random.default_rng(99).choice([1, 1, 2, 2, 3, 4], size=n)
    rng = np.random.default_rng(seed)
    guess = np.where(rng.random(n) < 0.67, gold, rng.integers(1, 4, size=n))
    losses = rng.exponential(size=n)
    names = [[LABELS[number] for number in numbers] for numbers in (guess, gold)]
    return Outcomes(Task.TEXT, losses, np.ones(n, dtype=np.int64), names[0], names[1])


def tagged(seed: int, n: int = 40) -> Outcomes:
    shape = np.random.default_rng(98)
    sizes = shape.integers(1, 9, size=n)
    gold = [[TAGS[tag] for tag in shape.integers(5, size=size)] for size in sizes]
    rng = np.random.default_rng(seed)

    def guessed(tag: str) -> str:
        return tag if rng.random() < 0.7 else TAGS[rng.integers(5)]

    guess = [[guessed(tag) for tag in tags] for tags in gold]
    count = np.array([len(tags) for tags in gold])
    return Outcomes(Task.TOKENS, rng.exponential(size=n) * count, count, guess, gold)


def test_class_scores_are_those_of_scikit_learn() -> None:
    outcomes = classified(seed=0)
    found = scores(outcomes)
    gold, guess = outcomes.gold, outcomes.predicted
    assert found["metrics"]["accuracy"] == pytest.approx(accuracy_score(gold, guess))
    assert found["metrics"]["f1_macro"] == pytest.approx(f1_score(gold, guess, average="macro"))
    assert found["report"] == classification_report(gold, guess, output_dict=True, zero_division=0)
    assert found["loss"] == pytest.approx(outcomes.loss_sum.mean())
    assert found["n"] == 60


def test_entity_scores_are_those_of_seqeval() -> None:
    outcomes = tagged(seed=0)
    found = scores(outcomes)
    gold, guess = outcomes.gold, outcomes.predicted
    assert found["metrics"]["f1"] == pytest.approx(seqeval_f1(gold, guess))
    expected = seqeval_report(gold, guess, output_dict=True, zero_division=0)
    assert set(found["report"]) == set(expected)
    for name, row in expected.items():
        assert found["report"][name] == pytest.approx({k: float(v) for k, v in row.items()})
    micro = found["report"]["micro avg"]
    assert found["metrics"]["precision"] == pytest.approx(micro["precision"])
    assert found["metrics"]["recall"] == pytest.approx(micro["recall"])
    assert found["loss"] == pytest.approx(outcomes.loss_sum.sum() / outcomes.count.sum())


def test_sentences_without_any_entity_score_zero_instead_of_failing() -> None:
    tags = [["O", "O"], ["O"]]
    nothing = Outcomes(Task.TOKENS, np.ones(2), np.array([2, 1]), tags, tags)
    found = scores(nothing)
    assert found["metrics"] == {"f1": 0.0, "precision": 0.0, "recall": 0.0, "accuracy": 1.0}
    assert not math.isnan(found["loss"])


def test_words_with_plain_classes_get_a_report_per_class() -> None:
    gold, guess = [["NOUN", "VERB"], ["NOUN"]], [["NOUN", "NOUN"], ["NOUN"]]
    outcomes = Outcomes(Task.TOKENS, np.ones(2), np.array([2, 1]), guess, gold)
    found = scores(outcomes)
    assert found["report"]["VERB"]["recall"] == 0.0
    assert found["metrics"] == {"accuracy": pytest.approx(2 / 3)}


def corpus_score(outcomes: Outcomes, rows: np.ndarray, name: str) -> float:
    """The score of a resample by the libraries themselves."""
    gold = [outcomes.gold[row] for row in rows]
    guess = [outcomes.predicted[row] for row in rows]
    if name == "loss":
        return float(outcomes.loss_sum[rows].sum() / outcomes.count[rows].sum())
    if name == "f1":
        return float(seqeval_f1(gold, guess, zero_division=0))
    if name == "f1_macro":
        return float(f1_score(gold, guess, average="macro", zero_division=0))
    return float(accuracy_score(gold, guess))


@pytest.mark.parametrize(
    ("make", "names"), [(classified, ("loss", "accuracy", "f1_macro")), (tagged, ("loss", "f1"))]
)
def test_the_interval_is_that_of_resampling_one_by_one(make, names) -> None:
    candidate, reference = make(seed=1), make(seed=2)
    found = paired_bootstrap(
        statistics(candidate), statistics(reference), resamples=60, confidence=0.9, seed=3
    )
    n = len(candidate.gold)
    drawn = np.random.default_rng(3).integers(0, n, size=(60, n))
    for name in names:
        sign = -1 if name == "loss" else 1
        gains = [
            sign * (corpus_score(candidate, rows, name) - corpus_score(reference, rows, name))
            for rows in drawn
        ]
        low, high = np.quantile(gains, [0.05, 0.95])
        whole = np.arange(n)
        gain = corpus_score(candidate, whole, name) - corpus_score(reference, whole, name)
        assert found[name] == pytest.approx({"difference": sign * gain, "low": low, "high": high})


def test_a_large_benchmark_is_resampled_in_parts_with_the_same_result(monkeypatch) -> None:
    candidate, reference = statistics(classified(1)), statistics(classified(2))
    whole = paired_bootstrap(candidate, reference, resamples=300, seed=1)
    monkeypatch.setattr("workers.training.metrics.CELLS", 60 * 7)
    assert paired_bootstrap(candidate, reference, resamples=300, seed=1) == whole


def test_a_model_compared_with_itself_gains_exactly_nothing() -> None:
    same = statistics(classified(seed=1))
    for gain in paired_bootstrap(same, same).values():
        assert gain == {"difference": 0.0, "low": 0.0, "high": 0.0}


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution() -> None:
    rng = np.random.default_rng(0)
    shared, gains, ones = rng.normal(size=500), rng.normal(0.2, size=500), np.ones(500)
    candidate = {"loss": ratio_of(5 + shared - gains, ones, lower_is_better=True)}
    reference = {"loss": ratio_of(5 + shared, ones, lower_is_better=True)}
    found = paired_bootstrap(candidate, reference, resamples=4000, confidence=0.95)["loss"]
    error = gains.std() / math.sqrt(500)
    assert found["difference"] == pytest.approx(gains.mean())
    assert found["low"] == pytest.approx(gains.mean() - 1.96 * error, abs=0.1 * error)
    assert found["high"] == pytest.approx(gains.mean() + 1.96 * error, abs=0.1 * error)
