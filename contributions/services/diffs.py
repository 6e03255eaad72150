"""What a pull request changes: paths, conflicts with its base branch, and the text of the diff."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from contributions.models import Discussion
from registry.models import Repository
from registry.services import line_diffs, objects, refs, tree_diffs
from registry.services.commits import CopyFrom, DeleteFile, Operation
from registry.services.objects import Entry
from registry.services.tensor_diffs import Opener
from registry.services.tree_diffs import Change

# Beyond these a diff is not read by people; it says so instead.
FILE_BYTES = 100_000
DIFF_BYTES = 400_000
# What is read for it, on both sides of all files.
READ_BYTES = 2_000_000

Files = dict[str, Entry]
_EMPTY = "0" * 40


@dataclass(frozen=True)
class Proposal:
    """The three file lists that a merge looks at: where it started, its head, its target."""

    base: Files
    head: Files
    target: Files
    head_oid: str
    target_oid: str

    @property
    def changes(self) -> list[Change]:
        return _changes(self.base, self.head)

    @property
    def conflicts(self) -> list[str]:
        """Paths that both sides changed, differently."""
        return [
            change.path
            for change in self.changes
            if _oid(self.target, change.path)
            not in {_oid(self.base, change.path), _oid_of(change.after)}
        ]

    def operations(self) -> list[Operation]:
        """What carries the changes over to the target; nothing that it has already."""
        return [
            CopyFrom(change.path, change.path, self.head_oid)
            if change.after
            else DeleteFile(change.path)
            for change in self.changes
            if _oid(self.target, change.path) != _oid_of(change.after)
        ]


def proposal(discussion: Discussion) -> Proposal | None:
    """None when its head or its base branch is gone."""
    repository = discussion.repository
    head = refs.current(repository, discussion.ref)
    target = refs.current(repository, discussion.base_branch)
    if head is None or target is None:
        return None
    return Proposal(
        base=_files(repository, discussion.base_oid),
        head=_files(repository, head),
        target=_files(repository, target),
        head_oid=head,
        target_oid=target,
    )


def _files(repository: Repository, oid: str) -> Files:
    walked = objects.walk(objects.tree_of(repository, oid), recursive=True)
    return {entry.path: entry for entry in walked if entry.is_file}


def _oid_of(entry: Entry | None) -> str:
    return entry.oid if entry else ""


def _oid(files: Files, path: str) -> str:
    return _oid_of(files.get(path))


def _changes(before: Files, after: Files) -> list[Change]:
    return [
        Change(path, before.get(path), after.get(path))
        for path in sorted({*before, *after})
        if _oid(before, path) != _oid(after, path)
    ]


def changes(repository: Repository, before: str, after: str) -> list[Change]:
    """Changed files between two commits, with their sizes; an empty `before`: all are new."""
    return tree_diffs.described(tree_diffs.changed(*tree_diffs.trees(repository, before, after)))


def unified(repository: Repository, before: str, after: str) -> str:
    """As `git diff` prints it; large files as their pointers, as git sees them."""
    parts: list[str] = []
    budget, room, unread = line_diffs.Budget(), DIFF_BYTES, READ_BYTES
    for change, opened in _loaded(repository, before, after):
        if room <= 0 or unread <= 0:
            parts.append("# The diff is longer than this; read the files themselves.\n")
            break
        entries = [entry for entry in (change.before, change.after) if entry]
        unread -= sum(entry.size for entry in entries if entry.size <= FILE_BYTES)
        text = "".join(_file_diff(change, opened, budget))
        parts.append(text)
        room -= len(text)
    return "".join(parts)


def _loaded(repository: Repository, before: str, after: str) -> Iterator[tuple[Change, Opener]]:
    """One query for every fifty files."""
    found = tree_diffs.changed(*tree_diffs.trees(repository, before, after))
    for at in range(0, len(found), 50):
        some, opened = tree_diffs.loaded(found[at : at + 50])
        for change in some:
            yield change, opened


def _file_diff(change: Change, opened: Opener, budget: line_diffs.Budget) -> Iterator[str]:
    yield f"diff --git a/{change.path} b/{change.path}\n"
    if change.before is None and change.after:
        yield f"new file mode {change.after.mode:o}\n"
    elif change.after is None and change.before:
        yield f"deleted file mode {change.before.mode:o}\n"
    old, new = _oid_of(change.before) or _EMPTY, _oid_of(change.after) or _EMPTY
    yield f"index {old}..{new}\n"
    names = (
        f"a/{change.path}" if change.before else "/dev/null",
        f"b/{change.path}" if change.after else "/dev/null",
    )
    before, after = (_text(entry, opened) for entry in (change.before, change.after))
    told = (
        None
        if before is None or after is None
        else line_diffs.unified(before, after, names, budget)
    )
    yield f"Binary files {names[0]} and {names[1]} differ\n" if told is None else told


def _text(entry: Entry | None, opened: Opener) -> str | None:
    """What a text file says; None for one that is binary or too long."""
    if entry is None:
        return ""
    if entry.lfs is not None:
        return entry.lfs.data.decode()
    if entry.size > FILE_BYTES:
        return None
    with opened(entry) as stream:
        content = stream.read()
    try:
        return None if b"\0" in content else content.decode()
    except UnicodeDecodeError:
        return None
