"""Bytes between a worker and the site, over signed addresses. Knows no Django."""

from __future__ import annotations

import http.client
import json
import shutil
import struct
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

TRIES = 3
PAUSE_SECONDS = 0.5
SILENCE_SECONDS = 120
MOST_HEADER_BYTES = 100_000_000

T = TypeVar("T")


class TransferError(Exception):
    """The site could not be reached, or refused; the text says which and what it answered."""


def upload(url: str, path: Path) -> None:
    """PUT a file as a stream, so that its size costs no memory."""
    size = path.stat().st_size

    def send() -> None:
        with path.open("rb") as body:
            headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
            with _open(url, headers, method="PUT", body=body) as answer:
                answer.read()

    _try(send, f"{path.name} could not be stored")


def download(url: str, target: Path) -> None:
    def receive() -> None:
        with _open(url, {}) as answer, target.open("wb") as file:
            shutil.copyfileobj(answer, file, 1 << 20)

    _try(receive, f"{target.name} could not be fetched")


def read_part(url: str, first: int, size: int) -> bytes:
    """`size` bytes from `first` on, by a range request."""

    def receive() -> bytes:
        with _open(url, {"Range": f"bytes={first}-{first + size - 1}"}) as answer:
            if answer.status == 200:
                answer.read(first)
            return bytes(answer.read(size))

    return _try(receive, "a part of a file could not be fetched")


def tensors_of(read: Callable[[int, int], bytes]) -> dict[str, dict[str, Any]]:
    """Names, shapes and dtypes of a safetensors file, of which only the header is read.

    `read(first, size)` gives a part of it.
    Source: https://github.com/huggingface/safetensors#format
    """
    (length,) = struct.unpack("<Q", read(0, 8))
    if length > MOST_HEADER_BYTES:
        raise TransferError(f"a safetensors header claims {length} bytes")
    header = json.loads(read(8, length))
    header.pop("__metadata__", None)
    return {name: {"shape": info["shape"], "dtype": info["dtype"]} for name, info in header.items()}


def _open(
    url: str, headers: dict[str, str], *, method: str = "GET", body: BinaryIO | None = None
) -> http.client.HTTPResponse:
    if not url.startswith(("http://", "https://")):
        raise TransferError(f"{url[:40]} is no HTTP address")
    request = urllib.request.Request(url, data=body, headers=headers, method=method)  # noqa: S310
    answer = urllib.request.urlopen(request, timeout=SILENCE_SECONDS)  # noqa: S310  checked above
    return cast(http.client.HTTPResponse, answer)


def _try(action: Callable[[], T], what: str) -> T:
    """Try again where that can help: not when the site has said no."""
    for attempt in range(1, TRIES + 1):
        try:
            return action()
        except urllib.error.HTTPError as error:
            if error.code < 500 or attempt == TRIES:
                said = error.read(500).decode(errors="replace")
                raise TransferError(f"{what}: the site answered {error.code} {said}") from error
        except (OSError, http.client.HTTPException) as error:
            if attempt == TRIES:
                raise TransferError(f"{what}: {error}") from error
        time.sleep(PAUSE_SECONDS * attempt)
    raise AssertionError("the last try returns or raises")
