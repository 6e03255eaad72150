"""Commits: pure storage. Who may commit where is decided by the callers.

A commit builds trees, stores objects and changed paths, and moves its ref, all in one
transaction. Repeating one (same parent, tree and author) returns the revision that exists.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import BinaryIO
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from registry.models import Blob, GitObject, PathChange, Repository, Revision, User
from registry.services import blobs, events, objects, paths, projection, refs
from registry.services.contents import LargeFile, RegularFile, regular, regular_blob
from registry.services.errors import EntryNotFound, Invalid, StaleParent
from registry.services.objects import Entry
from registry.services.operations import (
    AddFile,
    AddLfsFile,
    CopyFrom,
    DeleteFile,
    DeleteFolder,
    Operation,
)
from registry.services.refs import resolve
from registry.services.trees import TreeEdit

__all__ = [
    "AddFile",
    "AddLfsFile",
    "CopyFrom",
    "DeleteFile",
    "DeleteFolder",
    "Operation",
    "commit",
    "open_file",
    "read_file",
    "resolve",
]


_NO_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def commit(
    repository: Repository,
    *,
    ref: str,
    author: User,
    title: str,
    message: str = "",
    operations: Sequence[Operation],
    parent: str | None = None,
    create_ref: bool = False,
    merged: str | None = None,
) -> Revision:
    """Commit to the full ref name `ref`.

    `parent`: the commit (id, or at least 5 digits of it) that the ref must be at; None accepts
    any. `create_ref`: the ref is new and starts at `parent`. `merged`: a second parent.
    Errors: StaleParent, EntryNotFound (deleting what is not there), InvalidPath, Invalid (an
    unknown large file), RevisionNotFound (no such ref).
    """
    prepared = _prepared(operations, repository, author)
    with transaction.atomic():
        base, is_head = _base(repository, ref, parent, create_ref)
        built = _applied(repository, base, prepared)
        parents = [oid for oid in (base.oid if base else None, merged) if oid]
        existing = _repeated(repository, base, parents, built.tree, author, merged)
        if not is_head:
            return _already_made(existing, ref, repository)
        if existing is not None and existing is base:
            return existing
        revision = existing or _stored(
            repository, base, parents, built, author=author, title=title, message=message
        )
        expected = None if create_ref or base is None else base.oid
        refs.move(repository, ref, expected=expected, oid=revision.oid)
        projection.after_commit(repository, ref, revision, built.changes)
        events.record(
            "commit.pushed",
            actor=author,
            repository=repository,
            subject=f"revision:{revision.oid}",
            data={"ref": ref, "oid": revision.oid, "previous": base.oid if base else None},
        )
    return revision


Content = RegularFile | LargeFile
Prepared = tuple[list[str], dict[str, Content], list[CopyFrom]]


@dataclasses.dataclass(frozen=True)
class _Built:
    """A new root tree, path → (git id, content or what was copied), and the objects to store."""

    tree: str
    changes: dict[str, tuple[str, Content | Entry | None]]
    objects: list[GitObject]


def _prepared(operations: Sequence[Operation], repository: Repository, author: User) -> Prepared:
    """Paths checked, contents hashed, before any row is locked."""
    removed: list[str] = []
    added: dict[str, Content] = {}
    copies: list[CopyFrom] = []
    for operation in operations:
        path = paths.checked(operation.path.rstrip("/") if _deletes(operation) else operation.path)
        if isinstance(operation, AddFile):
            added[path] = regular(operation.content)
        elif isinstance(operation, AddLfsFile):
            added[path] = LargeFile(operation.sha256.lower(), operation.size)
        elif isinstance(operation, CopyFrom):
            copies.append(operation)
        else:
            removed.append(path)
    return removed, _with_known_sizes(added, repository, author), copies


def _deletes(operation: Operation) -> bool:
    return isinstance(operation, DeleteFile | DeleteFolder)


def _with_known_sizes(
    added: dict[str, Content], repository: Repository, author: User
) -> dict[str, Content]:
    """Refuse large files that the author neither sent nor may read: a hash gives nothing."""
    wanted = {file.sha256 for file in added.values() if isinstance(file, LargeFile)}
    if not wanted:
        return added
    sizes = blobs.usable(wanted, user=author, namespace=repository.namespace)
    for path, file in added.items():
        if isinstance(file, LargeFile):
            size = sizes.get(file.sha256)
            if size is None or file.size not in {None, size}:
                raise Invalid(
                    f"The content {file.sha256} of {path} was not uploaded.",
                    where=path,
                    next="Upload the file first, then send the commit again.",
                )
            added[path] = LargeFile(file.sha256, size)
    return added


def _base(
    repository: Repository, ref: str, parent: str | None, create_ref: bool
) -> tuple[Revision | None, bool]:
    """The revision to build on, and whether the ref is there now."""
    head = refs.current(repository, ref, lock=True)
    if head is None:
        if not create_ref:
            resolve(repository, ref)  # raises RevisionNotFound
        return (resolve(repository, parent) if parent else None), True
    if parent is None or head.startswith(parent.lower()):
        return resolve(repository, head), True
    return resolve(repository, parent), False


def _applied(repository: Repository, base: Revision | None, prepared: Prepared) -> _Built:
    removed, added, copies = prepared
    edit = TreeEdit(base.tree if base and base.tree != _NO_TREE else None)
    edit.load([*removed, *added, *(copy.path for copy in copies)])
    for path in removed:
        edit.remove(path)
    contents: dict[str, Content | Entry] = {**added}
    new = {path: file.git_object for path, file in added.items()}
    for path, made in new.items():
        edit.put(path, made.oid)
    for copy in copies:
        source = objects.entry_at(repository, copy.revision, copy.source)
        contents[copy.path] = source
        edit.put(copy.path, source.oid, source.mode)
    tree, trees = edit.written()
    changes = {path: (oid, contents.get(path)) for path, oid in edit.changes.items()}
    return _Built(tree, changes, [*new.values(), *trees])


def _repeated(
    repository: Repository,
    base: Revision | None,
    parents: list[str],
    tree: str,
    author: User,
    merged: str | None,
) -> Revision | None:
    """The revision that this commit would only repeat."""
    if base is not None and tree == base.tree and merged is None:
        return base
    return (
        Revision.objects.filter(repository=repository, tree=tree, author=author, parents=parents)
        .order_by("id")
        .first()
    )


def _already_made(existing: Revision | None, ref: str, repository: Repository) -> Revision:
    """The ref moved on. A repeated request finds its own commit; anything else is stale."""
    head = refs.current(repository, ref)
    if existing is not None and existing.oid == head:
        return existing
    raise StaleParent(where=ref)


def _stored(
    repository: Repository,
    base: Revision | None,
    parents: list[str],
    built: _Built,
    *,
    author: User,
    title: str,
    message: str,
) -> Revision:
    now = timezone.now().replace(microsecond=0)
    title, message = " ".join(_text(title).split())[:500] or "Update", _text(message)
    made = objects.commit_object(
        tree=built.tree,
        parents=parents,
        author=author,
        email_host=urlsplit(settings.SITE_URL).hostname or "localhost",
        title=title,
        message=message,
        when=now,
    )
    objects.write([*built.objects, made])
    revision = Revision.objects.create(
        repository=repository,
        oid=made.oid,
        tree=built.tree,
        parents=parents,
        author=author,
        title=title,
        message=message,
        created_at=now,
        generation=base.generation + 1 if base else 0,
    )
    PathChange.objects.bulk_create(
        (_change(revision, path, *change) for path, change in built.changes.items()), batch_size=500
    )
    return revision


def _text(given: str) -> str:
    """What both git and PostgreSQL can hold."""
    return given.encode(errors="replace").decode().replace("\x00", "")


def _change(revision: Revision, path: str, oid: str, content: Content | Entry | None) -> PathChange:
    change = PathChange(revision=revision, path=path, oid=oid)
    if isinstance(content, Entry):
        change.size, change.sha256 = content.size, content.lfs.sha256 if content.lfs else ""
    elif isinstance(content, LargeFile):
        change.size, change.sha256 = content.size or 0, content.sha256
    elif isinstance(content, RegularFile):
        change.size = content.git_object.size
    return change


def read_file(
    repository: Repository, revision: Revision | str, path: str, *, limit: int | None = None
) -> bytes:
    """Whole content of a file; with `limit`, at most that many bytes of it."""
    with open_file(repository, revision, path) as stream:
        return stream.read() if limit is None else stream.read(limit)


def open_file(repository: Repository, revision: Revision | str, path: str) -> BinaryIO:
    """A stream of the file's bytes, large or not, at a revision of this repository."""
    found = revision if isinstance(revision, Revision) else resolve(repository, revision)
    return open_entry(objects.entry_at(repository, found.oid, path))


def open_entry(entry: Entry) -> BinaryIO:
    if not entry.is_file:
        raise EntryNotFound(f"{entry.path} is a folder, not a file.", where=entry.path)
    if entry.lfs:
        return blobs.open_blob(Blob(sha256=entry.lfs.sha256, size=entry.lfs.size))
    return regular_blob(entry.oid)
