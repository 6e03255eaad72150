"""What a person or a program sees: results on standard output, progress on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_WORDS = {
    "approved": "approved",
    "failed": "failed",
    "needs-human": "needs a human",
    "moving": "under way",
}


class Output:
    """With `as_json` standard output holds JSON and nothing else."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        # What an interruption leaves behind.
        self.followed: int | None = None
        self._out = Console(highlight=False, soft_wrap=True)
        self._err = Console(stderr=True, highlight=False, soft_wrap=True)

    def result(self, content: Mapping[str, Any]) -> None:
        """Printed only for programs; people get `line` and `table`."""
        if self.as_json:
            print(json.dumps(content, ensure_ascii=False), flush=True)

    def line(self, text: str) -> None:
        if not self.as_json:
            self._out.print(escape(plain(text)))

    def raw(self, text: str) -> None:
        """Text of a log, as it is but for control characters that would move the cursor."""
        if text:
            sys.stdout.write(plain(text))
            sys.stdout.flush()

    def table(self, titles: list[str], rows: list[list[str]], *, numbers: int = 0) -> None:
        """The last `numbers` columns are set flush right."""
        if self.as_json:
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for position, title in enumerate(titles):
            right = position >= len(titles) - numbers
            table.add_column(title, justify="right" if right else "left", no_wrap=right)
        for row in rows:
            table.add_row(*(escape(plain(cell)) for cell in row))
        self._out.print(table)

    def progress(self, text: str) -> None:
        self._err.print(escape(plain(text)), style="dim")

    def error(self, text: str) -> None:
        self._err.print(f"[bold red]error[/]: {escape(plain(text))}")

    def submission(self, found: Mapping[str, Any]) -> None:
        """One submission in a few lines."""
        self.line(f"{found['title']}")
        self.line(f"  submission  {found['id']}  {found['url']}")
        self.line(f"  repository  {found['repository']} ({found['repo_type']})")
        self.line(f"  track       {found.get('track') or 'none yet'}")
        self.line(f"  status      {found['status_label']} ({outcome_words(found)})")
        if found.get("status_reason"):
            self.line(f"              {found['status_reason']}")
        for finding in found.get("findings") or []:
            place = finding.get("path") or ""
            line = f":{finding['line']}" if finding.get("line") else ""
            where = f" {place}{line}" if place else ""
            self.line(f"  {finding['severity']:<10}{where} {finding['message']}")
            if finding.get("fix"):
                self.line(f"              {finding['fix']}")


def outcome_words(found: Mapping[str, Any]) -> str:
    outcome = str(found["outcome"])
    return _WORDS.get(outcome, outcome)


def plain(text: str) -> str:
    """Without control characters: what others wrote must not drive this terminal."""
    return "".join(sign for sign in text if sign in "\n\t" or sign.isprintable())
