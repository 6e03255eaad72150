"""The REST API: how requests are read and answered, and how it describes itself."""

from __future__ import annotations

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "registry.api.authentication.BearerAuthentication",
        "registry.api.authentication.SessionAuthentication",
    ],
    # Services decide who may do what.
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["registry.api.bodies.JSONBody"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "registry.api.bodies.OneFormat",
    "DEFAULT_PAGINATION_CLASS": "registry.api.paging.CursorPages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "registry.api.schema.ProblemSchema",
    "EXCEPTION_HANDLER": "registry.api.problems.answer",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "STRICT_JSON": True,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Commonweight",
    "DESCRIPTION": (
        "Pull requests for models: submissions, runs, scores, reviews, releases with credit. "
        "Errors are `application/problem+json`; lists have `next` and `previous`."
    ),
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    # One name for each set of choices, whatever field it is met in.
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SORT_OPERATIONS": True,
}
