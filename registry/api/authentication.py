"""Who calls: an access token, else the person of the session (with a CSRF token for writes)."""

from __future__ import annotations

from rest_framework import authentication, exceptions
from rest_framework.request import Request

from registry.hub.targets import storable
from registry.models import AccessToken, User
from registry.services import tokens
from registry.services.access import Caller


class BearerAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer hf_…`. A header that is no usable token is never passed over."""

    def authenticate(self, request: Request) -> tuple[User, AccessToken] | None:
        header = request.headers.get("Authorization", "")
        if not header:
            return None
        scheme, _, secret = header.partition(" ")
        token = None
        if scheme.lower() == "bearer" and storable(secret):
            token = tokens.authenticate(secret.strip())
        if token is None:
            raise exceptions.AuthenticationFailed(
                "The Authorization header holds no access token that is valid here."
            )
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class SessionAuthentication(authentication.SessionAuthentication):
    """As Django REST framework has it: a cookie alone is not enough to write."""


def caller(request: Request) -> Caller:
    user = request.user if isinstance(request.user, User) else None
    return Caller(user=user, token=request.auth if isinstance(request.auth, AccessToken) else None)
