"""The output of a program, read as it comes and kept small whatever it sends."""

from __future__ import annotations

import os
import re
import threading
import time
from typing import IO

from workers.warm import READY

TAIL_BYTES = 64 * 1024
FRESH_BYTES = 32 * 1024
PIECE = 64 * 1024
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[@-_]")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Log:
    """A thread drains the pipe, so a program that writes a lot never blocks on us for long."""

    def __init__(self, stream: IO[bytes] | None, most_bytes: int) -> None:
        assert stream is not None
        self._stream = stream
        self._most = most_bytes
        self._changed = threading.Condition()
        self._early: bytes | None = b""  # until the ready line; then None
        self._tail = bytearray()
        self._fresh = bytearray()
        self._total = self._left_out = 0
        self._ended = False
        self._thread = threading.Thread(target=self._drain, name="job log", daemon=True)
        self._thread.start()

    def wait_ready(self, seconds: float) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._early is None or self._ended, seconds)
            return self._early is None

    def fresh(self, *, last: bool = False) -> str:
        """The lines that came since the last call; the end of a flood is left out, and counted."""
        with self._changed:
            whole = len(self._fresh)
            if not last and not self._left_out:
                whole = self._fresh.rfind(b"\n") + 1
            text = clean(bytes(self._fresh[:whole]))
            if self._left_out:
                text += f"\n[{self._left_out} bytes of output left out]\n"
            del self._fresh[:whole]
            self._left_out = 0
        return text

    def tail(self) -> str:
        with self._changed:
            return clean(bytes(self._tail))

    def all_text(self) -> str:
        """Including what was said before the ready line; for a sandbox that did not start."""
        with self._changed:
            return clean((self._early or b"") + bytes(self._tail))

    def wait_end(self, seconds: float) -> None:
        self._thread.join(seconds)

    def close(self) -> None:
        self._thread.join(1.0)
        if not self._thread.is_alive():
            self._stream.close()

    def _drain(self) -> None:
        while piece := os.read(self._stream.fileno(), PIECE):
            with self._changed:
                self._add(piece)
                self._changed.notify_all()
            if self._total > self._most:
                time.sleep(0.01)  # the pipe fills, and the program waits
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _add(self, piece: bytes) -> None:
        if self._early is not None:
            early, found, piece = (self._early + piece).partition(READY)
            if not found:
                self._early = early[-TAIL_BYTES:]
                return
            self._early = None
        self._total += len(piece)
        room = max(0, FRESH_BYTES - len(self._fresh)) if self._total <= self._most else 0
        self._fresh += piece[:room]
        self._left_out += len(piece) - len(piece[:room])
        self._tail += piece
        del self._tail[:-TAIL_BYTES]


def clean(data: bytes) -> str:
    """Readable text: no terminal codes, no control characters, progress bars as lines."""
    text = data.decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    return CONTROL.sub("", ESCAPES.sub("", text))
