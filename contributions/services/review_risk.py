"""How much care a submission asks of its reviewers: 0 (low) to 3 (high), each point explained."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from contributions.models import (
    PatchKind,
    Severity,
    Submission,
    SubmissionStatus,
)
from contributions.services import findings

HIGHEST = 3
WORDS = (
    pgettext_lazy("risk", "low"),
    pgettext_lazy("risk", "some"),
    pgettext_lazy("risk", "raised"),
    pgettext_lazy("risk", "high"),
)
_MANY = re.compile(r"(\d+) findings to look at")
# Kept in English with the item; each reader has them in their own language.
_REASONS: dict[str, Any] = {
    "a finding": _("a finding"),
    "a finding about people's data": _("a finding about people's data"),
    "changes code": _("changes code"),
    "brings data": _("brings data"),
    "for a private repository": _("for a private repository"),
    "nothing of this contributor has passed before": _(
        "nothing of this contributor has passed before"
    ),
}
# Rules of the checks that are about people.
ABOUT_PEOPLE = ("personal", "privacy", "secret")
_PASSED = (SubmissionStatus.APPROVED, SubmissionStatus.RELEASED, SubmissionStatus.PUBLISHED)


def of(submission: Submission) -> tuple[int, list[str]]:
    """The risk and its reasons."""
    reasons = [*_of_findings(submission), *_of_kind(submission), *_of_people(submission)]
    points = sum(weight for weight, _ in reasons)
    return min(points, HIGHEST), [reason for _, reason in reasons]


def word(risk: int) -> str:
    return str(WORDS[min(risk, HIGHEST)])


def in_words(reasons: list[str]) -> list[str]:
    return [_in_words(reason) for reason in reasons]


def _in_words(reason: str) -> str:
    if many := _MANY.fullmatch(reason):
        count = int(many[1])
        return ngettext("%d finding to look at", "%d findings to look at", count) % count
    return str(_REASONS.get(reason, reason))


def _of_findings(submission: Submission) -> list[tuple[int, str]]:
    warnings = findings.of_head(submission).filter(severity=Severity.WARN)
    rules = list(warnings.values_list("rule", flat=True))
    found: list[tuple[int, str]] = []
    if rules:
        found.append((1, f"{len(rules)} findings to look at" if rules[1:] else "a finding"))
    if any(rule.startswith(ABOUT_PEOPLE) for rule in rules):
        found.append((2, "a finding about people's data"))
    return found


def _of_kind(submission: Submission) -> list[tuple[int, str]]:
    found = []
    if submission.kind == PatchKind.CODE:
        found.append((2, "changes code"))
    if submission.kind == PatchKind.DATA:
        found.append((1, "brings data"))
    if submission.repository.private:
        found.append((1, "for a private repository"))
    return found


def _of_people(submission: Submission) -> list[tuple[int, str]]:
    passed = Submission.objects.filter(
        contributor=submission.contributor_id, status__in=_PASSED
    ).exclude(pk=submission.pk)
    return [] if passed.exists() else [(1, "nothing of this contributor has passed before")]
