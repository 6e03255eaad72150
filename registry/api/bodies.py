"""What callers send: known fields only, and text that can be stored."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from rest_framework import exceptions, parsers, serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.settings import api_settings

from registry.hub.targets import storable

MOST_BYTES = 2_000_000
MOST_TOLD = 20


class Body(serializers.Serializer[Any]):
    """A field that nobody reads is refused by name: a typing error must not pass unnoticed."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self.fields))):
            known = ", ".join(self.fields) or "none"
            # Each is answered with a sentence of ours: a body of names alone is not.
            told = {
                name[:100]: [f"There is no such field; known are: {known}."]
                for name in unknown[:MOST_TOLD]
            }
            if (more := len(unknown) - MOST_TOLD) > 0:
                told[api_settings.NON_FIELD_ERRORS_KEY] = [f"{more} more fields are unknown."]
            raise serializers.ValidationError(told)
        return super().to_internal_value(data)


class Nothing(Body):
    """An action without a body, or with an empty object."""


class Text(serializers.CharField):
    """Words of a caller, without a type that is taken for words."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class TooLarge(exceptions.APIException):
    status_code = 413
    default_detail = f"The request body is longer than {MOST_BYTES} bytes."


class JSONBody(parsers.JSONParser):
    """JSON that PostgreSQL can hold; NaN and Infinity are no JSON."""

    strict = True

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise TooLarge
        try:
            found = json.loads(body.decode("utf-8"), parse_constant=_no_number)
        except (ValueError, RecursionError) as wrong:
            raise exceptions.ParseError(f"The request body is not JSON: {wrong}.") from wrong
        if not storable(found):
            raise exceptions.ParseError("The body holds a NUL or text that is not Unicode.")
        return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


class OneFormat(BaseContentNegotiation):
    """Everything is JSON, whatever a client says it accepts."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        media = (request.content_type or "").split(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type
