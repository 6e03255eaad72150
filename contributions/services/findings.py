"""Findings of a check: bounded, because its program has read a stranger's files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Case, QuerySet, Value, When

from contributions.models import Finding, Run, RunKind, Severity, Submission

# More is not read by people; what blocks comes first.
MOST = 500
LONGEST_TEXT = 4000
_LARGEST_LINE = 2**31 - 1
_ORDER = list(Severity)
_WORST_FIRST = Case(
    *(When(severity=severity, then=Value(place)) for place, severity in enumerate(_ORDER))
)


def of_head(submission: Submission) -> QuerySet[Finding]:
    """Of the newest check of the head only, what blocks first: older ones were about other files.

    One query.
    """
    check = Run.objects.filter(
        submission=submission, kind=RunKind.CHECK, head_revision=submission.head_revision
    ).order_by("-id")
    found = Finding.objects.filter(run__in=check.values("pk")[:1])
    return found.order_by(_WORST_FIRST, "path", "line", "id")


def record(run: Run, submission: Submission, told: Sequence[dict[str, Any]]) -> None:
    worst_first = sorted(told, key=lambda found: _ORDER.index(Severity(found["severity"])))
    Finding.objects.bulk_create(_finding(run, submission, found) for found in worst_first[:MOST])


def _finding(run: Run, submission: Submission, found: dict[str, Any]) -> Finding:
    line = found.get("line")
    return Finding(
        submission=submission,
        run=run,
        rule=str(found["rule"])[:64],
        severity=Severity(found["severity"]),
        path=str(found.get("path") or "")[:1024],
        line=line if isinstance(line, int) and 0 <= line <= _LARGEST_LINE else None,
        message=str(found["message"])[:LONGEST_TEXT],
        fix=str(found.get("fix") or "")[:LONGEST_TEXT],
    )
