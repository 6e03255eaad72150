"""Findings in place: each with the lines of the file that it is about, grouped by file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from contributions.models import Finding, Submission
from registry.models import GitObject, Repository
from registry.services import objects
from registry.services.contents import ROW_BYTES
from registry.services.objects import LfsPointer
from registry.services.remembered import remembered

AROUND = 2
KEPT_SECONDS = 3600
FILES = 12
DEEPEST = 3
LONGEST_LINE = 240


@dataclass(frozen=True)
class Line:
    number: int
    text: str
    meant: bool


@dataclass(frozen=True)
class Placed:
    """A finding with the lines around it; none when its file is no text that git holds."""

    finding: Finding
    lines: list[Line]
    href: str


@dataclass(frozen=True)
class FileFindings:
    path: str
    href: str
    found: list[Placed]


def by_file(
    submission: Submission, findings: Sequence[Finding], *, tree: str | None
) -> list[FileFindings]:
    """In the order in which they come; `tree` None: the reader may not see the files."""
    repository, revision = submission.repository, submission.head_revision
    wanted = [(f.path, f.line) for f in findings if f.path and f.line]
    around = _excerpts(tree, wanted) if tree and wanted else {}
    groups: dict[str, list[Placed]] = {}
    for finding in findings:
        href = _href(repository, revision, finding.path, finding.line)
        lines = around.get((finding.path, finding.line), [])
        groups.setdefault(finding.path, []).append(Placed(finding, lines, href))
    return [
        FileFindings(path, _href(repository, revision, path, None), found)
        for path, found in groups.items()
    ]


def _href(repository: Repository, revision: str, path: str, line: int | None) -> str:
    if not path:
        return ""
    at = f"#L{line}" if line else ""
    return f"{repository.get_absolute_url()}/blob/{revision}/{quote(path)}{at}"


def _excerpts(
    tree: str, wanted: Sequence[tuple[str, int | None]]
) -> dict[tuple[str, int | None], list[Line]]:
    """Kept: what a tree holds never changes."""

    def read() -> dict[tuple[str, int | None], list[Line]]:
        texts = _texts(tree, [*dict.fromkeys(path for path, _ in wanted)][:FILES])
        return {(path, line): _around(texts.get(path, ""), line) for path, line in wanted}

    name = hashlib.sha256(repr((tree, wanted)).encode()).hexdigest()
    return remembered(f"excerpts:{name}", KEPT_SECONDS, read)


def _texts(tree: str, paths: Sequence[str]) -> dict[str, str]:
    """One query a level of depth and one for the contents, however many files."""
    shallow = [path for path in paths if path.count("/") < DEEPEST]
    entries = {p: e for p, e in objects.find_many(tree, shallow).items() if e.is_file}
    oids = {entry.oid for entry in entries.values()}
    rows = GitObject.objects.filter(oid__in=oids, size__lte=ROW_BYTES).values_list("oid", "data")
    contents = {oid: bytes(data or b"") for oid, data in rows}
    found = {}
    for path, entry in entries.items():
        content = contents.get(entry.oid, b"")
        if not LfsPointer.parse(content) and b"\0" not in content:
            found[path] = content.decode(errors="replace")
    return found


def _around(text: str, line: int | None) -> list[Line]:
    if not text or not line:
        return []
    listed = text.split("\n")
    if line > len(listed):
        return []
    first = max(line - AROUND, 1)
    return [
        Line(number, listed[number - 1][:LONGEST_LINE], number == line)
        for number in range(first, min(line + AROUND, len(listed)) + 1)
    ]
