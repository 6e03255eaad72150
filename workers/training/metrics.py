"""Scores of predictions, as sums over examples, so that any resample can be scored at once."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from workers.training.encoding import Integers

Floats = npt.NDArray[np.float64]
OUTSIDE = "O"
CELLS = 4_000_000  # resampling weights held at once, 8 bytes each


@dataclass
class Statistic:
    """A score that depends on the examples only through column sums.

    ``columns`` [n, k] are an example's contributions; ``value`` maps sums [..., k] to scores.
    """

    columns: sparse.csr_array
    value: Callable[[Floats], Floats]
    lower_is_better: bool = False

    def score(self) -> float:
        return float(self.value(np.asarray(self.columns.sum(axis=0), dtype=np.float64)))


def ratio_of(numerators: Any, denominators: Any, *, lower_is_better: bool = False) -> Statistic:
    """sum(numerators) / sum(denominators), such as a mean loss or an accuracy."""
    columns = np.stack([numerators, denominators], axis=1).astype(np.float64)
    return Statistic(
        sparse.csr_array(columns), lambda sums: _divide(sums[..., 0], sums[..., 1]), lower_is_better
    )


def _divide(numerator: Floats, denominator: Floats) -> Floats:
    """0 where nothing was there to count, as scikit-learn's zero_division=0."""
    quotient: Floats = np.divide(
        numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0
    )
    return quotient


def macro_f1(gold: Integers, predicted: Integers, classes: int) -> Statistic:
    """The mean F1 over the classes that occur in gold or predictions, as scikit-learn's."""
    n = len(gold)
    rows = np.arange(n)
    hit = (gold == predicted).astype(np.float64)
    columns = sparse.csr_array(
        (
            np.concatenate([hit, np.ones(n), np.ones(n)]),
            (
                np.concatenate([rows, rows, rows]),
                np.concatenate([gold, classes + gold, 2 * classes + predicted]),
            ),
        ),
        shape=(n, 3 * classes),
    )

    def value(sums: Floats) -> Floats:
        hits, present = sums[..., :classes], sums[..., classes : 2 * classes]
        total = present + sums[..., 2 * classes :]
        return _divide(_divide(2 * hits, total).sum(axis=-1), (total > 0).sum(axis=-1) * 1.0)

    return Statistic(columns, value)


def entity_statistics(
    gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]
) -> dict[str, Statistic]:
    """Micro-averaged entity scores, as seqeval's, one row of counts a sentence."""
    counts = np.zeros((len(gold), 3))
    for row, (truth, guess) in enumerate(zip(gold, predicted, strict=True)):
        true_entities, found = _entities(truth), _entities(guess)
        counts[row] = len(true_entities & found), len(found), len(true_entities)
    columns = sparse.csr_array(counts)
    return {
        "f1": Statistic(columns, lambda s: _divide(2 * s[..., 0], s[..., 1] + s[..., 2])),
        "precision": Statistic(columns, lambda s: _divide(s[..., 0], s[..., 1])),
        "recall": Statistic(columns, lambda s: _divide(s[..., 0], s[..., 2])),
    }


def _entities(tags: Sequence[str]) -> set[Any]:
    from seqeval.metrics.sequence_labeling import get_entities

    return set(get_entities(list(tags)))


def name_entities(gold: Sequence[Sequence[str]]) -> bool:
    """Whether tags are IOB tags (B-PER, I-PER, O) rather than plain classes of words."""
    tags = {tag for sentence in gold for tag in sentence} - {OUTSIDE}
    return all(tag[1:2] == "-" and tag[0] in "BIESLU" for tag in tags)


def class_report(gold: Integers, predicted: Integers, labels: Sequence[str]) -> dict[str, Any]:
    """scikit-learn's classification_report over the classes that occur."""
    from sklearn.metrics import classification_report

    occurring = np.union1d(gold, predicted)
    report: dict[str, Any] = classification_report(
        gold,
        predicted,
        labels=occurring,
        target_names=[labels[number] for number in occurring],
        output_dict=True,
        zero_division=0,
    )
    return plain(report)


def entity_report(
    gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]
) -> dict[str, Any]:
    """seqeval's classification_report by entity type; empty where there is no entity at all."""
    from seqeval.metrics import classification_report

    if all(tag == OUTSIDE for tags in (*gold, *predicted) for tag in tags):
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tags that are no IOB tags; the report shows them
        report: dict[str, Any] = classification_report(
            [list(tags) for tags in gold],
            [list(tags) for tags in predicted],
            output_dict=True,
            zero_division=0,
        )
    return plain(report)


def plain(value: dict[str, Any]) -> dict[str, Any]:
    """numpy numbers as Python's, so that JSON takes them."""
    return {
        key: plain(inner) if isinstance(inner, dict) else float(inner)
        for key, inner in value.items()
    }


def paired_bootstrap(
    candidate: dict[str, Statistic],
    reference: dict[str, Statistic],
    *,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, dict[str, float]]:
    """The gain of the candidate in each score with its percentile interval.

    Examples are resampled with replacement, the same ones for both models, and every score is
    computed anew on each resample. Positive gain = the candidate is better, for losses too.
    """
    sides = [*candidate.values(), *reference.values()]
    bounds = np.cumsum([0, *(side.columns.shape[1] for side in sides)])
    columns = sparse.hstack([side.columns for side in sides], format="csc").T.tocsr()
    sums = _resampled_sums(columns, resamples, np.random.default_rng(seed))
    scores = [
        side.value(sums[:, start:end])
        for side, start, end in zip(sides, bounds[:-1], bounds[1:], strict=True)
    ]
    tail = (1 - confidence) / 2
    compared = {}
    for place, (name, statistic) in enumerate(candidate.items()):
        sign = -1.0 if statistic.lower_is_better else 1.0
        other = list(reference).index(name)
        gains = sign * (scores[place] - scores[len(candidate) + other])
        low, high = np.quantile(gains, [tail, 1 - tail])
        gain = sign * (statistic.score() - reference[name].score())
        compared[name] = {"difference": gain, "low": float(low), "high": float(high)}
    return compared


def _resampled_sums(columns: Any, resamples: int, rng: np.random.Generator) -> Floats:
    """Column sums [resamples, k] over resamples of the n examples; ``columns`` is [k, n]."""
    n = columns.shape[1]
    sums = []
    step = max(1, CELLS // n)
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        drawn = rng.integers(0, n, size=(size, n))
        flat = (drawn + np.arange(size)[:, None] * n).ravel()
        weights = np.bincount(flat, minlength=size * n).reshape(size, n)
        sums.append((columns @ weights.T.astype(np.float64)).T)
    return np.concatenate(sums)
