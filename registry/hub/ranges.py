"""Serving bytes: ranges, headers, and nothing that runs in the site's origin."""

from __future__ import annotations

import io
import re
from typing import BinaryIO
from urllib.parse import quote

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from registry.hub.routing import release_database

BLOCK_BYTES = 1 << 18
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
# All a browser may do with a contributor's file is show it, without scripts, as plain text or as
# a picture; everything else is a download.
_SHOWN = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    **dict.fromkeys(
        ["csv", "json", "jsonl", "md", "py", "toml", "tsv", "txt", "yaml", "yml"],
        "text/plain; charset=utf-8",
    ),
}
UNTRUSTED = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def file_headers(name: str) -> dict[str, str]:
    kind = _SHOWN.get(name.rpartition(".")[2].lower())
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in name)
    how = "inline" if kind else "attachment"
    return {
        **UNTRUSTED,
        "Content-Type": kind or "application/octet-stream",
        "Content-Disposition": f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}",
        "Accept-Ranges": "bytes",
    }


class Slice(io.RawIOBase):
    """The next `length` bytes of a stream that is no local file."""

    def __init__(self, stream: BinaryIO, length: int) -> None:
        self._stream, self._left = stream, length

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._stream.read(wanted) if wanted else b""
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._stream.close()
        super().close()


def span(request: HttpRequest, size: int, etag: str) -> tuple[int, int] | None:
    """First byte and length asked for; None: a range outside the file. No range: the whole."""
    header = request.headers.get("Range", "")
    found = _RANGE.fullmatch(header.replace(" ", ""))
    if_range = request.headers.get("If-Range", "").strip('"')
    if not found or (if_range and if_range != etag) or found[0] == "bytes=-":
        return 0, size
    if not found[1]:
        length = min(int(found[2]), size)
        return (size - length, length) if length else None
    first, last = int(found[1]), min(int(found[2] or size - 1), size - 1)
    if found[2] and int(found[2]) < first:
        return 0, size
    return (first, last - first + 1) if first < size else None


def serve(
    request: HttpRequest, stream: BinaryIO, *, size: int, etag: str, headers: dict[str, str]
) -> HttpResponseBase:
    """Answer GET with the bytes or the range asked for; the database is given back first."""
    headers = {**headers, "ETag": f'"{etag}"'}
    asked = span(request, size, etag)
    if asked is None:
        stream.close()
        return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    first, length = asked
    if (first, length) != (0, size):
        headers["Content-Range"] = f"bytes {first}-{first + length - 1}/{size}"
    release_database()
    stream.seek(first)
    response = _body(stream, length)
    response.status_code = 206 if "Content-Range" in headers else 200
    for key, value in {**headers, "Content-Length": str(length)}.items():
        response[key] = value
    return response


def _body(stream: BinaryIO, length: int) -> HttpResponse | FileResponse:
    """A local file goes out by the server's sendfile, which stops at Content-Length."""
    if isinstance(stream, io.BytesIO):
        with stream:
            return HttpResponse(stream.read(length))
    try:
        stream.fileno()
    except (OSError, AttributeError):
        return _streamed(FileResponse(Slice(stream, length)))
    return _streamed(FileResponse(stream))


def _streamed(response: FileResponse) -> FileResponse:
    response.block_size = BLOCK_BYTES
    return response
