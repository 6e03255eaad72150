"""The folder under check: its entries, and bounded reading from them."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from workers.checks.findings import Finding, Severity

MAX_ENTRIES = 20_000
MAX_DEPTH = 20


@dataclass(frozen=True)
class Entry:
    """A regular file of the tree; `path` is relative and uses forward slashes."""

    path: str
    file: Path
    size: int

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def extension(self) -> str:
        """Lower case with the dot; empty for `LICENSE` and for `.gitattributes`."""
        return os.path.splitext(self.name)[1].lower()

    @property
    def at_root(self) -> bool:
        return "/" not in self.path

    def head(self, count: int) -> bytes:
        with self.file.open("rb") as stream:
            return stream.read(count)


@dataclass(frozen=True)
class Tree:
    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...]

    def get(self, path: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.path == path), None)

    def named(self, *extensions: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.extension in extensions]


def read_tree(root: Path) -> Tree:
    """List regular files under `root`; everything that is no regular file is a finding.

    Links are never followed: a link in a repository may point out of it.
    """
    entries: list[Entry] = []
    findings: list[Finding] = []
    for folder, folders, files in os.walk(root, followlinks=False):
        folders.sort()
        for name in sorted(files) + [n for n in folders if os.path.islink(os.path.join(folder, n))]:
            path = Path(folder, name)
            relative = path.relative_to(root).as_posix()
            status = path.lstat()
            if stat.S_ISREG(status.st_mode):
                entries.append(Entry(relative, path, status.st_size))
            else:
                findings.append(_not_regular(relative, status.st_mode))
        if len(entries) > MAX_ENTRIES or folder.count(os.sep) - str(root).count(os.sep) > MAX_DEPTH:
            findings.append(_too_large())
            break
    entries.sort(key=lambda entry: entry.path)
    return Tree(tuple(entries), tuple(findings))


def _not_regular(path: str, mode: int) -> Finding:
    kind = "a symbolic link" if stat.S_ISLNK(mode) else "a device, pipe or socket"
    return Finding(
        "file-kind",
        Severity.BLOCK,
        f"{path} is {kind}; a repository may hold plain files only.",
        "Replace it by a copy of the file it points to, or delete it.",
        path,
    )


def _too_large() -> Finding:
    return Finding(
        "file-count",
        Severity.BLOCK,
        f"The repository has more than {MAX_ENTRIES} files or folders deeper than {MAX_DEPTH}.",
        "Pack examples into parquet files and remove files that nobody needs.",
    )


def path_findings(paths: list[str]) -> list[Finding]:
    """Paths that would leave the repository, or that some file system cannot hold."""
    findings = []
    for path in paths:
        parts = path.split("/")
        if ".." in parts or path.startswith("/") or "\\" in path or "" in parts or "." in parts:
            reason = "leaves the repository or is not a plain relative path"
        elif any(ord(char) < 32 or ord(char) == 127 for char in path):
            reason = "contains a control character"
        elif len(path) > 500:
            reason = "is longer than 500 characters"
        else:
            continue
        message = f"The path {path[:120]!r} {reason}."
        fix = "Rename the file to a plain path such as data/train.csv."
        findings.append(Finding("file-path", Severity.BLOCK, message, fix, path[:500]))
    return findings
