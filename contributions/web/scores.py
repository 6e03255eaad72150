"""What the measured numbers say, in the words of the pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contributions.models import Comparison
from contributions.services.scores import LOSS, value_of
from contributions.web.charts import Interval, Scale
from registry.templatetags.figures import number

_NAMES = {
    LOSS: gettext_lazy("Loss"),
    "accuracy": gettext_lazy("Accuracy"),
    "f1": gettext_lazy("F1 of entities"),
    "f1_macro": gettext_lazy("F1, mean over classes"),
    "f1_micro": gettext_lazy("F1, over all examples"),
    "f1_weighted": gettext_lazy("F1, weighted by class"),
    "precision": gettext_lazy("Precision"),
    "recall": gettext_lazy("Recall"),
}
SPLIT_WORDS = {
    "V": gettext_lazy("V (values contributions)"),
    "T": gettext_lazy("T (reports results)"),
}


def measure_name(measure: str) -> str:
    return str(_NAMES.get(measure, measure.replace("_", " ").capitalize()))


@dataclass(frozen=True)
class Line:
    """One measure on one split: candidate beside reference, and the gain between them."""

    measure: str
    name: str
    candidate: float | None
    reference: float | None
    gain: Interval

    @property
    def is_loss(self) -> bool:
        return self.measure == LOSS

    @property
    def unit(self) -> str:
        return _("nats") if self.is_loss else ""

    @property
    def said(self) -> str:
        """The gain as a sentence: which way, how much, and whether that is certain."""
        return gain_words(self.gain, self.unit)


def gain_words(gain: Interval, unit: str = "") -> str:
    certain = {
        "better": _("better by %(size)s, 95 %% interval %(low)s to %(high)s: certain"),
        "worse": _("worse by %(size)s, 95 %% interval %(low)s to %(high)s: certain"),
    }
    unclear = _("%(size)s, but the 95 %% interval %(low)s to %(high)s holds zero: not certain")
    sign = -1 if gain.verdict == "worse" else 1
    low, high = sorted((sign * gain.low, sign * gain.high))
    size = f"{number(sign * gain.value)} {unit}".strip()
    words = certain.get(gain.verdict, unclear)
    return words % {"size": size, "low": number(low), "high": number(high)}


@dataclass(frozen=True)
class SplitScores:
    split: str
    words: str
    examples: int
    lines: list[Line]
    classes: list[ClassLine]
    harness: str


@dataclass(frozen=True)
class ClassLine:
    """One class of the classification report, candidate beside reference."""

    label: str
    precision: float | None
    recall: float | None
    f1: float | None
    reference_f1: float | None
    support: int | None
    is_mean: bool


def latest(comparisons: Iterable[Comparison]) -> list[Comparison]:
    """Of repeated measurements only those of the newest run that measured."""
    listed = list(comparisons)
    newest = max((comparison.run_id for comparison in listed), default=0)
    return [comparison for comparison in listed if comparison.run_id == newest]


def by_split(comparisons: Iterable[Comparison], *, primary: str = "") -> list[SplitScores]:
    """T first: it is what results are reported on."""
    chosen = latest(comparisons)
    scale = {
        is_loss: Scale.over(
            bound for c in chosen if (c.measure == LOSS) is is_loss for bound in (c.low, c.high)
        )
        for is_loss in (True, False)
    }
    found = []
    for split in ("T", "V"):
        rows = [c for c in chosen if c.split == split]
        if rows:
            rows.sort(key=lambda c: (c.measure != primary, c.measure != LOSS, c.measure))
            found.append(_split(split, rows, scale))
    return found


def _split(split: str, rows: list[Comparison], scale: Mapping[bool, Scale]) -> SplitScores:
    candidate, reference = rows[0].candidate, rows[0].reference
    return SplitScores(
        split=split,
        words=str(SPLIT_WORDS[split]),
        examples=candidate.examples,
        lines=[
            Line(
                row.measure,
                measure_name(row.measure),
                value_of(candidate, row.measure),
                value_of(reference, row.measure),
                scale[row.measure == LOSS].interval(row.difference, row.low, row.high),
            )
            for row in rows
        ],
        classes=class_lines(candidate.report, reference.report),
        harness=candidate.harness,
    )


def class_lines(report: Mapping[str, Any], reference: Mapping[str, Any]) -> list[ClassLine]:
    """classification_report as rows; means last."""
    lines = []
    for label, figures in report.items():
        if not isinstance(figures, Mapping):
            continue
        other = reference.get(label)
        lines.append(
            ClassLine(
                label=label,
                precision=_figure(figures, "precision"),
                recall=_figure(figures, "recall"),
                f1=_figure(figures, "f1-score"),
                reference_f1=_figure(other, "f1-score") if isinstance(other, Mapping) else None,
                support=round(_figure(figures, "support") or 0),
                is_mean=label.endswith(" avg"),
            )
        )
    return sorted(lines, key=lambda line: line.is_mean)


def _figure(figures: Mapping[str, Any], name: str) -> float | None:
    value = figures.get(name)
    return float(value) if isinstance(value, (int, float)) else None
