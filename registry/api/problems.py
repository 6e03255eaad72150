"""Every refusal and fault in one shape: `application/problem+json` (RFC 9457).

`where` and `next` say what the errors of the services say; `errors` names fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from itertools import islice
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings

from registry.api.bodies import MOST_TOLD, TooLarge
from registry.services.errors import Conflict, NotFound, RepoNotFound, ServiceError

CONTENT_TYPE = "application/problem+json"
log = structlog.get_logger()


class FieldErrorSerializer(serializers.Serializer[Any]):
    field = serializers.CharField(help_text="Path of the field: `title`, `patches.0.weight`.")
    message = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """What was wrong, where, and what to do next (RFC 9457)."""

    type = serializers.CharField(help_text="`about:blank`: the status says it all.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField(help_text="The address that was asked.")
    where = serializers.CharField(required=False)
    next = serializers.CharField(required=False, help_text="What to do about it.")
    url = serializers.CharField(required=False, help_text="What is already there (409).")
    errors = FieldErrorSerializer(many=True, required=False)  # type: ignore[assignment]


def problem(
    request: Request | Any,
    status: int,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> Response:
    """`more`: where, next, url, errors; what is empty is left out."""
    body = {
        "type": "about:blank",
        "title": _title(status),
        "status": status,
        "detail": detail,
        "instance": request.path,
        **{name: value for name, value in more.items() if value},
    }
    return Response(body, status=status, headers=headers, content_type=CONTENT_TYPE)


def _title(status: int) -> str:
    return "Request Timeout" if status == 408 else HTTPStatus(status).phrase


def answer(error: Exception, context: dict[str, Any]) -> Response:
    """Django REST framework's EXCEPTION_HANDLER."""
    request = context["request"]
    if isinstance(error, ServiceError):
        return _refusal(request, error)
    if isinstance(error, Http404):
        error = exceptions.NotFound("There is nothing at this address.")
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, RequestDataTooBig):
        error = TooLarge()
    elif isinstance(error, SuspiciousOperation | UnreadablePostError):
        error = exceptions.ParseError("The request cannot be read.")
    if isinstance(error, exceptions.ValidationError):
        return _invalid(request, error)
    if isinstance(error, exceptions.APIException):
        return _known(request, error)
    log.exception("the API failed", path=request.path, method=request.method)
    return problem(
        request,
        500,
        "Something went wrong on this site.",
        next="Try again; if it happens again, tell the operator when it was.",
    )


def _refusal(request: Request, error: ServiceError) -> Response:
    # A private repository does not exist for strangers, signed in or not.
    status = 404 if isinstance(error, RepoNotFound) else error.status
    url = error.url if isinstance(error, Conflict) and error.url else ""
    return problem(
        request,
        status,
        error.message,
        headers=_challenge(status),
        where=error.where,
        next=error.next,
        url=request.build_absolute_uri(url) if url else "",
    )


def _challenge(status: int) -> dict[str, str] | None:
    return {"WWW-Authenticate": 'Bearer realm="api"'} if status == 401 else None


def _invalid(request: Request, error: exceptions.ValidationError) -> Response:
    found = _flat(error.detail)
    errors = list(islice(found, MOST_TOLD + 1))
    if more := sum(1 for _ in found):
        errors.append({"field": "body", "message": f"There are {more} more errors."})
    said = "; ".join(f"{e['field']}: {e['message']}" for e in errors[:5])
    return problem(request, 400, said or "The request is not valid.", errors=errors)


def _flat(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            key = "" if name == api_settings.NON_FIELD_ERRORS_KEY else str(name)
            yield from _flat(inner, ".".join(part for part in (path, key) if part))
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            nested = isinstance(inner, dict)
            yield from _flat(inner, f"{path}.{position}" if nested else path)
    else:
        yield {"field": path or "body", "message": str(detail)}


def _known(request: Request, error: exceptions.APIException) -> Response:
    headers: dict[str, str] = _challenge(error.status_code) or {}
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(max(1, round(wait)))
    return problem(request, error.status_code, str(error.detail), headers=headers)


def nothing_here() -> NotFound:
    return NotFound(
        "There is nothing at this address of the API.", next="See /api/v1/docs/ for what there is."
    )
