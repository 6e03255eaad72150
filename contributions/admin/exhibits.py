"""The evidence of a review page: one exhibit at a time, each with an address of its own."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from contributions.models import (
    Comparison,
    Review,
    Submission,
)
from contributions.services import evidence, findings
from contributions.web import excerpts
from contributions.web.scores import by_split
from registry.admin.navigation import Words
from registry.models import Event, Revision

FINDINGS = 100
EXHIBITS: dict[str, Words] = {
    "findings": _("Findings"),
    "changes": _("Changes"),
    "scores": _("Scores"),
    "lineage": _("Lineage"),
    "history": _("History"),
}


def chosen(request: HttpRequest, submission: Submission, given: list[Review]) -> dict[str, Any]:
    name = request.GET.get("show", "findings")
    name = name if name in EXHIBITS else "findings"
    links = []
    for other, title in EXHIBITS.items():
        query = request.GET.copy()
        query["show"] = other
        links.append((title, f"?{query.urlencode()}", other == name))
    show = {
        "findings": _findings,
        "changes": _changes,
        "scores": _scores,
        "lineage": _lineage,
        "history": _history,
    }[name]
    return {"exhibit": name, "exhibits": links, "given": given, **show(submission)}


def _findings(submission: Submission) -> dict[str, Any]:
    """Each with the lines that it is about."""
    found = list(findings.of_head(submission)[:FINDINGS])
    tree = None
    if any(finding.line for finding in found):
        head = Revision.objects.filter(
            repository=submission.repository, oid=submission.head_revision
        )
        tree = head.values_list("tree", flat=True).first()
    return {"files": excerpts.by_file(submission, found, tree=tree)}


def _changes(submission: Submission) -> dict[str, Any]:
    listed = evidence.changes(submission)
    return {"changes": listed, "most": evidence.FILES if len(listed) == evidence.FILES else 0}


def _scores(submission: Submission) -> dict[str, Any]:
    """Never outcomes per example: who sees those could write a patch to them."""
    compared = Comparison.objects.filter(
        submission=submission,
        run__head_revision=submission.head_revision,
        run__track=submission.track,
    ).select_related("candidate", "reference")
    primary = submission.track.metric if submission.track else ""
    return {"scores": by_split(compared, primary=primary)}


def _lineage(submission: Submission) -> dict[str, Any]:
    return {"ancestors": evidence.lineage(submission), "card": evidence.declared(submission)}


def _history(submission: Submission) -> dict[str, Any]:
    trail = Event.objects.filter(subject=f"submission:{submission.pk}").select_related("actor")
    return {"trail": trail.order_by("-id")[:100]}
