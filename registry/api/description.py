"""The description of the API itself, for programs and as a page that loads nothing from elsewhere.

`docs/openapi.yaml` is the same, checked in: `manage.py spectacular --file docs/openapi.yaml`
writes it anew.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from registry.api.endpoints import Endpoint
from registry.web.security import CONTENT_SECURITY_POLICY


@cache
def document() -> dict[str, Any]:
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    found: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


class Description(Endpoint):
    """The OpenAPI 3 description of this API."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return Response(document(), content_type="application/vnd.oai.openapi+json")


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Swagger UI, from this site. Its sheet draws small pictures that it carries as `data:`."""
    response = render(request, "registry/api_docs.html")
    response["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; connect-src 'self'"
    return response
