"""How the Hub protocol reaches us: raw paths, credentials, one error shape.

A view is a plain function of a `HubCall`:

    @hub_view("GET")
    def refs(call: HubCall) -> HttpResponseBase:
        repository = call.repository(Need.READ)
        return call.json({...})

Revisions and folders arrive with their slashes quoted (`tree/refs%2Fpr%2F1/a%2Fb`), so the raw
request target is split before it is decoded; `PATH_INFO` only chooses the view.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

import structlog
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from registry.hub.credentials import caller_of
from registry.hub.targets import joined, raw_path, segments, storable
from registry.models import Ref, Repository, RepoType, Revision
from registry.services import access, refs
from registry.services.access import Caller, Need
from registry.services.errors import (
    Conflict,
    EntryNotFound,
    Invalid,
    Moved,
    RepoNotFound,
    RevisionNotFound,
    ServiceError,
    SignInNeeded,
    TooLarge,
    Unprocessable,
)

log = structlog.get_logger()
LONGEST_JSON = 20_000_000
_TYPES = {kind.plural: kind for kind in RepoType}


class HubCall:
    """One request of the protocol, its path taken apart.

    `/api/{T}/{ns}/{name}/{verb}/{tail…}` and `/[datasets/]{ns}/{name}/{verb}/{tail…}`; every part
    is decoded, and a quoted slash stays inside its part.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.segments = segments(request)
        rest = self.segments
        self.is_api = rest[:1] == ["api"]
        rest = rest[1:] if self.is_api else rest
        kind = _TYPES.get(rest[0]) if rest else None
        self.repo_type = kind or RepoType.MODEL
        rest = rest[1:] if kind else rest
        self.namespace, self.name, self.verb = [*rest, "", "", ""][:3]
        self.tail = rest[3:]

    @functools.cached_property
    def caller(self) -> Caller:
        return caller_of(self.request)

    @property
    def base_url(self) -> str:
        """The site as this client knows it (checked against ALLOWED_HOSTS)."""
        return f"{self.request.scheme}://{self.request.get_host()}"

    def url_of(self, repository: Repository) -> str:
        return f"{self.base_url}/{repository.path}"

    def url_of_git(self) -> str:
        """Address of this repository for git, which LFS addresses begin with."""
        return f"{self.base_url}/{self.repo_type.url_prefix}{self.namespace}/{self.name}.git"

    def repository(self, need: Need = Need.READ) -> Repository:
        if not self.name:
            raise RepoNotFound(anonymous=self.caller.is_anonymous)
        return access.repository(self.caller, self.repo_type, self.namespace, self.name, need=need)

    def revision_and_path(self, repository: Repository) -> tuple[Revision, str]:
        """What the tail means: a revision, then a path (empty: none)."""
        tail = joined(self.tail)
        try:
            return refs.resolve(repository, tail[0] if tail else None), "/".join(tail[1:])
        except RevisionNotFound:
            length = _known_ref_length(repository, tail)
            if not length:
                raise
        revision = refs.resolve(repository, "/".join(tail[:length]))
        return revision, "/".join(tail[length:])

    def revision(self, repository: Repository) -> Revision:
        """The tail is one revision and nothing else."""
        revision, path = self.revision_and_path(repository)
        if path:
            raise RevisionNotFound("/".join(self.tail), where=repository.full_name)
        return revision

    def rev(self) -> str:
        """The revision as it was written, for calls that create or move it."""
        return "/".join(joined(self.tail))

    def flag(self, name: str) -> bool:
        return self.request.GET.get(name, "").lower() in {"1", "true"}

    def number(self, name: str, default: int, *, most: int) -> int:
        given = self.request.GET.get(name, "")
        if not given:
            return default
        if not given.isascii() or not given.isdigit() or int(given[:9]) < 1:
            raise Invalid(f"{name} must be a whole number from 1 to {most}.", where=name)
        return min(int(given[:9]), most)

    def body(self, limit: int = LONGEST_JSON) -> bytes:
        data = self.request.read(limit + 1)
        if len(data) > limit:
            raise TooLarge(f"The request body is longer than {limit} bytes.")
        return data

    def data(self, limit: int = LONGEST_JSON) -> dict[str, Any]:
        """The JSON object that was sent; {} for an empty body."""
        try:
            found = json.loads(self.body(limit) or b"{}")
        except (ValueError, RecursionError) as wrong:
            raise Invalid(f"The request body is not JSON: {wrong}.", where="body") from wrong
        if not isinstance(found, dict):
            raise Invalid("The request body must be a JSON object.", where="body")
        if not storable(found):
            raise Unprocessable("The request body holds text that is not Unicode or has a NUL.")
        return found

    def form(self) -> dict[str, list[str]]:
        """A form-encoded body (`request.POST` stops at 1000 fields)."""
        text = self.body().decode(errors="replace")
        try:
            return parse_qs(text, keep_blank_values=True, max_num_fields=5000)
        except ValueError as wrong:
            raise Invalid("Too many fields were sent.", next="Send at most 1000 paths.") from wrong

    def json(
        self, data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> HttpResponse:
        return JsonResponse(data, safe=False, status=status, headers=dict(headers or {}))

    def page(self, items: list[Any], *, cursor: str | None) -> HttpResponse:
        """A page of a list; `cursor` (None: the last page) is what the next one begins after."""
        response = self.json(items)
        if cursor is not None:
            query = self.request.GET.copy()
            query["cursor"] = cursor
            path = raw_path(self.request)
            response["Link"] = f'<{self.base_url}{path}?{query.urlencode()}>; rel="next"'
        return response


class _Failed(ServiceError):
    """A fault of ours. Clients of the protocol read JSON, so no page is sent."""

    status = 500

    def __init__(self) -> None:
        super().__init__(
            "Something went wrong on this site.",
            next="Try again; if it happens again, tell the operator when it was.",
        )


View = Callable[[HubCall], HttpResponseBase]
DjangoView = Callable[..., HttpResponseBase]


def hub_view(*methods: str) -> Callable[[View], DjangoView]:
    """A view of the protocol: no CSRF form token (credentials decide), errors as JSON."""

    def decorate(view: View) -> DjangoView:
        @csrf_exempt
        @functools.wraps(view)
        def answer(request: HttpRequest, *_args: str, **_parts: str) -> HttpResponseBase:
            if request.method not in methods:
                return _not_allowed(request, methods)
            try:
                return view(HubCall(request))
            except Moved as moved:
                return _redirected(request, moved.repository)
            except ServiceError as refused:
                return error_response(request, refused)
            except Exception:
                log.exception("the protocol failed", path=request.path, method=request.method)
                return error_response(request, _Failed())

        return answer

    return decorate


def by_method(**views: DjangoView) -> DjangoView:
    """One address, several methods: `by_method(POST=create_branch, DELETE=delete_branch)`."""

    @csrf_exempt
    def choose(request: HttpRequest, *args: str, **parts: str) -> HttpResponseBase:
        view = views.get(request.method or "")
        return view(request, *args, **parts) if view else _not_allowed(request, tuple(views))

    return choose


def error_response(request: HttpRequest, refused: ServiceError) -> HttpResponse:
    """Headers carry it all, because a HEAD has no body."""
    text = _said(request, refused)
    body: dict[str, str] = {"error": text}
    if refused.where:
        body["where"] = refused.where
    if isinstance(refused, Conflict) and refused.url:
        body["url"] = f"{request.scheme}://{request.get_host()}{refused.url}"
    response = JsonResponse(body, status=refused.status)
    response["X-Error-Message"] = _header_text(text)
    if refused.code:
        response["X-Error-Code"] = refused.code
    if isinstance(refused, EntryNotFound) and refused.commit:
        response["X-Repo-Commit"] = refused.commit
    return _without_body(response) if request.method == "HEAD" else response


def _said(request: HttpRequest, refused: ServiceError) -> str:
    """To be copied into a terminal, so with the address of this site as the client knows it."""
    if not isinstance(refused, SignInNeeded):
        return str(refused)
    site = f"{request.scheme}://{request.get_host()}"
    return f"{refused.message} Run `hf auth login` with a token from {site}/settings/tokens."


def _without_body(response: HttpResponse) -> HttpResponse:
    response.content = b""
    response["Content-Length"] = "0"
    return response


def _header_text(text: str) -> str:
    """Headers are Latin-1 at best and one line."""
    plain = text.translate({0x201C: '"', 0x201D: '"', 0x2018: "'", 0x2019: "'", 0x2013: "-"})
    return " ".join(plain.encode("ascii", "replace").decode().split())[:1000]


def _not_allowed(request: HttpRequest, methods: tuple[str, ...]) -> HttpResponse:
    allowed = ", ".join(methods)
    message = f"{request.method} is not possible here; use {allowed}."
    return JsonResponse({"error": message}, status=405, headers={"Allow": allowed})


def _redirected(request: HttpRequest, repository: Repository) -> HttpResponse:
    """307 keeps method and body; only the two parts of the repository's name change."""
    parts = raw_path(request).split("/")
    at = 2 if parts[1] == "api" else 1
    at += 1 if parts[at] in _TYPES else 0
    suffix = ".git" if parts[at + 1].endswith(".git") else ""
    parts[at], parts[at + 1] = repository.namespace.name, repository.name + suffix
    query = request.META.get("QUERY_STRING", "")
    location = "/".join(parts) + (f"?{query}" if query else "")
    return HttpResponse(status=307, headers={"Location": location})


def _known_ref_length(repository: Repository, tail: list[str]) -> int:
    """How many parts of the tail the longest existing branch or tag takes up."""
    tries = {"/".join(tail[:n]): n for n in range(2, min(len(tail), 8) + 1)}
    names = [f"{prefix}{name}" for name in tries for prefix in (refs.HEADS, refs.TAGS, "")]
    found = Ref.objects.filter(repository=repository, name__in=names)
    return max((tries.get(ref.short_name, len(ref.name.split("/"))) for ref in found), default=0)


def release_database() -> None:
    """Give the connection back before bytes stream: a slow client must not hold one."""
    if not connection.in_atomic_block:
        connection.close()
