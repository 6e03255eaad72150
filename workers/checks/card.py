"""The repository's card: README.md with YAML front matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workers.checks.findings import Finding, Severity
from workers.checks.tree import Tree
from workers.checks.yamltext import YamlError, read_yaml

# In words: a finding is one line of a log, a comment and a page alike.
EXAMPLE = "the three lines `---`, `license: apache-2.0` and `---`"
PATH = "README.md"


@dataclass(frozen=True)
class Card:
    metadata: dict[str, Any]
    lines: dict[str, int]
    findings: tuple[Finding, ...] = ()

    def line_of(self, key: str) -> int | None:
        return self.lines.get(key)


def read_card(tree: Tree) -> Card:
    entry = tree.get(PATH)
    if entry is None:
        return _broken("There is no README.md.", f"Add a README.md that begins with {EXAMPLE}.")
    try:
        text = entry.file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        return _broken(f"README.md is not UTF-8 (byte {error.start}).", "Save it as UTF-8.")
    return parse_card(text)


def parse_card(text: str) -> Card:
    rows = text.splitlines()
    if not rows or rows[0].strip() != "---":
        message = "README.md has no YAML front matter, so it names no licence."
        return _broken(message, f"Begin README.md with {EXAMPLE}.", 1)
    end = next((n for n, row in enumerate(rows[1:], 1) if row.rstrip() == "---"), None)
    if end is None:
        message = "The front matter of README.md is never closed."
        return _broken(message, "End it with a line that holds only ---.", 1)
    block = rows[1:end]
    try:
        metadata = read_yaml("\n".join(block), first_line=2)
    except YamlError as error:
        message = f"The front matter of README.md is not valid YAML, line {error.line}: {error}."
        return _broken(message, "Correct that line; quote texts that contain ': '.", error.line)
    if metadata is None:
        metadata = {}
    if not isinstance(metadata, dict):
        message = "The front matter of README.md must be a list of 'key: value' lines."
        return _broken(message, f"Write it as in {EXAMPLE}.", 2)
    lines = {row.split(":", 1)[0].strip(): n for n, row in enumerate(block, 2) if row[:1].strip()}
    return Card({str(key): value for key, value in metadata.items()}, lines)


def _broken(message: str, fix: str, line: int | None = None) -> Card:
    return Card({}, {}, (Finding("card", Severity.BLOCK, message, fix, PATH, line),))
