"""The licence a repository declares: an identifier the Hub knows, and its text."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from workers.checks.card import PATH, Card
from workers.checks.findings import Finding, Severity
from workers.checks.tree import Entry, Tree

_TEXT_NAMES = ("license", "licence", "copying", "unlicense")
_TEXT_EXTENSIONS = frozenset({"", ".txt", ".md", ".rst"})
_MIN_TEXT = 20
FAMILY_MEMBERS = {
    "bsd": "bsd-2-clause or bsd-3-clause",
    "lgpl": "lgpl-2.1 or lgpl-3.0",
    "gpl": "gpl-2.0 or gpl-3.0",
    "gfdl": "`other` with license_name: gfdl-1.3",
    "cc": "cc-by-4.0 or cc0-1.0",
    "openrail": "bigscience-openrail-m or creativeml-openrail-m",
}


@dataclass(frozen=True)
class Licence:
    """What was declared (an identifier or None), the file with its text, and the faults."""

    id: str | None
    text_file: str | None
    name: str | None
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, str | None]:
        return {"id": self.id, "name": self.name, "text_file": self.text_file}


@cache
def known_ids() -> dict[str, tuple[str, str]]:
    """Identifier → (kind, SPDX expression); kind is specific, family, other or unknown."""
    listed = json.loads(Path(__file__).with_name("licence_ids.json").read_text(encoding="utf-8"))
    return {identifier: (entry["kind"], entry["spdx"]) for identifier, entry in listed.items()}


def check_licence(tree: Tree, card: Card) -> Licence:
    text = licence_text(tree)
    findings: list[Finding] = []
    declared = None
    if not card.findings:
        declared, fault = _declared(card)
        if fault is not None:
            findings.append(fault)
    if text is None:
        findings.append(_no_text(declared))
    name = card.metadata.get("license_name")
    return Licence(
        declared, text.path if text else None, name if isinstance(name, str) else None,
        tuple(findings),
    )  # fmt: skip


def licence_text(tree: Tree) -> Entry | None:
    """The file at the root that holds the licence's text; an empty one does not count."""
    for entry in tree.entries:
        named = entry.at_root and entry.name.lower().startswith(_TEXT_NAMES)
        if named and entry.extension in _TEXT_EXTENSIONS and entry.size >= _MIN_TEXT:
            return entry
    return None


def _declared(card: Card) -> tuple[str | None, Finding | None]:
    value: Any = card.metadata.get("license")
    line = card.line_of("license")
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value is None or value == "" or value == []:
        fix = "Add a line such as `license: apache-2.0` to the front matter."
        return None, _fault("README.md names no licence.", fix, line or 1)
    if not isinstance(value, str):
        message = f"README.md, line {line}: `license` must be one identifier, not {value!r}."
        return None, _fault(message[:300], "Name the one licence that covers the whole.", line)
    return value, _judge(value, card, line)


def _judge(value: str, card: Card, line: int | None) -> Finding | None:
    where = f"README.md, line {line}: "
    kind = known_ids().get(value, ("", ""))[0]
    if kind == "specific":
        return None
    if kind == "family":
        message = f"{where}`{value}` names a family of licences, not one of them."
        return _fault(message, f"Name the very licence, for example {FAMILY_MEMBERS[value]}.", line)
    if kind == "unknown":
        message = f"{where}with the licence `unknown` nobody may use or merge this work."
        return _fault(message, "Ask the author of the work for its licence and name it.", line)
    if kind == "other":
        if isinstance(card.metadata.get("license_name"), str):
            return None
        fix = "Add `license_name: <short name>` below it and the text as LICENSE."
        return _fault(f"{where}`license: other` needs a name.", fix, line)
    near = nearest_id(value)
    suggestion = f"Did you mean `{near}`? " if near else ""
    fix = (
        f"{suggestion}Use an identifier of the Hub's list, or `license: other` with "
        "`license_name` and a LICENSE file."
    )
    return _fault(f"{where}the licence `{value[:80]}` is not known.", fix, line)


def nearest_id(value: str) -> str | None:
    """The identifier somebody most likely meant: other case, SPDX spelling, or a typo."""
    folded = value.strip().lower().replace(" ", "-").replace("_", "-")
    by_spdx = {
        part.lower(): identifier
        for identifier, (_, spdx) in reversed(known_ids().items())
        for part in spdx.split(" OR ")
    }
    if folded in known_ids():
        return folded
    if folded in by_spdx:
        return by_spdx[folded]
    close = difflib.get_close_matches(folded, known_ids(), n=1, cutoff=0.6)
    return close[0] if close else None


def _no_text(declared: str | None) -> Finding:
    which = f"the licence {declared}" if declared else "the licence"
    return Finding(
        "licence-text",
        Severity.BLOCK,
        f"The text of {which} is not in the repository.",
        "Add it as a file named LICENSE at the root; most licences require the text to travel "
        "with the work.",
        "LICENSE",
    )


def _fault(message: str, fix: str, line: int | None) -> Finding:
    return Finding("licence", Severity.BLOCK, message, fix, PATH, line)
