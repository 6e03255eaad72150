"""Pages, styles and scripts go out compressed; nothing else does.

Files of repositories are left alone: they come in ranges and with a length, and are packed already.
Django's random length and masked CSRF token keep BREACH from guessing what a page holds.
"""

from __future__ import annotations

import gzip
from functools import lru_cache

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware, re_accepts_gzip
from django.utils.cache import patch_vary_headers
from whitenoise.middleware import WhiteNoiseFileResponse  # type: ignore[import-untyped]

_TEXT = ("text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml")


class CompressionMiddleware(GZipMiddleware):
    """Stands before WhiteNoise, whose files it packs once in each process."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if request.method != "GET" or response.status_code == 206 or kind not in _TEXT:
            return response
        if isinstance(response, WhiteNoiseFileResponse):
            return _file(request, response)
        return response if response.streaming else super().process_response(request, response)


def _file(request: HttpRequest, found: FileResponse) -> HttpResponseBase:
    patch_vary_headers(found, ("Accept-Encoding",))
    if not re_accepts_gzip.search(request.headers.get("Accept-Encoding", "")):
        return found
    body = _packed(b"".join(found))
    found.close()
    headers = {**found.headers, "Content-Encoding": "gzip", "Content-Length": str(len(body))}
    return HttpResponse(body, status=found.status_code, headers=headers)


@lru_cache(maxsize=200)
def _packed(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)
