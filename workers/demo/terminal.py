"""How the story is told: a progress display on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table

POLL_SECONDS = 0.4
LOG_WIDTH = 150  # columns of a file, which has none of its own


class StoryStopped(Exception):
    """Why the story cannot go on, in words for whoever started it."""


class Teller:
    def __init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=True)
        if not self.console.is_terminal:
            self.console.width = LOG_WIDTH
        self.begun = time.monotonic()
        self.steps = 0

    def chapter(self, title: str) -> None:
        self.steps += 1
        clock = self._clock()
        self.console.print(f"\n[bold cyan]{self.steps:>2}. {title}[/]  [dim]{clock}[/]")

    def say(self, line: str) -> None:
        self.console.print(f"    {line}")

    def table(self, table: Table) -> None:
        self.console.print(table)

    def _clock(self) -> str:
        seconds = int(time.monotonic() - self.begun)
        return f"{seconds // 60}:{seconds % 60:02d}"

    @contextmanager
    def busy(self, what: str) -> Iterator[Callable[[str], None]]:
        """Shows that something is at work; the given function changes the words beside it."""
        if not self.console.is_terminal:
            yield lambda _words: None
            return
        with self.console.status(f"    {what}") as status:
            yield lambda words: status.update(f"    {what}  [dim]{words}[/]")

    def wait(self, what: str, look: Callable[[], tuple[bool, str]], *, seconds: float) -> None:
        """Ask `look` for (finished, how it stands) until it has finished."""
        deadline = time.monotonic() + seconds
        shown = ""
        with self.busy(what) as update:
            while True:
                finished, shown = look()
                if finished:
                    return
                update(shown)
                if time.monotonic() > deadline:
                    raise StoryStopped(f"{what}: not finished after {seconds:.0f} s ({shown})")
                time.sleep(POLL_SECONDS)
