"""Changing a tree: only the folders that an operation touches are read and rewritten."""

from __future__ import annotations

from collections.abc import Iterable

from registry.models import GitObject
from registry.services import objects
from registry.services.errors import EntryNotFound, InvalidPath
from registry.services.objects import FOLDER_MODE, Tree


def folders_of(path: str) -> list[str]:
    """`a/b/c` → ["", "a", "a/b"]."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]


class TreeEdit:
    """A root tree being changed. `changes` holds path → new git id ("" once removed)."""

    def __init__(self, root: str | None) -> None:
        self.root = root
        self.changes: dict[str, str] = {}
        self._folders: dict[str, Tree] = {}

    def load(self, paths: Iterable[str]) -> None:
        """Read every folder on the way to `paths`: one query a level."""
        wanted = {folder for path in paths for folder in folders_of(path)} | {""}
        level: dict[str, str] = {"": self.root} if self.root else {}
        self._folders = {"": {}}
        while level:
            trees = objects.read_trees(level.values())
            below: dict[str, str] = {}
            for folder, oid in level.items():
                tree = dict(trees.get(oid, {}))
                self._folders[folder] = tree
                for name, (mode, child) in tree.items():
                    path = f"{folder}/{name}" if folder else name
                    if mode == FOLDER_MODE and path in wanted:
                        below[path] = child
            level = below

    def mode_and_oid(self, path: str) -> tuple[int, str] | None:
        folder, _, name = path.rpartition("/")
        return self._folders.get(folder, {}).get(name)

    def put(self, path: str, oid: str, mode: int = objects.FILE_MODE) -> None:
        self._refuse_file_in_the_way(path)
        folder, _, name = path.rpartition("/")
        before = self._folders.setdefault(folder, {}).get(name)
        if before is not None and before[0] == FOLDER_MODE:
            raise InvalidPath(
                f"{path} is a folder in this repository.",
                where=path,
                next="Delete the folder in the same commit, or choose another name.",
            )
        self._folders[folder][name] = (mode, oid)
        if before is None or before[1] != oid:
            self.changes[path] = oid

    def _refuse_file_in_the_way(self, path: str) -> None:
        for folder in folders_of(path)[1:]:
            above = self.mode_and_oid(folder)
            if above is not None and above[0] != FOLDER_MODE:
                raise InvalidPath(
                    f"{folder} is a file in this repository, so {path} cannot lie below it.",
                    where=path,
                    next="Delete the file in the same commit, or choose another folder.",
                )
            parent, _, name = folder.rpartition("/")
            self._folders.setdefault(folder, {})
            self._folders.setdefault(parent, {}).setdefault(name, (FOLDER_MODE, ""))

    def remove(self, path: str) -> None:
        """Remove a file, or a folder with all that is in it."""
        found = self.mode_and_oid(path)
        if found is None:
            raise EntryNotFound(
                f"A file with this name doesn't exist: {path}",
                where=path,
                next="Look at the tree of the branch for the names it holds.",
            )
        mode, oid = found
        if mode == FOLDER_MODE:
            for entry in objects.walk(oid, recursive=True):
                if entry.is_file:
                    self.changes[f"{path}/{entry.path}"] = ""
            for folder in [f for f in self._folders if f == path or f.startswith(f"{path}/")]:
                del self._folders[folder]
        else:
            self.changes[path] = ""
        folder, _, name = path.rpartition("/")
        del self._folders[folder][name]

    def written(self) -> tuple[str, list[GitObject]]:
        """Id of the new root and the tree objects to store, children first."""
        new: list[GitObject] = []
        for folder in sorted(self._folders, key=_depth, reverse=True):
            tree = self._folders[folder]
            built = objects.tree_object(tree) if tree or not folder else None
            if built is not None:
                new.append(built)
            if folder:
                self._hang(folder, built)
        return new[-1].oid, new

    def _hang(self, folder: str, built: GitObject | None) -> None:
        """Put a rewritten folder into its parent; git keeps no empty folders."""
        parent, _, name = folder.rpartition("/")
        if built is None:
            self._folders[parent].pop(name, None)
        else:
            self._folders[parent][name] = (FOLDER_MODE, built.oid)


def _depth(folder: str) -> int:
    return folder.count("/") + 1 if folder else 0
