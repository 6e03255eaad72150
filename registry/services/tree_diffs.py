"""Which files differ between two trees; folders that are equal are never opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from registry.models import Repository, Revision
from registry.services import contents, objects
from registry.services.errors import RevisionNotFound
from registry.services.objects import FOLDER_MODE, Entry

_Item = tuple[int, str]


@dataclass(frozen=True)
class Change:
    """One path; `before` None: added, `after` None: removed. A renamed file has two paths."""

    path: str
    before: Entry | None
    after: Entry | None

    @property
    def kind(self) -> str:
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        return "renamed" if self.before.path != self.after.path else "changed"


def trees(repository: Repository, before: str, after: str) -> tuple[str | None, str]:
    """Root trees of two commits; an empty `before` is the time before the first one."""
    wanted = [oid for oid in (before, after) if oid]
    rows = Revision.objects.filter(repository=repository, oid__in=wanted)
    found = dict(rows.values_list("oid", "tree"))
    for oid in wanted:
        if oid not in found:
            raise RevisionNotFound(oid, where=repository.full_name)
    return found.get(before), found[after]


def changed(before: str | None, after: str | None) -> list[Change]:
    """Files that differ between two root trees, without sizes; one query a level of depth."""
    found: list[Change] = []
    level: list[tuple[str, str | None, str | None]] = [("", before, after)]
    while level:
        known = objects.read_trees({oid for _, *pair in level for oid in pair if oid})
        below = []
        for folder, *pair in level:
            old, new = (known.get(oid, {}) if oid else {} for oid in pair)
            for name in {*old, *new}:
                files, folders = _compared(f"{folder}{name}", old.get(name), new.get(name))
                found += files
                below += folders
        level = below
    return sorted(found, key=lambda change: change.path)


def _compared(
    path: str, old: _Item | None, new: _Item | None
) -> tuple[list[Change], list[tuple[str, str | None, str | None]]]:
    if old == new:
        return [], []
    old_file, new_file = (item if item and item[0] != FOLDER_MODE else None for item in (old, new))
    old_folder, new_folder = (
        item[1] if item and item[0] == FOLDER_MODE else None for item in (old, new)
    )
    files = [Change(path, _entry(path, old_file), _entry(path, new_file))]
    folders = [(f"{path}/", old_folder, new_folder)]
    return files if old_file or new_file else [], folders if old_folder or new_folder else []


def _entry(path: str, item: _Item | None) -> Entry | None:
    return Entry(path, "file", item[1], item[0]) if item else None


def with_renames(changes: list[Change]) -> list[Change]:
    """Of a removed and an added path with the very same content, one renamed file."""
    gone: dict[str, list[Change]] = {}
    for change in changes:
        if change.before is not None and change.after is None:
            gone.setdefault(change.before.oid, []).append(change)
    found, moved = [], set()
    for change in changes:
        same = gone.get(change.after.oid) if change.after and change.before is None else None
        if same:
            old = same.pop(0)
            moved.add(old.path)
            change = replace(change, before=old.before)
        found.append(change)
    return [change for change in found if change.after or change.path not in moved]


def described(changes: Sequence[Change]) -> list[Change]:
    """The same with sizes; one query."""
    entries = _entries(changes)
    return _replaced(changes, entries, objects.described(entries))


def loaded(changes: Sequence[Change]) -> tuple[list[Change], Callable[[Entry], BinaryIO]]:
    """The same with sizes, and a function that opens their files; one query as well."""
    entries = _entries(changes)
    found, opened = contents.loaded(entries)
    return _replaced(changes, entries, found), opened


def _entries(changes: Sequence[Change]) -> list[Entry]:
    return [entry for change in changes for entry in (change.before, change.after) if entry]


def _replaced(
    changes: Sequence[Change], entries: Sequence[Entry], found: Sequence[Entry]
) -> list[Change]:
    known = dict(zip(entries, found, strict=True))
    return [
        Change(
            c.path,
            known[c.before] if c.before else None,
            known[c.after] if c.after else None,
        )
        for c in changes
    ]
