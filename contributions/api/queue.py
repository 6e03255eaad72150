"""What waits, what runs and who works, as on the page of the queue."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contributions.models import FailureClass, RunKind
from contributions.services import queue
from registry.api.endpoints import Endpoint


class WaitingSerializer(serializers.Serializer[Any]):
    queue = serializers.CharField()
    kind = serializers.ChoiceField(RunKind.choices)
    count = serializers.IntegerField()
    oldest = serializers.DateTimeField()
    outage = serializers.BooleanField(help_text="No worker serves this queue.")


class RunningSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(RunKind.choices)
    count = serializers.IntegerField()


class WorkerSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    queues = serializers.ListField(child=serializers.CharField())
    concurrency = serializers.IntegerField()
    device = serializers.CharField(allow_blank=True)
    version = serializers.CharField(allow_blank=True)
    seen_at = serializers.DateTimeField()


class FailureSerializer(serializers.Serializer[Any]):
    failure_class = serializers.ChoiceField(FailureClass.choices, allow_blank=True)
    count = serializers.IntegerField()


class QueueSerializer(serializers.Serializer[Any]):
    waiting = WaitingSerializer(many=True)
    running = RunningSerializer(many=True)
    workers = WorkerSerializer(many=True, allow_null=True, help_text="null: nobody knows.")
    failures = FailureSerializer(many=True, help_text="Of the last day.")


class Queue(Endpoint):
    @extend_schema(operation_id="queue", responses=QueueSerializer, tags=["runs"])
    def get(self, request: Request) -> Response:
        """What waits and runs, and the workers that are there."""
        alive = queue.workers()
        at_work = queue.running().order_by().values("kind").annotate(count=Count("pk"))
        failures = [{"failure_class": name, "count": count} for name, count in queue.failures()]
        shown = {
            "waiting": queue.waiting(alive),
            "running": at_work.order_by("kind"),
            "workers": alive,
            "failures": failures,
        }
        return Response(QueueSerializer(shown).data)
