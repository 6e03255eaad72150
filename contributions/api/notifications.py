"""What the caller was told, and that they have read it."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contributions.models import Notification, NotificationKind
from contributions.services import notifications
from registry.api.bodies import Body
from registry.api.endpoints import Endpoint
from registry.api.filters import Filters
from registry.api.people import known

TAG = ["notifications"]


class NotificationSerializer(serializers.Serializer[Notification]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(NotificationKind.choices)
    title = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    url = serializers.SerializerMethodField()
    submission = serializers.IntegerField(source="submission_id", allow_null=True)
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)

    def get_url(self, line: Notification) -> str:
        return str(self.context["request"].build_absolute_uri(line.url))


class ReadBody(Body):
    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=False,
        max_length=1000,
        help_text="All, if left out.",
    )


class ReadSerializer(serializers.Serializer[Any]):
    read = serializers.IntegerField(help_text="How many were unread.")


class NotificationFilter(Filters):
    kind = django_filters.ChoiceFilter(choices=NotificationKind.choices)
    unread = django_filters.BooleanFilter(method="not_read")

    class Meta:
        model = Notification
        fields: ClassVar[list[str]] = []

    @extend_schema_field(OpenApiTypes.BOOL)
    def not_read(self, rows: QuerySet[Any], _: str, only: bool) -> QuerySet[Any]:
        return rows.filter(read_at__isnull=only)


class Notifications(Endpoint):
    queryset = Notification.objects.none()
    filterset_class = NotificationFilter

    @extend_schema(
        operation_id="notifications_list", responses=NotificationSerializer(many=True), tags=TAG
    )
    def get(self, request: Request) -> Response:
        """One's own, newest first; without those about a repository that was closed since."""
        user = known(self.caller, "read your notifications")
        rows = notifications.readable(user).filter(in_app=True)
        return self.page(rows, NotificationSerializer)


class ReadNotifications(Endpoint):
    @extend_schema(
        operation_id="notifications_read",
        request=ReadBody,
        responses={200: ReadSerializer},
        tags=TAG,
    )
    def post(self, request: Request) -> Response:
        """Mark some, or all, as read."""
        user = self.caller.signed_in("mark notifications as read")
        read = notifications.mark_read(user, ids=self.read(ReadBody).get("ids"))
        return Response(ReadSerializer({"read": read}).data)
