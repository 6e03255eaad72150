"""Which paths a repository may hold."""

from __future__ import annotations

import re

from registry.services.errors import InvalidPath

LONGEST_PATH = 1024
# Every folder on the way is a tree to read and write.
DEEPEST_PATH = 32
LONGEST_PART_BYTES = 255
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# Characters that some file systems drop, which would make `.g<U+200C>it` a `.git`.
_IGNORED = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


def checked(path: str) -> str:
    """`path` unchanged if it is fit for a repository; InvalidPath says why not."""
    problem = _problem(path)
    if problem:
        raise InvalidPath(
            f"The path {path[:120]!a} is not allowed: {problem}.",
            where=path[:120],
            next="Rename the file and send the commit again.",
        )
    return path


def _problem(path: str) -> str:
    if not path:
        return "it is empty"
    if len(path) > LONGEST_PATH:
        return f"it is longer than {LONGEST_PATH} characters"
    if _CONTROL.search(path):
        return "it holds a control character"
    if "\\" in path:
        return "it holds a backslash"
    if path.startswith("/"):
        return "it starts with a slash"
    if path.count("/") >= DEEPEST_PATH:
        return f"it lies more than {DEEPEST_PATH - 1} folders deep"
    for part in path.split("/"):
        if part in {"", ".", ".."}:
            return "it has an empty part, a “.” or a “..”"
        if len(part.encode()) > LONGEST_PART_BYTES:
            return f"a part is longer than {LONGEST_PART_BYTES} bytes"
        if _IGNORED.sub("", part).rstrip(". ").split(":")[0].lower() in {".git", "git~1"}:
            return "“.git” is kept for git itself"
    return ""
