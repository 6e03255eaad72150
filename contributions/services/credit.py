"""The ledger: one line per admitted patch of a release, written once."""

from __future__ import annotations

from typing import Any

from contributions.models import Credit, Release

FORMULA = "path-integral-1"


def write(release: Release, result: dict[str, Any], *, metric: str) -> list[Credit]:
    """Credit lines from an attribution; patches that were not admitted have none."""
    by_submission = {line["id"]: line for line in result["credit"]}
    lines = []
    for patch in release.patches.filter(admitted=True).select_related("submission__contributor"):
        line = by_submission[str(patch.submission_id)]
        lines.append(
            Credit(
                release=release,
                submission=patch.submission,
                contributor=patch.submission.contributor,
                weight=line["weight"],
                amount=line["amount"],
                low=line["low"],
                high=line["high"],
                first_order=line["first_order"],
                alone=line.get("alone"),
                leave_one_out=line.get("leave_one_out"),
                metric_amount=line.get(metric),
                formula=result.get("formula") or FORMULA,
            )
        )
    return Credit.objects.bulk_create(lines)
