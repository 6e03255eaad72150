"""Who the caller is."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from registry.api.endpoints import Endpoint
from registry.models import MemberRole, Role, TokenScope, User
from registry.services.access import Caller
from registry.services.errors import SignInNeeded


class PlaceSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(source="organisation.namespace.name")
    role = serializers.ChoiceField(MemberRole.choices)


class MeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(source="username")
    fullname = serializers.CharField()
    email = serializers.CharField(allow_blank=True)
    is_bot = serializers.BooleanField()
    roles = serializers.ListField(child=serializers.ChoiceField(Role.choices))
    organisations = PlaceSerializer(many=True)
    scope = serializers.ChoiceField(
        [*TokenScope.choices, ("session", "session")], help_text="What this token may do."
    )
    url = serializers.CharField()


def known(caller: Caller, what: str) -> User:
    """The caller, with whatever token; reading one's own asks for no more."""
    if caller.user is None:
        raise SignInNeeded(what)
    return caller.user


class Me(Endpoint):
    @extend_schema(operation_id="me", responses=MeSerializer, tags=["account"])
    def get(self, request: Request) -> Response:
        """Who the access token or the session belongs to, and what it may do."""
        user = known(self.caller, "ask who you are")
        places = user.memberships.select_related("organisation__namespace")
        shown = {
            "username": user.username,
            "fullname": user.fullname,
            "email": user.email,
            "is_bot": user.is_bot,
            "roles": sorted(user.role_grants.values_list("role", flat=True)),
            "organisations": places.order_by("organisation__namespace__name"),
            "scope": self.caller.token.scope if self.caller.token else "session",
            "url": request.build_absolute_uri(f"/{user.username}"),
        }
        return Response(MeSerializer(shown).data)
