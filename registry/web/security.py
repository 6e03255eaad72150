"""Headers that every page carries: nothing from another origin, nothing inline, no framing."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

_EVERYWHERE = [
    "default-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "img-src 'self' data:",
]
CONTENT_SECURITY_POLICY = "; ".join(_EVERYWHERE)
# The dashboard's Alpine.js evaluates the attributes of its own templates, and its colours are an
# inline style. Scripts come from this site's files only, there too.
DASHBOARD = "/admin/"
DASHBOARD_POLICY = "; ".join(
    [*_EVERYWHERE, "script-src 'self' 'unsafe-eval'", "style-src 'self' 'unsafe-inline'"]
)


def policy_for(path: str) -> str:
    return DASHBOARD_POLICY if path.startswith(DASHBOARD) else CONTENT_SECURITY_POLICY


class SecurityHeadersMiddleware:
    """A view may set a stricter policy of its own (contributors' bytes use `sandbox`)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy_for(request.path))
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=()"
        )
        return response
