"""Git objects as rows: ids are git's own, made and hashed with dulwich."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from django.db.models import BinaryField, Case, F, Value, When
from dulwich import objects as git
from dulwich.objects import ObjectID

from registry.models import GitObject, ObjectKind, Repository, Revision, User
from registry.services.errors import EntryNotFound, RevisionNotFound

FILE_MODE = 0o100644
FOLDER_MODE = 0o040000
LONGEST_POINTER = 200
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize (\d{1,18})\n"
)

Tree = dict[str, tuple[int, str]]


@dataclasses.dataclass(frozen=True, slots=True)
class LfsPointer:
    """What git holds in place of a large file."""

    sha256: str
    size: int

    @property
    def data(self) -> bytes:
        return (
            "version https://git-lfs.github.com/spec/v1\n"
            f"oid sha256:{self.sha256}\nsize {self.size}\n"
        ).encode()

    @property
    def pointer_size(self) -> int:
        return len(self.data)

    @classmethod
    def parse(cls, data: bytes | memoryview | None) -> LfsPointer | None:
        found = _POINTER.fullmatch(bytes(data)) if data is not None else None
        return cls(found[1].decode(), int(found[2])) if found else None


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder of one tree. `size` is the file's own, also for a large file."""

    path: str
    kind: str  # "file" or "directory", as the protocol says it
    oid: str
    mode: int
    size: int = 0
    lfs: LfsPointer | None = None

    @property
    def is_file(self) -> bool:
        return self.kind == "file"

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def etag(self) -> str:
        """Content-derived: sha256 of a large file, git id of any other."""
        return self.lfs.sha256 if self.lfs else self.oid


def blob_object(data: bytes) -> GitObject:
    blob = git.Blob.from_string(data)
    return GitObject(oid=blob.id.decode(), kind=ObjectKind.BLOB, size=len(data), data=data)


def tree_object(tree: Mapping[str, tuple[int, str]]) -> GitObject:
    built = git.Tree()
    for name, (mode, oid) in tree.items():
        built.add(name.encode(), mode, ObjectID(oid.encode()))
    data = built.as_raw_string()
    return GitObject(oid=built.id.decode(), kind=ObjectKind.TREE, size=len(data), data=data)


def commit_object(
    *,
    tree: str,
    parents: Sequence[str],
    author: User,
    email_host: str,
    title: str,
    message: str,
    when: dt.datetime,
) -> GitObject:
    person = f"{author.username} <{author.username}@users.noreply.{email_host}>".encode()
    built = git.Commit()
    built.tree = ObjectID(tree.encode())
    built.parents = [ObjectID(parent.encode()) for parent in parents]
    built.author = built.committer = person
    built.author_time = built.commit_time = int(when.timestamp())
    built.author_timezone = built.commit_timezone = 0
    text = f"{title}\n\n{message}" if message else title
    built.message = f"{text.rstrip()}\n".encode()
    data = built.as_raw_string()
    return GitObject(oid=built.id.decode(), kind=ObjectKind.COMMIT, size=len(data), data=data)


def write(new: Iterable[GitObject]) -> None:
    """Store objects; one that is there already is the same object."""
    unique = {item.oid: item for item in new}
    GitObject.objects.bulk_create(unique.values(), ignore_conflicts=True, batch_size=200)


def read_trees(oids: Iterable[str]) -> dict[str, Tree]:
    """Several trees in one query."""
    rows = GitObject.objects.filter(oid__in=set(oids), kind=ObjectKind.TREE)
    return {oid: _parse(bytes(data or b"")) for oid, data in rows.values_list("oid", "data")}


def _parse(data: bytes) -> Tree:
    return {name.decode(): (mode, oid.decode()) for name, mode, oid in git.parse_tree(data, 20)}


def tree_of(repository: Repository, commit: str) -> str:
    """Root tree of a commit that this repository holds."""
    tree = (
        Revision.objects.filter(repository=repository, oid=commit)
        .values_list("tree", flat=True)
        .first()
    )
    if tree is None:
        raise RevisionNotFound(commit, where=repository.full_name)
    return tree


def find(root: str, path: str) -> Entry | None:
    """The entry at `path` below the tree `root`, undescribed; one query a level."""
    return find_many(root, [path]).get(path)


def find_many(root: str, paths: Iterable[str]) -> dict[str, Entry]:
    """Path → entry, for those that exist; one query a level of depth, however many paths."""
    found: dict[str, Entry] = {}
    searching = [(path, path.split("/") if path else [], 0, (FOLDER_MODE, root)) for path in paths]
    while searching:
        trees = read_trees({oid for _, parts, at, (_, oid) in searching if at < len(parts)})
        deeper = []
        for path, parts, at, (mode, oid) in searching:
            if at == len(parts):
                found[path] = _entry(path, mode, oid)
            elif (child := trees.get(oid, {}).get(parts[at])) is not None:
                deeper.append((path, parts, at + 1, child))
        searching = deeper
    return found


def _entry(path: str, mode: int, oid: str) -> Entry:
    return Entry(path, "directory" if mode == FOLDER_MODE else "file", oid, mode)


def walk(root: str, path: str = "", *, recursive: bool = False) -> list[Entry]:
    """Entries below a folder, ordered by path, without sizes. One query a level of depth."""
    start = find(root, path)
    if start is None or start.is_file:
        raise EntryNotFound(f"There is no folder {path or '/'} at this revision.", where=path)
    prefix = f"{path}/" if path else ""
    return walk_many({path: start.oid}, prefix=prefix, recursive=recursive)[path]


Key = TypeVar("Key", int, str)


def walk_many(
    roots: Mapping[Key, str], *, prefix: str = "", recursive: bool = True
) -> dict[Key, list[Entry]]:
    """The same for several root trees at once, still one query a level of depth."""
    found: dict[Key, list[Entry]] = {key: [] for key in roots}
    level = [(key, prefix, oid) for key, oid in roots.items()]
    while level:
        trees = read_trees({oid for _, _, oid in level})
        below = []
        for key, folder, tree in level:
            for name, (mode, oid) in trees.get(tree, {}).items():
                found[key].append(_entry(folder + name, mode, oid))
                if mode == FOLDER_MODE:
                    below.append((key, f"{folder}{name}/", oid))
        level = below if recursive else []
    return {key: sorted(items, key=lambda entry: entry.path) for key, items in found.items()}


def described(entries: Sequence[Entry]) -> list[Entry]:
    """The same entries with sizes and large-file pointers; one query."""
    wanted = {entry.oid for entry in entries if entry.is_file}
    head = Case(
        When(size__lte=LONGEST_POINTER, then=F("data")),
        default=Value(None),
        output_field=BinaryField(null=True),
    )
    rows = GitObject.objects.filter(oid__in=wanted).values_list("oid", "size", head)
    known = {oid: (size, LfsPointer.parse(data)) for oid, size, data in rows}
    return [
        _with_size(entry, *known.get(entry.oid, (0, None))) if entry.is_file else entry
        for entry in entries
    ]


def _with_size(entry: Entry, size: int, lfs: LfsPointer | None) -> Entry:
    return dataclasses.replace(entry, size=lfs.size if lfs else size, lfs=lfs)


def ls_tree(
    repository: Repository, oid: str, path: str = "", recursive: bool = False
) -> list[Entry]:
    """What the commit `oid` of this repository holds in the folder `path`."""
    return described(walk(tree_of(repository, oid), path, recursive=recursive))


def entry_at(repository: Repository, oid: str, path: str) -> Entry:
    """The file or folder at `path` of the commit `oid`; EntryNotFound names what is missing."""
    found = find(tree_of(repository, oid), path.strip("/"))
    if found is None:
        raise missing(path, oid)
    return described([found])[0]


def missing(path: str, commit: str) -> EntryNotFound:
    return EntryNotFound(
        f"The file {path} does not exist at revision {commit[:10]}.", where=path, commit=commit
    )
