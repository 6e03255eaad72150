"""Releases: what was merged with which weight, and who brought what of the gain."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contributions.api import lookup
from contributions.api.submission_shapes import CreditSerializer
from contributions.models import Release, ReleasePatch, ReleaseStatus
from contributions.services import access, releases
from registry.api.bodies import Nothing
from registry.api.endpoints import Endpoint
from registry.api.filters import Filters

TAG = ["releases"]


class ReleaseSerializer(serializers.Serializer[Release]):
    track = serializers.CharField(source="track.name")
    number = serializers.IntegerField(help_text="0 is the calibrated base.")
    url = serializers.SerializerMethodField()
    status = serializers.ChoiceField(ReleaseStatus.choices)
    reason = serializers.CharField(allow_blank=True)
    base_revision = serializers.CharField(allow_blank=True)
    revision = serializers.CharField(allow_blank=True, help_text="The commit on main.")
    gain_v = serializers.FloatField(allow_null=True, help_text="Nats on split V.")
    gain_t = serializers.FloatField(allow_null=True, help_text="Nats on split T.")
    created_at = serializers.DateTimeField()
    released_at = serializers.DateTimeField(allow_null=True)

    def get_url(self, release: Release) -> str:
        return str(self.context["request"].build_absolute_uri(release.get_absolute_url()))


class PatchSerializer(serializers.Serializer[ReleasePatch]):
    submission = serializers.IntegerField(source="submission_id")
    contributor = serializers.CharField(source="submission.contributor.username")
    head_revision = serializers.CharField()
    artifact_revision = serializers.CharField()
    admitted = serializers.BooleanField(allow_null=True, help_text="null: not decided yet.")
    weight = serializers.FloatField(allow_null=True)
    gate_gain = serializers.FloatField(allow_null=True, help_text="Nats on V.")
    gate_lower = serializers.FloatField(allow_null=True, help_text="One-sided 95 % bound.")
    reason = serializers.CharField(allow_blank=True)


class ReleaseDetailSerializer(ReleaseSerializer):
    created_by = serializers.CharField(source="created_by.username")
    formula = serializers.CharField(allow_blank=True)
    nodes = serializers.IntegerField(allow_null=True, help_text="Of the path integral.")
    gap = serializers.FloatField(allow_null=True, help_text="|sum of credit − gain| in nats.")
    kappa = serializers.FloatField(allow_null=True)
    scores = serializers.SerializerMethodField(help_text="On split T: base, merged, gain.")
    patches = PatchSerializer(source="shown_patches", many=True)
    credit = CreditSerializer(source="shown_credit", many=True)

    def get_scores(self, release: Release) -> dict[str, Any]:
        report = release.evidence.get("report_T") or {}
        models = {
            role: {key: report[role].get(key) for key in ("loss", "metrics")}
            for role in ("base", "merged")
            if isinstance(report.get(role), dict)
        }
        return {**models, "gain": report.get("gain") or {}}


class ReleaseFilter(Filters):
    track = django_filters.CharFilter(method="of_track")
    status = django_filters.ChoiceFilter(choices=ReleaseStatus.choices)

    class Meta:
        model = Release
        fields: ClassVar[list[str]] = []

    @extend_schema_field(OpenApiTypes.STR)
    def of_track(self, rows: QuerySet[Any], _: str, name: str) -> QuerySet[Any]:
        return rows.filter(track=lookup.track_id(name, self.request))


def _rows(rows: QuerySet[Release]) -> QuerySet[Release]:
    return rows.select_related("track__repository__namespace").defer("evidence")


class Releases(Endpoint):
    queryset = Release.objects.none()
    filterset_class = ReleaseFilter

    @extend_schema(operation_id="releases_list", responses=ReleaseSerializer(many=True), tags=TAG)
    def get(self, request: Request) -> Response:
        """Of every track that the caller may see, newest first."""
        return self.page(_rows(Release.objects.visible_to(self.caller.user)), ReleaseSerializer)


class TrackReleases(Endpoint):
    queryset = Release.objects.none()
    ordering = ("-number", "-id")

    @extend_schema(
        operation_id="tracks_releases_list", responses=ReleaseSerializer(many=True), tags=TAG
    )
    def get(self, request: Request, name: str) -> Response:
        """Of one track, newest first."""
        track = access.track(self.caller, name)
        return self.page(_rows(Release.objects.filter(track=track)), ReleaseSerializer)

    @extend_schema(
        operation_id="tracks_releases_create",
        request=Nothing,
        responses={201: ReleaseDetailSerializer},
        tags=TAG,
    )
    def post(self, request: Request, name: str) -> Response:
        """Merge the approved patches. For maintainers; one that is at work is given back."""
        track = access.track(self.caller, name)
        user = self.caller.maintaining("make a release")
        self.read(Nothing)
        made = releases.start_release(track, actor=user)
        place = reverse("work-api:release", args=[track.name, made.number])
        shown = _shown(self, access.release(self.caller, track.name, made.number))
        shown.status_code = 201
        shown["Location"] = request.build_absolute_uri(place)
        return shown


class OneRelease(Endpoint):
    @extend_schema(
        operation_id="tracks_releases_retrieve", responses=ReleaseDetailSerializer, tags=TAG
    )
    def get(self, request: Request, name: str, number: int) -> Response:
        """One with its patches and their credit."""
        return _shown(self, access.release(self.caller, name, number))


class CancelRelease(Endpoint):
    @extend_schema(
        operation_id="tracks_releases_cancel",
        request=Nothing,
        responses={200: ReleaseDetailSerializer},
        tags=TAG,
    )
    def post(self, request: Request, name: str, number: int) -> Response:
        """Stop one at work. For maintainers; it can be made again."""
        release = access.release(self.caller, name, number)
        user = self.caller.maintaining("cancel a release")
        self.read(Nothing)
        releases.cancel(release, actor=user)
        return _shown(self, access.release(self.caller, name, number))


def _shown(view: Endpoint, release: Release) -> Response:
    patches = release.patches.select_related("submission__contributor").order_by("pk")
    credit = release.credits.select_related("release__track", "contributor").order_by("-amount")
    release.shown_patches = list(patches)  # type: ignore[attr-defined]
    release.shown_credit = list(credit.defer("release__evidence"))  # type: ignore[attr-defined]
    context = view.get_serializer_context()
    return Response(ReleaseDetailSerializer(release, context=context).data)
