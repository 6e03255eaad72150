"""Which files become large-file (LFS) objects, by the repository's .gitattributes and by size.

And which are not to be uploaded at all, by its .gitignore.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterable

from django.conf import settings

from registry.models import Revision
from registry.services import globs, objects
from registry.services.contents import regular_blob

_SUFFIXES = frozenset(  # kept as words: a list of 40 quoted ones reads worse
    """
    7z arrow avro bin bz2 ckpt ftz gguf gz h5 joblib lz4 mds mlmodel model msgpack npy npz onnx ot
    parquet pb pickle pkl pt pth rar safetensors tar tflite tgz wasm xz zip zst
    """.split()  # noqa: SIM905
)
DEFAULT_GITATTRIBUTES = "".join(
    f"{pattern} filter=lfs diff=lfs merge=lfs -text\n"
    for pattern in [
        *(f"*.{suffix}" for suffix in sorted(_SUFFIXES)),
        "saved_model/**/*",
        "*tfevents*",
    ]
).encode()
_RULES_FILES = (".gitattributes", ".gitignore")
_LONGEST_RULES = 100_000
_MOST_RULES = 1000


@dataclasses.dataclass(frozen=True)
class Rules:
    """The two rule files of one revision."""

    attributes: str = ""
    ignore: str = ""

    def is_large(self, path: str, size: int) -> bool:
        """Zero-byte files stay with git; so do small files that no pattern names."""
        if size == 0:
            return False
        if size >= settings.LFS_THRESHOLD_BYTES:
            return True
        by_attributes = _attributes(self.attributes)(path)
        if by_attributes is not None:
            return by_attributes
        return path.rpartition(".")[2].lower() in _SUFFIXES and "." in path

    def is_ignored(self, path: str) -> bool:
        return _ignores(self.ignore)(path)


def rules_at(revision: Revision) -> Rules:
    """Three queries, whatever the number of files asked about."""
    root = objects.read_trees([revision.tree]).get(revision.tree, {})
    texts: dict[str, str] = {}
    for name in _RULES_FILES:
        if name in root and root[name][0] != objects.FOLDER_MODE:
            with regular_blob(root[name][1]) as stream:
                texts[name] = stream.read(_LONGEST_RULES).decode(errors="replace")
    return Rules(texts.get(".gitattributes", ""), texts.get(".gitignore", ""))


@functools.lru_cache(maxsize=64)
def _attributes(text: str) -> Callable[[str], bool | None]:
    """Path → is it LFS? None: no line says so. The last line that matches decides, as in git."""
    rules = list(_attribute_rules(text.splitlines()))

    def decide(path: str) -> bool | None:
        decided: bool | None = None
        for matches, large in rules:
            if matches(path):
                decided = large
        return decided

    return decide


def _attribute_rules(lines: Iterable[str]) -> Iterable[tuple[globs.Match, bool]]:
    for line in itertools.islice(lines, _MOST_RULES):
        words = line.split()
        if len(words) < 2 or words[0].startswith(("#", "[", "!")):
            continue
        for word in words[1:]:
            if word in {"filter=lfs", "-filter", "!filter"}:
                yield globs.matcher(words[0]), word == "filter=lfs"


@dataclasses.dataclass(frozen=True)
class _Ignored:
    """One line of a .gitignore."""

    matches: globs.Match
    only_folders: bool
    negated: bool


@functools.lru_cache(maxsize=64)
def _ignores(text: str) -> Callable[[str], bool]:
    rules = list(_ignore_rules(text.splitlines()))

    def names(path: str, *, is_folder: bool) -> bool:
        """The last line that matches decides."""
        for rule in reversed(rules):
            if (is_folder or not rule.only_folders) and rule.matches(path):
                return not rule.negated
        return False

    def decide(path: str) -> bool:
        """A file below an ignored folder is ignored too."""
        parts = path.split("/")
        folders = ["/".join(parts[: n + 1]) for n in range(len(parts) - 1)]
        return any(names(folder, is_folder=True) for folder in folders) or names(
            path, is_folder=False
        )

    return decide


def _ignore_rules(lines: Iterable[str]) -> Iterable[_Ignored]:
    for line in itertools.islice(lines, _MOST_RULES):
        pattern = line.rstrip()
        if not pattern or pattern.startswith("#"):
            continue
        negated = pattern.startswith("!")
        pattern = pattern.removeprefix("!")
        only_folders = pattern.endswith("/")
        pattern = pattern.rstrip("/")
        if pattern:
            yield _Ignored(globs.matcher(pattern), only_folders, negated)
