"""The site's REST API, over one session that tries again with back-off."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.util import Retry

from commonweight import __version__
from commonweight.credentials import Credentials
from commonweight.errors import ClientError

Json = dict[str, Any]
TIMEOUT = (10, 60)  # seconds: to connect, to answer
_TRY_AGAIN = (429, 502, 503, 504)


class _Bearer(AuthBase):
    """Set in any case, so that no password of a .netrc takes the token's place."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Site:
    """Every POST carries an `Idempotency-Key`, so that a repetition does nothing twice."""

    def __init__(self, credentials: Credentials, *, tries: int = 6) -> None:
        self.credentials = credentials
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"commonweight/{__version__}"
        self._session.headers["Accept"] = "application/json"
        self._session.auth = _Bearer(credentials.token)
        retry = Retry(
            total=tries,
            connect=min(tries, 4),
            backoff_factor=0.5,
            backoff_max=30,
            backoff_jitter=0.3,
            status_forcelist=_TRY_AGAIN,
            allowed_methods=None,
            respect_retry_after_header=True,
            retry_after_max=120,
            raise_on_status=False,
            redirect=0,
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))

    def get(self, path: str, **query: object) -> Json:
        given = {name: str(value) for name, value in query.items() if value not in (None, "")}
        return self._json(self._send("GET", path, params=given))

    def post(self, path: str, body: Mapping[str, object] | None = None) -> Json:
        key = {"Idempotency-Key": str(uuid.uuid4())}
        return self._json(self._send("POST", path, json=dict(body or {}), headers=key))

    def pages(self, path: str, **query: object) -> Iterator[Json]:
        """Every line of a list, page by page."""
        page = self.get(path, **query)
        while True:
            yield from page["results"]
            following = page.get("next")
            if not following:
                return
            page = self._json(self._send("GET", self._own(str(following))))

    def _own(self, address: str) -> str:
        """A link of an answer is followed on this site only: it must not carry the token away."""
        _, found, rest = address.partition("/api/v1/")
        if not found:
            raise ClientError("The site sent a link that leads elsewhere.")
        return f"/{rest}"

    def _send(self, method: str, path: str, **more: Any) -> requests.Response:
        address = f"{self.credentials.endpoint}/api/v1{path}"
        try:
            return self._session.request(
                method, address, timeout=TIMEOUT, allow_redirects=False, **more
            )
        except requests.RequestException as error:
            raise ClientError(
                f"{self.credentials.endpoint} cannot be reached: {_cause(error)}.",
                next="Check the address and the connection, then try again.",
            ) from error

    def _json(self, response: requests.Response) -> Json:
        try:
            content = response.json()
        except ValueError:
            content = None
        if response.ok and isinstance(content, dict):
            return cast(Json, content)
        raise _refusal(response, content)


def _refusal(response: requests.Response, content: object) -> ClientError:
    if isinstance(content, dict) and "title" in content:
        faults = content.get("errors") or []
        detail = str(content.get("detail") or content["title"])
        said = [f"{f.get('field')}: {f.get('message')}" for f in faults if isinstance(f, dict)]
        message = "\n  ".join([detail, *(line for line in said if line not in detail)])
        return ClientError(message, next=_next(response, content), status=response.status_code)
    return ClientError(
        f"{response.url} answered {response.status_code}, and not as a Commonweight site does.",
        next="Check the address: it is that of the site, without /api.",
        status=response.status_code,
    )


def _next(response: requests.Response, content: Mapping[str, object]) -> str:
    if content.get("next"):
        return str(content["next"])
    if response.status_code == 401:
        return "Run `commonweight login`, or set COMMONWEIGHT_TOKEN."
    return ""


def _cause(error: BaseException) -> str:
    """The innermost reason, without the wrapping of three libraries."""
    while error.__cause__ or error.__context__:
        error = cast(BaseException, error.__cause__ or error.__context__)
    return str(error).rstrip(".") or type(error).__name__
