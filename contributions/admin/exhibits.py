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
from contributions.web import excerpts, timeline
from contributions.web.scores import by_split
from contributions.web.submission_page import thread
from registry.admin.navigation import Words
from registry.models import Revision

FINDINGS = 100
HISTORY = 200
EXHIBITS: dict[str, Words] = {
    "findings": _("Findings"),
    "changes": _("Changes"),
    "scores": _("Scores"),
    "lineage": _("Lineage"),
    "history": _("History"),
}
_CARD: dict[str, Words] = {
    "license": _("Licence"),
    "base_model": _("Base model"),
    "datasets": _("Datasets"),
}


def chosen(request: HttpRequest, submission: Submission, given: list[Review]) -> dict[str, Any]:
    name = request.GET.get("show", "findings")
    name = name if name in EXHIBITS else "findings"
    links = []
    for other, title in EXHIBITS.items():
        query = request.GET.copy()
        query["show"] = other
        links.append((title, f"?{query.urlencode()}", other == name))
    shared = {"exhibit": name, "exhibits": links, "given": given}
    if name == "history":
        return {**shared, **_history(submission, given)}
    show = {
        "findings": _findings,
        "changes": _changes,
        "scores": _scores,
        "lineage": _lineage,
    }[name]
    return {**shared, **show(submission)}


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
    told = evidence.declared(submission)
    card = [(words, told[name]) for name, words in _CARD.items() if name in told]
    return {"ancestors": evidence.lineage(submission), "card": card}


def _history(submission: Submission, given: list[Review]) -> dict[str, Any]:
    """As the page of the submission tells it, the latest first."""
    ended = submission.runs.only("kind", "status", "reason", "finished_at").order_by("-id")
    patches = submission.release_patches.select_related("release__track")
    found = timeline.moments(
        submission,
        events=timeline.events_of(submission),
        thread=thread(submission),
        runs=ended[: timeline.MOST],
        reviews=given,
        patches=list(patches),
    )
    return {"moments": sorted(found, key=lambda moment: moment.at, reverse=True)[:HISTORY]}
