"""One readable log of many processes: each line carries the name of its part."""

from __future__ import annotations

import sys
import threading
from typing import IO

_COLOURS = (36, 33, 32, 35, 34, 31)
_WIDTH = 9


class Output:
    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream or sys.stdout
        self._colours: dict[str, int] = {}
        self._lock = threading.Lock()

    def say(self, name: str, line: str) -> None:
        with self._lock:
            prefix = f"{name:<{_WIDTH}}"
            if self._stream.isatty():
                number = self._colours.setdefault(name, len(self._colours) % len(_COLOURS))
                prefix = f"\x1b[{_COLOURS[number]}m{prefix}\x1b[0m"
            try:
                self._stream.write(f"{prefix}| {line}\n")
                self._stream.flush()
            except (OSError, ValueError):
                # Whoever read our output has gone; the site goes on.
                pass

    def follow(self, name: str, pipe: IO[bytes]) -> threading.Thread:
        """Copies a child's output, line by line, until it closes it."""

        def copy() -> None:
            with pipe:
                for line in pipe:
                    if text := line.decode(errors="replace").rstrip():
                        self.say(name, text)

        thread = threading.Thread(target=copy, name=f"output of {name}", daemon=True)
        thread.start()
        return thread
