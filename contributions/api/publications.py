"""Publications: releases sent to a Hub, step by step."""

from __future__ import annotations

from typing import ClassVar

import django_filters
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contributions.models import Publication, PublicationStatus, PublicationStep, StepStatus
from contributions.services import access, publications
from registry.api.bodies import Body, Text
from registry.api.endpoints import Endpoint
from registry.api.filters import Filters
from registry.models import Repository

TAG = ["publications"]


class StepSerializer(serializers.Serializer[PublicationStep]):
    name = serializers.CharField()
    status = serializers.ChoiceField(StepStatus.choices)
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class PublicationSerializer(serializers.Serializer[Publication]):
    id = serializers.IntegerField()
    track = serializers.CharField(source="release.track.name")
    release = serializers.IntegerField(source="release.number")
    endpoint = serializers.CharField()
    repo_id = serializers.CharField()
    url = serializers.CharField(help_text="Where it is to be found.")
    private = serializers.BooleanField()
    status = serializers.ChoiceField(PublicationStatus.choices)
    reason = serializers.CharField(allow_blank=True)
    remote_commit = serializers.CharField(allow_blank=True)
    requested_by = serializers.CharField(source="requested_by.username")
    created_at = serializers.DateTimeField()
    published_at = serializers.DateTimeField(allow_null=True)
    steps = StepSerializer(many=True)


class PublicationBody(Body):
    track = Text(max_length=96)
    release = serializers.IntegerField(min_value=0, max_value=2**31 - 1, help_text="Its number.")
    endpoint = Text(max_length=200, help_text="https://huggingface.co, or another Hub.")
    repo_id = Text(max_length=200, required=False, default="", allow_blank=True)
    private = serializers.BooleanField(default=False)


class PublicationFilter(Filters):
    status = django_filters.ChoiceFilter(choices=PublicationStatus.choices)

    class Meta:
        model = Publication
        fields: ClassVar[list[str]] = []


class Publications(Endpoint):
    queryset = Publication.objects.none()
    filterset_class = PublicationFilter

    @extend_schema(
        operation_id="publications_list", responses=PublicationSerializer(many=True), tags=TAG
    )
    def get(self, request: Request) -> Response:
        """Of every release that the caller may see, newest first."""
        seen = Repository.objects.visible_to(self.caller.user).values("pk")
        rows = Publication.objects.filter(release__track__repository__in=seen)
        rows = rows.select_related("release__track", "requested_by").defer("release__evidence")
        return self.page(rows.prefetch_related("steps"), PublicationSerializer)

    @extend_schema(
        operation_id="publications_create",
        request=PublicationBody,
        responses={201: PublicationSerializer},
        tags=TAG,
    )
    def post(self, request: Request) -> Response:
        """Publish a release, or go on with a publication that failed. For maintainers."""
        user = self.caller.maintaining("publish")
        wanted = self.read(PublicationBody)
        release = access.release(self.caller, wanted.pop("track"), wanted.pop("release"))
        made = publications.publish(release, actor=user, **wanted)
        place = request.build_absolute_uri(reverse("work-api:publication", args=[made.pk]))
        shown = PublicationSerializer(access.publication(self.caller, made.pk)).data
        return Response(shown, status=201, headers={"Location": place})


class OnePublication(Endpoint):
    @extend_schema(operation_id="publications_retrieve", responses=PublicationSerializer, tags=TAG)
    def get(self, request: Request, pk: int) -> Response:
        """One with its steps."""
        return Response(PublicationSerializer(access.publication(self.caller, pk)).data)
