"""What happens to offers, reviews, tracks and releases, in words for the audit trail."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from registry.admin import words

words.VERBS.update(
    {
        "benchmark.created": _("Benchmark made"),
        "canned-reply.changed": _("Canned reply changed"),
        "canned-reply.deleted": _("Canned reply deleted"),
        "canned-reply.created": _("Canned reply written"),
        "discussion.comment-edited": _("Comment edited"),
        "discussion.comment-hidden": _("Comment hidden"),
        "discussion.commented": _("Comment in a discussion"),
        "discussion.opened": _("Discussion opened"),
        "discussion.renamed": _("Discussion renamed"),
        "discussion.status-changed": _("Discussion closed or opened again"),
        "hub-token.stored": _("Token of a Hub stored"),
        "publication.done": _("Published"),
        "publication.repeated": _("Publication asked for again"),
        "publication.requested": _("Publication asked for"),
        "publication.verified": _("Publication verified"),
        "pull-request.comment-edited": _("Comment edited"),
        "pull-request.comment-hidden": _("Comment hidden"),
        "pull-request.commented": _("Comment on a pull request"),
        "pull-request.merged": _("Pull request merged"),
        "pull-request.opened": _("Pull request opened"),
        "pull-request.renamed": _("Pull request renamed"),
        "pull-request.status-changed": _("Status of a pull request changed"),
        "release.cancelled": _("Release cancelled"),
        "release.made": _("Release made"),
        "release.started": _("Release started"),
        "review.answered": _("Question answered"),
        "review.claimed": _("Review claimed"),
        "review.given": _("Key decided on"),
        "review.given-back": _("Review given back"),
        "run.cancelled": _("Run cancelled"),
        "run.failed": _("Run failed"),
        "submission.checked": _("Submission checked"),
        "submission.evaluation-requested": _("Evaluation of the draft asked for"),
        "submission.received": _("Submission received"),
        "submission.rerun": _("Runs started again"),
        "submission.status": _("Status of a submission changed"),
        "submission.track-chosen": _("Track chosen"),
        "submission.withdrawn": _("Submission withdrawn"),
        "track.closed": _("Track closed"),
        "track.created": _("Track begun"),
        "track.opened": _("Track opened"),
        "track.policy-changed": _("Policy of a track changed"),
        "track.reopened": _("Track opened again"),
    }
)
words.KINDS.update(
    {
        "benchmark": (_("Benchmark"), "/admin/contributions/benchmark/{}/"),
        "canned-reply": (_("Canned reply"), "/admin/contributions/cannedreply/{}/"),
        "discussion": (_("Discussion"), ""),
        "publication": (_("Publication"), "/admin/contributions/publication/{}/"),
        "pull-request": (_("Pull request"), ""),
        "release": (_("Release"), ""),
        "run": (_("Run"), "/runs/{}"),
        "submission": (_("Submission"), "/submissions/{}"),
        "track": (_("Track"), "/admin/contributions/track/{}/"),
    }
)
