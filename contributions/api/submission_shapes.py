"""How submissions look: a line of a list, and one with all that belongs to it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from contributions.api.run_shapes import RunLineSerializer
from contributions.models import (
    Comparison,
    Credit,
    Decision,
    Key,
    Outcome,
    PatchKind,
    Review,
    Severity,
    Submission,
    SubmissionStatus,
)
from contributions.services.scores import LOSS, REPORTED_SPLIT, value_of
from registry.api.plain import Plain, moment
from registry.models import RepoType

# The columns that one line of a list shows.
LINE = [
    *("id", "title", "kind", "status", "status_reason", "status_since", "created_at"),
    *("head_revision", "base_revision", "discussion__num", "contributor__username"),
    *("repository__name", "repository__repo_type", "repository__namespace__name"),
    *("repository", "track__name", "track__repository"),
]
ACTIONS = ["cancel", "rerun", "withdraw", "open", "evaluate", "track", "answer"]


class GainSerializer(serializers.Serializer[Comparison]):
    difference = serializers.FloatField(help_text="Positive is better, in nats.")
    low = serializers.FloatField(help_text="95 % interval.")
    high = serializers.FloatField()


class SubmissionLineSerializer(serializers.Serializer[Submission]):
    id = serializers.IntegerField()
    url = serializers.SerializerMethodField(help_text="Its page.")
    title = serializers.CharField()
    repository = serializers.CharField(source="repository.full_name")
    repo_type = serializers.ChoiceField(RepoType.choices, source="repository.repo_type")
    pull_request = serializers.IntegerField(
        source="discussion.num", default=None, allow_null=True, help_text="null: first revision."
    )
    track = serializers.CharField(source="track.name", default=None, allow_null=True)
    contributor = serializers.CharField(source="contributor.username")
    kind = serializers.ChoiceField(PatchKind.choices)
    status = serializers.ChoiceField(SubmissionStatus.choices)
    status_label = serializers.SerializerMethodField()
    status_reason = serializers.CharField(allow_blank=True)
    status_since = serializers.DateTimeField()
    outcome = serializers.SerializerMethodField()
    head_revision = serializers.CharField()
    base_revision = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()

    def get_url(self, submission: Submission) -> str:
        request = self.context["request"]
        return str(request.build_absolute_uri(submission.get_absolute_url()))

    def get_status_label(self, submission: Submission) -> str:
        return SubmissionStatus(submission.status).english

    def get_outcome(self, submission: Submission) -> Outcome:
        return SubmissionStatus(submission.status).outcome


class SubmissionRowSerializer(SubmissionLineSerializer, Plain[Submission]):
    gain = serializers.SerializerMethodField(help_text="Newest gain of the loss on split T.")

    @staticmethod
    def plain(row: dict[str, Any], root: str) -> dict[str, Any]:
        """`row`: the columns of `LINE`, and `gain`."""
        status = SubmissionStatus(row["status"])
        return {
            "id": row["id"],
            "url": f"{root}{Submission(pk=row['id']).get_absolute_url()}",
            "title": row["title"],
            "repository": f"{row['repository__namespace__name']}/{row['repository__name']}",
            "repo_type": row["repository__repo_type"],
            "pull_request": row["discussion__num"],
            "track": row["track__name"],
            "contributor": row["contributor__username"],
            "kind": row["kind"],
            "status": row["status"],
            "status_label": status.english,
            "status_reason": row["status_reason"],
            "status_since": moment(row["status_since"]),
            "outcome": status.outcome.value,
            "head_revision": row["head_revision"],
            "base_revision": row["base_revision"],
            "created_at": moment(row["created_at"]),
            "gain": row["gain"],
        }

    @extend_schema_field(GainSerializer(allow_null=True))
    def get_gain(self, submission: Submission) -> dict[str, float] | None:
        gains: list[Comparison] = getattr(submission, "loss_gains", [])
        return GainSerializer(gains[-1]).data if gains else None


class FindingSerializer(serializers.Serializer[Any]):
    rule = serializers.CharField()
    severity = serializers.ChoiceField(Severity.choices)
    path = serializers.CharField(allow_blank=True)
    line = serializers.IntegerField(allow_null=True)
    message = serializers.CharField()
    fix = serializers.CharField(allow_blank=True)


class ScoreSerializer(serializers.Serializer[Comparison]):
    split = serializers.CharField(help_text="T reports results, V values contributions.")
    measure = serializers.CharField(help_text="loss (nats), or a metric.")
    candidate = serializers.SerializerMethodField()
    reference = serializers.SerializerMethodField()
    difference = serializers.FloatField(help_text="Gain: positive is better, for a loss too.")
    low = serializers.FloatField(help_text="95 % interval of the gain.")
    high = serializers.FloatField()
    examples = serializers.IntegerField(source="candidate.examples")

    def get_candidate(self, row: Comparison) -> float | None:
        return value_of(row.candidate, row.measure)

    def get_reference(self, row: Comparison) -> float | None:
        return value_of(row.reference, row.measure)


class ReviewSerializer(serializers.Serializer[Review]):
    id = serializers.IntegerField()
    key = serializers.ChoiceField(Key.choices)
    decision = serializers.ChoiceField(Decision.choices)
    reviewer = serializers.CharField(source="reviewer.username")
    revision = serializers.CharField(help_text="The head that was looked at.")
    reason_code = serializers.CharField(allow_blank=True)
    text = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    answer_due_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.CharField(source="answer.text", default=None, allow_null=True)


class KeySerializer(serializers.Serializer[Any]):
    key = serializers.ChoiceField(Key.choices)
    decision = serializers.ChoiceField(
        Decision.choices, allow_null=True, help_text="That stands on the head; null: waited for."
    )
    reviewer = serializers.CharField(allow_null=True)


class CreditSerializer(serializers.Serializer[Credit]):
    track = serializers.CharField(source="release.track.name")
    release = serializers.IntegerField(source="release.number")
    submission = serializers.IntegerField(source="submission_id")
    contributor = serializers.CharField(source="contributor.username")
    weight = serializers.FloatField()
    amount = serializers.FloatField(help_text="Nats on split V, along the merge.")
    low = serializers.FloatField(help_text="95 % interval.")
    high = serializers.FloatField()
    first_order = serializers.FloatField()
    alone = serializers.FloatField(allow_null=True)
    leave_one_out = serializers.FloatField(allow_null=True)
    metric_amount = serializers.FloatField(allow_null=True)
    formula = serializers.CharField()


class SubmissionSerializer(SubmissionLineSerializer):
    description = serializers.CharField(
        source="shown.description", allow_blank=True, help_text="Opening comment, markdown."
    )
    runs = RunLineSerializer(source="shown.runs", many=True, help_text="Newest first; at most 24.")
    findings = FindingSerializer(
        source="shown.findings", many=True, help_text="Of the newest check of the head."
    )
    scores = ScoreSerializer(
        source="shown.scores", many=True, help_text="Of the newest benchmark of the head."
    )
    keys = KeySerializer(source="shown.keys", many=True)
    reviews = ReviewSerializer(source="shown.reviews", many=True)
    credit = CreditSerializer(source="shown.credit", many=True)
    question = ReviewSerializer(
        source="shown.question", allow_null=True, help_text="What waits for an answer."
    )
    actions = serializers.ListField(
        source="shown.actions",
        child=serializers.ChoiceField(ACTIONS),
        help_text="What the caller may do now.",
    )


def newest_gains(submissions: Collection[int]) -> dict[int, dict[str, float]]:
    rows = Comparison.objects.filter(
        submission__in=submissions, split=REPORTED_SPLIT, measure=LOSS
    ).order_by("run_id")
    found = rows.values_list("submission_id", "difference", "low", "high")
    return {
        submission: {"difference": difference, "low": low, "high": high}
        for submission, difference, low, high in found
    }
