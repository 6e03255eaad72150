"""The figures of a release as pictures and sentences: credit, the way to its loss, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from contributions.models import Credit, Release, ReleasePatch
from contributions.services.scores import LOSS
from contributions.web.charts import Interval, Scale
from contributions.web.plots import Amount, Bars, bars
from contributions.web.scores import ClassLine, class_lines
from registry.templatetags.figures import number, signed

# Differences smaller than that are not worth a bar of their own.
NOTHING = 5e-5


@dataclass(frozen=True)
class Share:
    credit: Credit
    interval: Interval
    percent: float | None
    shapley: float | None
    why: list[str]


@dataclass(frozen=True)
class Measure:
    """One measure on T, before and after the merge."""

    name: str
    before: float | None
    after: float | None
    gain: Interval | None


def told(
    release: Release,
    patches: Sequence[ReleasePatch],
    credits: Sequence[Credit],
    visible: Collection[int],
) -> dict[str, Any]:
    clusters = (release.evidence.get("merge") or {}).get("clusters") or []
    return {
        "shares": _shares(release, patches, credits),
        "credit_bars": _credit_bars(credits, visible),
        "waterfall": _waterfall(release, credits, visible),
        "measures": _measures(release),
        "classes": _classes(release),
        "copies": [_(" and ").join(str(member) for member in cluster) for cluster in clusters],
    }


def _shares(
    release: Release, patches: Sequence[ReleasePatch], credits: Sequence[Credit]
) -> list[Share]:
    scale = Scale.over(bound for c in credits for bound in (c.low, c.high))
    whole = sum(c.amount for c in credits)
    shapley = (release.evidence.get("attribute") or {}).get("kernel_shap") or {}
    by_submission = {patch.submission_id: patch for patch in patches}
    return [
        Share(
            credit=c,
            interval=scale.interval(c.amount, c.low, c.high),
            percent=100 * c.amount / whole if whole > 0 else None,
            shapley=shapley.get(str(c.submission_id)),
            why=_why(release, c, by_submission.get(c.submission_id)),
        )
        for c in credits
    ]


def _why(release: Release, credit: Credit, patch: ReleasePatch | None) -> list[str]:
    """How the number came about, in sentences."""
    merge = release.evidence.get("merge") or {}
    gate = (merge.get("gate") or {}).get(str(credit.submission_id)) or {}
    said = []
    if patch is not None and patch.gate_gain is not None:
        said.append(
            _(
                "The gate: beside the others, with its weight of %(weight)s, the loss on V changes "
                "by %(gain)s nats for the better; with 95 %% certainty by %(lower)s or more."
            )
            % {
                "weight": number(credit.weight, 3),
                "gain": signed(patch.gate_gain),
                "lower": signed(patch.gate_lower),
            }
        )
    if isinstance(gate.get("probability_gain"), int | float):
        said.append(
            _("Right answers become more probable by %s on average.")
            % signed(gate["probability_gain"])
        )
    said += _compared(credit)
    copies = [c for c in merge.get("clusters") or [] if str(credit.submission_id) in map(str, c)]
    if copies:
        others = [str(m) for m in copies[0] if str(m) != str(credit.submission_id)]
        said.append(
            _("It says nearly the same as submission %s: they shared one start weight.")
            % ", ".join(others)
        )
    return said


def _compared(credit: Credit) -> list[str]:
    """Path integral beside the simpler answers, and what a difference between them means."""
    said = [
        _(
            "The straight-line guess at the base is %(first)s nats; along the whole path it is "
            "%(amount)s, since what is merged already changes what a step more still brings."
        )
        % {"first": signed(credit.first_order), "amount": signed(credit.amount)}
    ]
    if credit.alone is not None and credit.leave_one_out is not None:
        overlap = credit.alone - credit.leave_one_out
        meaning = (
            _("the others know part of the same")
            if overlap > NOTHING
            else _("it adds to what the others know")
            if overlap < -NOTHING
            else _("it knows what no other knows")
        )
        said.append(
            _("Alone it would bring %(alone)s; without it %(left)s would be lost: %(meaning)s.")
            % {
                "alone": signed(credit.alone),
                "left": signed(credit.leave_one_out),
                "meaning": meaning,
            }
        )
    return said


def _name(credit: Credit, visible: Collection[int]) -> str:
    who = credit.contributor.username
    told_as = who if credit.submission_id not in visible else f"{who} · {credit.submission_id}"
    return told_as if len(told_as) <= 26 else f"{told_as[:25]}…"


def _credit_bars(credits: Sequence[Credit], visible: Collection[int]) -> Bars | None:
    return bars(
        [
            Amount(
                _name(c, visible),
                0.0,
                c.amount,
                signed(c.amount),
                "gain" if c.amount >= 0 else "loss",
                c.low,
                c.high,
                f"#why-{c.submission_id}",
            )
            for c in credits
        ]
    )


def _waterfall(
    release: Release, credits: Sequence[Credit], visible: Collection[int]
) -> dict[str, Any] | None:
    """From the base's loss on V down to the release's: every credit a step, and what is left."""
    found = _losses(release)
    if found is None or not credits:
        return None
    base, merged = found
    steps, at = [Amount(_("Base"), base, base, number(base), "total")], base
    for credit in credits:
        tone = "gain" if credit.amount >= 0 else "loss"
        after = at - credit.amount
        steps.append(Amount(_name(credit, visible), at, after, signed(-credit.amount), tone))
        at = after
    rest = merged - at
    if abs(rest) > NOTHING:
        steps.append(Amount(_("Rounding of the path"), at, merged, signed(rest), "total"))
    steps.append(Amount(_("This release"), merged, merged, number(merged), "total"))
    return {
        "bars": bars(steps, around_zero=False),
        "rows": [(s.name, s.said, number(s.end)) for s in steps],
        "base": base,
        "merged": merged,
        "sum": sum(credit.amount for credit in credits),
        "rest": rest,
    }


def _losses(release: Release) -> tuple[float, float] | None:
    attributed = release.evidence.get("attribute") or {}
    on_v = ((release.evidence.get("merge") or {}).get("losses") or {}).get("V") or {}
    base = attributed.get("base_loss", on_v.get("base"))
    merged = attributed.get("merged_loss", on_v.get("merged"))
    if not isinstance(base, int | float) or not isinstance(merged, int | float):
        return None
    return float(base), float(merged)


def _measures(release: Release) -> list[Measure]:
    report = _report(release)
    base, merged = report.get("base") or {}, report.get("merged") or {}
    before, after = base.get("metrics") or {}, merged.get("metrics") or {}
    gains: Mapping[str, Any] = report.get("gain") or {}
    scale = Scale.over(gain[side] for gain in gains.values() for side in ("low", "high"))

    def measure(name: str, was: float | None, now: float | None) -> Measure:
        gain = gains.get(name)
        drawn = scale.interval(gain["difference"], gain["low"], gain["high"]) if gain else None
        return Measure(name, was, now, drawn)

    found = [measure(LOSS, base.get("loss"), merged.get("loss"))]
    found += [measure(name, before.get(name), value) for name, value in after.items()]
    return [line for line in found if isinstance(line.after, int | float)]


def _classes(release: Release) -> list[ClassLine]:
    report = _report(release)
    base, merged = report.get("base") or {}, report.get("merged") or {}
    return class_lines(merged.get("report") or {}, base.get("report") or {})


def _report(release: Release) -> dict[str, Any]:
    return release.evidence.get("report_T") or {}
