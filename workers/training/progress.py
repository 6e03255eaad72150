"""How far a job is: one JSON line per step in ``progress.jsonl``, at most a few a second."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TextIO

LINES_PER_SECOND = 5


class Progress:
    """Appends lines; drops those that come too fast, never the first or last of a stage."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None
        self._stage = ""
        self._written_at = float("-inf")

    def due(self, stage: str, step: int, of: int) -> bool:
        """Whether a line now would be kept; ask first where the metrics are costly to read."""
        late = time.monotonic() - self._written_at >= 1 / LINES_PER_SECOND
        return late or stage != self._stage or step >= of

    def write(self, stage: str, step: int, of: int, metrics: dict[str, float]) -> None:
        if not self.due(stage, step, of):
            return
        if self._file is None:
            self._file = self._path.open("a", encoding="utf-8")
        line = {"step": step, "of": of, "stage": stage, "metrics": metrics}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        self._stage = stage
        self._written_at = time.monotonic()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
