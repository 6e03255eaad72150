"""A stream of NDJSON lines in which a string may be as long as a file.

Long strings never become Python strings: they are decoded in pieces into a file, and the rest of
the line is parsed as JSON with a mark in their place. Memory stays at a few chunks.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from registry.services.errors import Invalid, TooLarge

CHUNK_BYTES = 256 * 1024
# A string longer than this goes to disk.
LONG_STRING = 64 * 1024
LONGEST_LINE = 1024 * 1024
_OUTSIDE = re.compile(rb'["\n]')
_INSIDE = re.compile(rb'["\\\n]')


class Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


def decoded(piece: bytes, where: str) -> bytes:
    try:
        return base64.b64decode(piece, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("The content is not valid base64.", where=where) from None


class Lines:
    """(key, value) of each line; a long string in a value is the Path of its decoded bytes."""

    def __init__(self, stream: Readable, folder: Path) -> None:
        self.bytes_read = 0
        self._stream = stream
        self._folder = folder
        self._buffer = b""
        self._at = 0
        self._number = 0
        self._spilled: dict[str, Path] = {}
        # Nobody can write this mark into a request: it is drawn anew for each.
        self._mark = secrets.token_hex(16)

    def __iter__(self) -> Iterator[tuple[str, dict[str, Any]]]:
        while (line := self._line()) is not None:
            if line.strip():
                yield self._parsed(line)

    @property
    def where(self) -> str:
        return f"line {self._number}"

    def _parsed(self, line: bytes) -> tuple[str, dict[str, Any]]:
        try:
            item = json.loads(line)
        except (ValueError, RecursionError):
            item = None
        key, value = (
            (item.get("key"), item.get("value")) if isinstance(item, dict) else (None, None)
        )
        if not isinstance(key, str) or not isinstance(value, dict):
            raise Invalid("The line is not {“key”: …, “value”: {…}} in JSON.", where=self.where)
        return key, {
            name: self._spilled.get(text, text) if isinstance(text, str) else text
            for name, text in value.items()
        }

    def _line(self) -> bytes | None:
        """The next line without its long strings; None at the end of the request."""
        line = bytearray()
        self._number += 1
        while True:
            piece, end = self._until(_OUTSIDE)
            line += piece
            if end == b'"':
                line += self._string()
            elif end == b"\n":
                return bytes(line)
            elif end is None:
                return bytes(line) if line else None
            if len(line) > LONGEST_LINE:
                raise TooLarge(f"The line is longer than {LONGEST_LINE} bytes.", where=self.where)

    def _string(self) -> bytes:
        """A string in JSON, read from behind its opening quote; a long one is its mark."""
        kept = bytearray()
        while True:
            piece, end = self._until(_INSIDE)
            kept += piece
            if end == b'"':
                return b'"%b"' % bytes(kept)
            if end == b"\\":
                kept += b"\\" + self._one()
            elif end is None or end == b"\n":
                raise self._open_string()
            if len(kept) > LONG_STRING:
                return self._spill(bytes(kept).replace(b"\\/", b"/"))

    def _spill(self, pending: bytes) -> bytes:
        path = self._folder / f"long-{self._number}-{len(self._spilled)}"
        end: bytes | None = b""
        with path.open("wb") as out:
            while end != b'"':
                piece, end = self._until(_INSIDE)
                pending += piece
                if end is None or end == b"\n" or (end == b"\\" and self._one() != b"/"):
                    raise self._open_string()
                if end == b"\\":
                    pending += b"/"
                if len(pending) > LONG_STRING:
                    whole = len(pending) // 4 * 4
                    out.write(decoded(pending[:whole], self.where))
                    pending = pending[whole:]
            out.write(decoded(pending, self.where))
        mark = f"{self._mark}-{len(self._spilled)}"
        self._spilled[mark] = path
        return b'"%b"' % mark.encode()

    def _open_string(self) -> Invalid:
        return Invalid(
            f"A text is not closed, or is longer than {LONG_STRING} bytes and no base64.",
            where=self.where,
        )

    def _until(self, ends: re.Pattern[bytes]) -> tuple[bytes, bytes | None]:
        """What comes before the next of `ends`, and which it is.

        An empty end: the chunk is over; None: the request is over.
        """
        if self._at >= len(self._buffer) and not self._fill():
            return b"", None
        found = ends.search(self._buffer, self._at)
        stop = found.start() if found else len(self._buffer)
        piece = self._buffer[self._at : stop]
        self._at = found.end() if found else stop
        return piece, found[0] if found else b""

    def _one(self) -> bytes:
        if self._at >= len(self._buffer) and not self._fill():
            return b""
        self._at += 1
        return self._buffer[self._at - 1 : self._at]

    def _fill(self) -> bool:
        self._buffer, self._at = self._stream.read(CHUNK_BYTES), 0
        self.bytes_read += len(self._buffer)
        return bool(self._buffer)
