"""Who calls: an access token (Bearer, or Basic as git sends it), else the signed-in person."""

from __future__ import annotations

import base64
import binascii

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from registry.models import User
from registry.services import tokens
from registry.services.access import ANONYMOUS, Caller
from registry.services.errors import BadCredentials, Forbidden

_SAFE = {"GET", "HEAD", "OPTIONS"}


def caller_of(request: HttpRequest) -> Caller:
    header = request.headers.get("Authorization", "")
    if header:
        return _by_token(_secret(header))
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        return ANONYMOUS
    if request.method not in _SAFE:
        _check_csrf(request)
    return Caller(user=user)


def _secret(header: str) -> str:
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value.strip()).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError) as wrong:
            raise BadCredentials from wrong
    raise BadCredentials


def _by_token(secret: str) -> Caller:
    token = tokens.authenticate(secret)
    if token is None:
        raise BadCredentials
    return Caller(user=token.user, token=token)


def _check_csrf(request: HttpRequest) -> None:
    """These views are exempt for tokens; a cookie alone must still not be enough to write."""
    check = CsrfViewMiddleware(lambda _: HttpResponse())
    check.process_request(request)
    request.csrf_processing_done = False  # type: ignore[attr-defined]
    if check.process_view(request, _protected, (), {}) is not None:
        raise Forbidden(
            "This request came with a session but without its form token.",
            next="Send an access token in the Authorization header, or the X-CSRFToken header.",
        )


def _protected(request: HttpRequest) -> HttpResponse:
    return HttpResponse()
