"""How the endpoints are described: every refusal, header and way to sign in, for all alike."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from registry.api import problems
from registry.api.authentication import BearerAuthentication, SessionAuthentication
from registry.api.bodies import Body
from registry.api.endpoints import KEY_HEADER, REPLAYED

_REFUSALS = {
    400: "Something in the request is wrong: a parameter, or a field of the body.",
    401: "The access token is not valid, or one is needed.",
    403: "The caller may not do this.",
    404: "It does not exist, or not for this caller.",
    409: "The state of things does not allow it, or it is there already (`url`).",
    413: "The body is too long.",
    415: "The body is not `application/json`.",
    422: "Understood, but it cannot be done.",
    429: "Too many requests; `Retry-After` says when to come back.",
}
_READS = (400, 401, 403, 404, 429)
_LIMIT_HEADERS = {
    "RateLimit": "What is left: `r` requests, whole again in `t` seconds.",
    "RateLimit-Policy": "The limit: `q` requests in `w` seconds.",
}


class ProblemSchema(AutoSchema):
    """Adds what is the same everywhere, so that no endpoint forgets it."""

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        found: dict[str, Any] = super()._get_response_bodies(direction=direction)
        safe = self.method == "GET"
        if safe and "200" in found:
            found["304"] = {"description": "Unchanged since the version in `If-None-Match`."}
            found["200"].setdefault("headers", {})["ETag"] = _header("Version of the answer.")
        for status in _READS if safe else tuple(_REFUSALS):
            problem = OpenApiResponse(problems.ProblemSerializer, _REFUSALS[status])
            found[str(status)] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                problem, str(status), [problems.CONTENT_TYPE], direction
            )
        for answer in found.values():
            headers = answer.setdefault("headers", {})
            headers.update({name: _header(words) for name, words in _LIMIT_HEADERS.items()})
        found["429"]["headers"]["Retry-After"] = _header("Seconds to wait.", type_="integer")
        if self.method == "POST" and getattr(self.view, "repeatable", True):
            for done in {"200", "201"} & found.keys():
                found[done]["headers"][REPLAYED] = _header("An answer given before.")
        return dict(sorted(found.items()))

    def get_override_parameters(self) -> list[Any]:
        given = list(super().get_override_parameters())
        if self.method == "POST" and getattr(self.view, "repeatable", True):
            given.append(_key_parameter())
        return given

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        mapped = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if isinstance(serializer, Body):
            mapped["additionalProperties"] = False
        return mapped


def _header(words: str, *, type_: str = "string") -> dict[str, Any]:
    return {"description": words, "schema": {"type": type_}}


def _key_parameter() -> Any:
    return OpenApiParameter(
        KEY_HEADER,
        str,
        OpenApiParameter.HEADER,
        description=(
            "A request that is sent again with the same key is done once; its first answer is "
            "given again for 24 hours."
        ),
    )


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = BearerAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An access token from /settings/tokens.",
        }


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = SessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "A signed-in browser; writing also takes the X-CSRFToken header.",
        }
