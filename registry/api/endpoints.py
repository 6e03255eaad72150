"""What every endpoint shares: who calls, rate limits, errors, ETag, requests that repeat.

class Things(Endpoint):
    @extend_schema(responses=ThingSerializer)
    def get(self, request: Request, pk: int) -> Response:
        thing = access.thing(self.caller, pk)
        return Response(ThingSerializer(thing).data)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import get_conditional_response, patch_vary_headers
from rest_framework import exceptions
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from registry.api import limits, paging, plain, problems
from registry.api.authentication import caller
from registry.hub.targets import storable
from registry.models import User
from registry.services import requests
from registry.services.access import Caller
from registry.services.errors import Invalid

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
KEY_HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"


class Endpoint(GenericAPIView[Any]):
    # Answers with secrets are kept nowhere.
    repeatable = True
    _standing: limits.Standing | None = None
    _version: str = ""

    @property
    def caller(self) -> Caller:
        return caller(self.request)

    # --- one request ----------------------------------------------------------------------

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """As Django REST framework's, with the work done once per Idempotency-Key."""
        # Texts that programs compare do not depend on Accept-Language.
        translation.activate("en")
        self.args, self.kwargs = args, kwargs
        self.headers = self.default_response_headers
        self.request = self.initialize_request(request, *args, **kwargs)
        try:
            self.initial(self.request, *args, **kwargs)
            name = (self.request.method or "").lower()
            known = name in self.http_method_names
            handler = getattr(self, name, None) if known else None
            handler = handler or self.http_method_not_allowed
            response = self._once(lambda: handler(self.request, *args, **kwargs))
        except Exception as error:
            response = self.handle_exception(error)
        self.response = self.finalize_response(self.request, response, *args, **kwargs)
        return self.response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        try:
            user = request.user if isinstance(request.user, User) else None
        except exceptions.APIException:
            self._count(request, None)
            raise
        self._count(request, user)
        super().initial(request, *args, **kwargs)
        given = [*kwargs.values(), *(values for _, values in request.query_params.lists())]
        if not storable([value for value in given if isinstance(value, str | list)]):
            raise Invalid("The address holds a NUL or text that is not Unicode.", where="address")

    def _count(self, request: Request, user: User | None) -> None:
        self._standing = limits.count(request, user)
        limits.refuse_if_over(self._standing)

    def _once(self, handler: Callable[[], Response]) -> Response:
        key = self.request.headers.get(KEY_HEADER)
        user = self.caller.user
        if key is None or user is None or self.request.method != "POST":
            return handler()
        if not self.repeatable:
            raise Invalid(
                "Answers of this address hold secrets and are not kept for a repetition.",
                where=KEY_HEADER,
                next="Leave the header out.",
            )
        kept, known = requests.begin(user=user, key=key, fingerprint=_fingerprint(self.request))
        if known:
            return _replayed(kept.body, kept.status or 200, kept.location)
        try:
            with transaction.atomic():
                response = handler()
                place = response.get("Location", "")
                requests.complete(
                    kept, status=response.status_code, body=response.data, location=place
                )
        except BaseException:
            requests.forget(kept)
            raise
        return response

    # --- what handlers use ------------------------------------------------------------------

    def read(self, serializer: type[BaseSerializer[Any]]) -> dict[str, Any]:
        """The body, read and normalised; refused with all that is wrong."""
        given = serializer(data=self.request.data)
        given.is_valid(raise_exception=True)
        data: dict[str, Any] = given.validated_data
        return data

    def page(
        self,
        rows: QuerySet[Any],
        shown: type[BaseSerializer[Any]],
        *,
        load: Callable[[list[Any]], object] | None = None,
    ) -> Response:
        """`load`: fetches what the rows of one page need beside themselves."""
        if not self.request.query_params.keys() <= paging.PARAMETERS:
            rows = self.filter_queryset(rows)
        found: Any = self.paginate_queryset(rows)
        if load is not None:
            load(found)
        context = self.get_serializer_context()
        return self.get_paginated_response(plain.written(shown, found, context))

    def unchanged(self, *facts: object) -> Response | None:
        """Names this version; the answer to a caller who has it already, else None."""
        digest = hashlib.sha256(repr(facts).encode()).hexdigest()[:32]
        self._version = f'"{digest}"'
        held = self.request.headers.get("If-None-Match", "")
        if self._version not in [tag.strip().removeprefix("W/") for tag in held.split(",")]:
            return None
        return Response(status=304, headers={"ETag": self._version})

    # --- what every answer has ----------------------------------------------------------------

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        answered: Response = super().finalize_response(request, response, *args, **kwargs)
        if self._standing is not None:
            self._standing.write(answered)
        patch_vary_headers(answered, ["Authorization", "Cookie"])
        safe = request.method in _SAFE
        answered["Cache-Control"] = "private, no-cache" if safe else "no-store"
        if safe and answered.status_code == 200:
            if self._version:
                answered["ETag"] = self._version
            answered.add_post_render_callback(lambda whole: _tagged(request, whole))
        return answered


def _fingerprint(request: Request) -> str:
    """Of the token as well: no answer goes to one that could not have got it by itself."""
    token = caller(request).token
    by = f"token {token.pk}" if token else "session"
    said = [request.method, request.get_full_path(), request.data, by]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _replayed(body: Any, status: int, location: str) -> Response:
    headers = {REPLAYED: "true", **({"Location": location} if location else {})}
    return Response(body, status=status, headers=headers)


def _tagged(request: Request, response: Any) -> HttpResponseBase | None:
    if not response.has_header("ETag"):
        digest = hashlib.sha256(response.content).hexdigest()[:32]
        response["ETag"] = f'"{digest}"'
    answer = get_conditional_response(request._request, etag=response["ETag"], response=response)
    return answer if answer is not None and answer.status_code == 304 else None


class NothingHere(Endpoint):
    """Any address below /api/v1/ that is no endpoint."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise problems.nothing_here()


absent = NothingHere.as_view()
