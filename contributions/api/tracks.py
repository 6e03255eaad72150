"""Tracks: what a community works on, and the leaderboard of each."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contributions.api import lookup
from contributions.models import Task, Track, TrackDataset, TrackStatus
from contributions.services import access
from registry.api.endpoints import Endpoint
from registry.api.filters import Filters
from registry.api.plain import Plain, moment
from registry.models import Repository, User

TAG = ["tracks"]


class TrackSerializer(Plain[Track]):
    name = serializers.CharField()
    title = serializers.CharField()
    url = serializers.SerializerMethodField()
    task = serializers.ChoiceField(Task.choices)
    status = serializers.ChoiceField(TrackStatus.choices)
    status_reason = serializers.CharField(allow_blank=True)
    repository = serializers.CharField(source="repository.full_name")
    metric = serializers.CharField()
    base_revision = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()

    @staticmethod
    def plain(row: Track, root: str) -> dict[str, Any]:
        return {
            "name": row.name,
            "title": row.title,
            "url": root + row.get_absolute_url(),
            "task": row.task,
            "status": row.status,
            "status_reason": row.status_reason,
            "repository": row.repository.full_name,
            "metric": row.metric,
            "base_revision": row.base_revision,
            "created_at": moment(row.created_at),
        }

    def get_url(self, track: Track) -> str:
        return str(self.context["request"].build_absolute_uri(track.get_absolute_url()))


class TrainingDataSerializer(serializers.Serializer[TrackDataset]):
    dataset = serializers.CharField(source="dataset.full_name")
    revision = serializers.CharField()
    path = serializers.CharField(allow_blank=True)


class BenchmarkSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    metric = serializers.CharField()
    digest = serializers.CharField()
    examples = serializers.SerializerMethodField(help_text="Of each split.")

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_examples(self, benchmark: Any) -> dict[str, int]:
        return {name: len(rows) for name, rows in benchmark.splits.items()}


class TrackDetailSerializer(TrackSerializer):
    description = serializers.CharField(allow_blank=True)
    temperature = serializers.FloatField(allow_null=True)
    policy = serializers.DictField(help_text="keys, finetune_seconds, max_steps …")
    benchmark = BenchmarkSerializer()
    training_data = TrainingDataSerializer(source="shown_data", many=True)


class TrackFilter(Filters):
    status = django_filters.ChoiceFilter(choices=TrackStatus.choices)
    task = django_filters.ChoiceFilter(choices=Task.choices)
    repository = django_filters.CharFilter(method="of", help_text="namespace/name")

    class Meta:
        model = Track
        fields: ClassVar[list[str]] = []

    @extend_schema_field(OpenApiTypes.STR)
    def of(self, rows: QuerySet[Any], _: str, name: str) -> QuerySet[Any]:
        return rows.filter(repository__in=lookup.repository_ids(name))


class Tracks(Endpoint):
    queryset = Track.objects.none()
    filterset_class = TrackFilter

    @extend_schema(operation_id="tracks_list", responses=TrackSerializer(many=True), tags=TAG)
    def get(self, request: Request) -> Response:
        """Newest first."""
        rows = Track.objects.visible_to(self.caller.user).select_related("repository__namespace")
        return self.page(rows, TrackSerializer)


class OneTrack(Endpoint):
    @extend_schema(operation_id="tracks_retrieve", responses=TrackDetailSerializer, tags=TAG)
    def get(self, request: Request, name: str) -> Response:
        """One with its rules, benchmark and training data."""
        track = access.track(self.caller, name)
        track.shown_data = _training_data(track, self.caller.user)  # type: ignore[attr-defined]
        context = self.get_serializer_context()
        return Response(TrackDetailSerializer(track, context=context).data)


def _training_data(track: Track, user: User | None) -> list[TrackDataset]:
    seen = Repository.objects.open_to(user).values("pk")
    rows = track.training_data.filter(dataset__in=seen).select_related("dataset__namespace")
    return list(rows.order_by("pk"))
