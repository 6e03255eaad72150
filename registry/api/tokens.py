"""One's own access tokens. Only a signed-in person makes one: a leaked token breeds no others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from allauth.account.decorators import reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from registry.api.bodies import Body, Text
from registry.api.endpoints import Endpoint
from registry.api.people import known
from registry.models import AccessToken, TokenScope
from registry.services import tokens
from registry.services.access import Caller
from registry.services.errors import Forbidden, NotFound


class TokenSerializer(serializers.Serializer[AccessToken]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    hint = serializers.CharField(help_text="How its value begins.")
    scope = serializers.ChoiceField(TokenScope.choices)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)


class NewTokenSerializer(TokenSerializer):
    secret = serializers.CharField(help_text="Its value, which is never shown again.")


class TokenBody(Body):
    name = Text(max_length=100)
    scope = serializers.ChoiceField(TokenScope.choices, default=TokenScope.READ)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)

    def validate_expires_at(self, when: dt.datetime | None) -> dt.datetime | None:
        if when is not None and when <= timezone.now():
            raise serializers.ValidationError("It must be in the future.")
        return when


def _refuse_tokens(caller: Caller, what: str) -> None:
    if caller.token is not None:
        raise Forbidden(
            f"An access token cannot {what}: whoever finds one would keep what it makes.",
            where="Authorization",
            next="Sign in and use /settings/tokens.",
        )


def _ask_once_more(request: HttpRequest) -> None:
    """As the page does: a session left open is not enough."""
    try:
        _recently_confirmed(request)
    except ReauthenticationRequired:
        raise Forbidden(
            "Making an access token asks for your password or second factor once more.",
            where="session",
            next="Confirm that it is you at /accounts/reauthenticate/, then send it again.",
        ) from None


_recently_confirmed: Callable[[HttpRequest], None] = reauthentication_required(
    app="allauth.account"
)(lambda request: None)


class Tokens(Endpoint):
    queryset = AccessToken.objects.none()
    repeatable = False

    def _own(self) -> QuerySet[AccessToken]:
        return known(self.caller, "see your access tokens").access_tokens.all()

    @extend_schema(
        operation_id="tokens_list", responses=TokenSerializer(many=True), tags=["account"]
    )
    def get(self, request: Request) -> Response:
        """One's own access tokens, without their values."""
        return self.page(self._own(), TokenSerializer)

    @extend_schema(
        operation_id="tokens_create",
        request=TokenBody,
        responses={201: NewTokenSerializer},
        tags=["account"],
    )
    def post(self, request: Request) -> Response:
        """Make one. Only with a session, not with a token; its value is shown once."""
        user = known(self.caller, "make an access token")
        _refuse_tokens(self.caller, "make another one")
        _ask_once_more(request._request)
        token, secret = tokens.issue(user, **self.read(TokenBody))
        token.secret = secret  # type: ignore[attr-defined]
        return Response(NewTokenSerializer(token).data, status=201)


class Token(Endpoint):
    @extend_schema(operation_id="tokens_delete", responses={204: None}, tags=["account"])
    def delete(self, request: Request, pk: int) -> Response:
        """Remove one's own access token; a token may remove itself."""
        user = known(self.caller, "remove an access token")
        if self.caller.token is None or self.caller.token.pk != pk:
            _refuse_tokens(self.caller, "remove another one")
        token = user.access_tokens.filter(pk=pk).first()
        if token is None:
            raise NotFound(f"You have no access token {pk}.", next="See /settings/tokens.")
        tokens.revoke(token, actor=user)
        return Response(status=204)
