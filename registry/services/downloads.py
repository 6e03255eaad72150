"""Counting downloads without slowing them: counts gather in memory and are written in batches."""

from __future__ import annotations

import threading
import time
from collections import Counter

import structlog
from django.db import connection
from django.db.models import F
from django.http import HttpRequest

from registry.models import Repository

log = structlog.get_logger()
FLUSH_SECONDS = 10.0
# One client that fetches the fifty files of a repository downloads it once.
_SAME_DOWNLOAD_SECONDS = 300.0
_MOST_REMEMBERED = 50_000


class Downloads:
    """Counts of one web process. A crash loses at most `FLUSH_SECONDS` of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: Counter[int] = Counter()
        self._seen: dict[tuple[int, str], float] = {}
        self._thread: threading.Thread | None = None

    def count(self, repository: int, client: str) -> None:
        now = time.monotonic()
        with self._lock:
            if now - self._seen.get((repository, client), -1e9) < _SAME_DOWNLOAD_SECONDS:
                return
            if len(self._seen) >= _MOST_REMEMBERED:
                self._seen.clear()
            self._seen[repository, client] = now
            self._waiting[repository] += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_later, daemon=True)
                self._thread.start()

    def _write_later(self) -> None:
        time.sleep(FLUSH_SECONDS)
        try:
            self.write()
        except Exception:
            # Nobody waits for this thread: a count that is lost must not be a crash as well.
            log.warning("download counts were not written", exc_info=True)
        finally:
            connection.close()

    def write(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, Counter()
            self._thread = None
        # In one order, so that two processes cannot wait for each other.
        for pk, number in sorted(waiting.items()):
            Repository.objects.filter(pk=pk).update(downloads=F("downloads") + number)


_downloads = Downloads()


def count(repository: int, request: HttpRequest) -> None:
    client = f"{request.META.get('REMOTE_ADDR')} {request.headers.get('User-Agent', '')}"
    _downloads.count(repository, client)
