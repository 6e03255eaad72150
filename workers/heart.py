"""The heartbeat of a run: a thread that says how far it is and hears whether to go on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from workers.runner import Progress

log = logging.getLogger(__name__)

LOG_CHARACTERS = 64_000
CURVE_POINTS = 500
GO_ON = "go on"

# (progress, curve, log) → "go on" or "stop: reason"
Beat = Callable[[dict[str, Any], list[dict[str, Any]], str], str]


class Heart:
    """Beats every `seconds` until it is left, also while inputs come and products go.

    `close` is called at the end of the thread, for what belongs to it (a database connection).
    """

    def __init__(self, beat: Beat, *, seconds: float, close: Callable[[], None]) -> None:
        self._beat = beat
        self._seconds = seconds
        self._close = close
        self._lock = threading.Lock()
        self._progress: dict[str, Any] = {}
        self._curve: list[dict[str, Any]] = []
        self._log = ""
        self._stop: str | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._live, name="heart", daemon=True)

    def __enter__(self) -> Heart:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def log(self) -> str:
        return self._log

    def should_stop(self) -> str | None:
        return self._stop

    def take(self, news: Progress) -> None:
        """What the job said since the last call; the next beat carries it."""
        with self._lock:
            self._log = (self._log + news.log)[-LOG_CHARACTERS:]
            for line in news.lines:
                self._progress = line
                if line["metrics"]:
                    point = {"step": line["step"], "stage": line["stage"]}
                    self._curve.append(point | line["metrics"])
            if len(self._curve) > 2 * CURVE_POINTS:
                self._curve = self._curve[::2]
            self._progress = {
                **self._progress,
                "seconds": round(news.seconds, 1),
                "memory_bytes": news.resident_bytes,
            }

    def _live(self) -> None:
        try:
            while not self._ended.wait(self._seconds):
                self._once()
        finally:
            self._close()

    def _once(self) -> None:
        with self._lock:
            said = dict(self._progress), list(self._curve), self._log
        try:
            answer = self._beat(*said)
        except Exception:
            # The database may be away for a moment; the lease outlives a few missed beats.
            log.exception("a heartbeat could not be sent")
            return
        if answer != GO_ON and self._stop is None:
            self._stop = answer.removeprefix("stop: ")
