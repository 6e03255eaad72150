"""How much care a submission asks of its reviewers: 0 (low) to 3 (high), each point explained."""

from __future__ import annotations

from contributions.models import (
    PatchKind,
    Severity,
    Submission,
    SubmissionStatus,
)
from contributions.services import findings

HIGHEST = 3
WORDS = ("low", "some", "raised", "high")
# Rules of the checks that are about people.
ABOUT_PEOPLE = ("personal", "privacy", "secret")
_PASSED = (SubmissionStatus.APPROVED, SubmissionStatus.RELEASED, SubmissionStatus.PUBLISHED)


def of(submission: Submission) -> tuple[int, list[str]]:
    """The risk and its reasons."""
    reasons = [*_of_findings(submission), *_of_kind(submission), *_of_people(submission)]
    points = sum(weight for weight, _ in reasons)
    return min(points, HIGHEST), [reason for _, reason in reasons]


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
