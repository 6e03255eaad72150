"""How runs look, and the part of a log that a reader has not seen."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from contributions.models import FailureClass, Run, RunKind, RunStatus

_NOT_SHOWN = ("log", "curve", "plan", "spec", "result")


class RunLineSerializer(serializers.Serializer[Run]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(RunKind.choices)
    status = serializers.ChoiceField(RunStatus.choices)
    head_revision = serializers.CharField(allow_blank=True)
    attempt = serializers.IntegerField()
    worker = serializers.CharField(allow_blank=True)
    progress = serializers.JSONField(help_text="What the program tells: step, steps, stage, loss.")
    failure_class = serializers.ChoiceField(FailureClass.choices, allow_blank=True)
    reason = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class AttemptSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    worker = serializers.CharField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True)
    seconds = serializers.FloatField(help_text="Device-seconds.")


class RunSerializer(RunLineSerializer):
    url = serializers.SerializerMethodField()
    submission = serializers.IntegerField(source="submission_id", allow_null=True)
    track = serializers.CharField(source="track.name", default=None, allow_null=True)
    contributor = serializers.CharField(source="contributor.username")
    sandbox = serializers.CharField(allow_blank=True)
    curve = serializers.JSONField(help_text="Points: step, loss, learning_rate …")
    attempts = AttemptSerializer(many=True)

    def get_url(self, run: Run) -> str:
        return str(self.context["request"].build_absolute_uri(f"/runs/{run.pk}"))


class LogSerializer(serializers.Serializer[Any]):
    run = serializers.IntegerField(allow_null=True)
    text = serializers.CharField(allow_blank=True)
    next_offset = serializers.IntegerField(help_text="Ask with `after=` this for what comes then.")
    finished = serializers.BooleanField()
    status = serializers.ChoiceField(RunStatus.choices)


def lines(runs: QuerySet[Run]) -> QuerySet[Run]:
    """Newest first, without what is long."""
    return runs.defer(*_NOT_SHOWN).order_by("-id")


def log_after(run: Run, after: int) -> dict[str, Any]:
    """Offsets count characters since the attempt began; only the end of a log is kept."""
    end = run.log_start + len(run.log)
    known = after - run.log_start if after <= end else 0
    return {
        "run": run.pk,
        "text": run.log[max(known, 0) :],
        "next_offset": end,
        "finished": RunStatus(run.status).is_over,
        "status": run.status,
    }
