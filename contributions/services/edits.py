"""A small change of one text file, written on a page and offered as a pull request."""

from __future__ import annotations

from dataclasses import dataclass

from contributions.models import Discussion
from contributions.services import pushes, recipe_rules
from registry.models import Repository, RepoType, Revision
from registry.services import card_rules, commits, line_diffs, objects, paths, refs
from registry.services.access import Caller, Need, authorise
from registry.services.commits import AddFile
from registry.services.errors import Conflict, EntryNotFound, Invalid, TooLarge
from registry.services.objects import Entry

# More is not edited in a text field.
LONGEST_BYTES = 200_000
SUFFIXES = (".md", ".txt", ".rst", ".yaml", ".yml", ".json", ".jsonl", ".csv", ".tsv", ".cff",
            ".bib", ".jinja")  # fmt: skip
NAMES = ("license", "licence", "notice", "authors", "citation", ".gitattributes", ".gitignore")


@dataclass(frozen=True)
class Opened:
    """A file as somebody began to change it. `base`: the commit; not `exists`: a new file."""

    path: str
    text: str
    base: str
    exists: bool


@dataclass(frozen=True)
class Judged:
    """`errors` stop it; `warnings` are only said."""

    errors: list[str]
    warnings: list[str]


def is_editable(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return name.endswith(SUFFIXES) or name in NAMES


def opened(repository: Repository, revision: Revision, path: str) -> Opened:
    paths.checked(path)
    if not is_editable(path):
        raise Invalid(
            f"{path} is not a text file that can be changed on a page.",
            where=path,
            next="Change it on your machine and send it with hf upload --create-pr, or at /submit.",
        )
    entry = _entry(repository, revision.oid, path)
    if entry is None:
        return Opened(path, "", revision.oid, exists=False)
    if entry.lfs is not None or entry.size > LONGEST_BYTES:
        raise TooLarge(
            f"{path} has {entry.size} bytes; {LONGEST_BYTES} is the most for a page.",
            where=path,
            next="Change it on your machine and send it with hf upload --create-pr.",
        )
    with commits.open_entry(entry) as stream:
        content = stream.read()
    try:
        return Opened(path, content.decode(), revision.oid, exists=True)
    except UnicodeDecodeError as wrong:
        raise Invalid(
            f"{path} is not UTF-8 (byte {wrong.start}).",
            where=path,
            next="Save it as UTF-8 on your machine and upload it.",
        ) from wrong


def moved(repository: Repository, now: Revision, path: str, base: str) -> Opened | None:
    """The file as it is now, if somebody has changed it since `base`."""
    before = _entry(repository, refs.resolve(repository, base).oid, path)
    after = _entry(repository, now.oid, path)
    same = (before and before.oid) == (after and after.oid)
    return None if same else opened(repository, now, path)


def _entry(repository: Repository, oid: str, path: str) -> Entry | None:
    try:
        entry = objects.entry_at(repository, oid, path)
    except EntryNotFound:
        return None
    if not entry.is_file:
        raise Invalid(f"{path} is a folder, not a file.", where=path)
    return entry


def normalised(text: str, before: str) -> str:
    """Forms send CRLF; the file keeps the line ends it had."""
    text = text.replace("\r\n", "\n")
    if text and not text.endswith("\n"):
        text += "\n"
    return text.replace("\n", "\r\n") if "\r\n" in before else text


def judged(repository: Repository, path: str, text: str) -> Judged:
    """What the check would say of a card or a recipe, before anything is sent."""
    if path == "README.md":
        errors, warnings = card_rules.judged(text, repository.repo_type)
        return Judged(errors, warnings)
    if path == recipe_rules.PATH and repository.type is RepoType.MODEL:
        return Judged([str(fault) for fault in recipe_rules.faults(text)], [])
    return Judged([], [])


def diff(before: str, after: str, path: str) -> str | None:
    """None: it has too many lines to be compared."""
    names = (f"a/{path}", f"b/{path}")
    return line_diffs.unified(before, after, names, line_diffs.Budget())


def offer(
    caller: Caller,
    repository: Repository,
    *,
    rev: str,
    path: str,
    text: str,
    base: str,
    title: str,
    description: str = "",
) -> Discussion:
    """The change as a new pull request against the branch `rev`, or as a commit to the pull
    request that `rev` names (refs/pr/N)."""
    authorise(caller, repository, need=Need.CONTENT)
    proposes = not rev.startswith(refs.PULLS)
    target = pushes.destination(caller, repository, rev, create_pr=proposes)
    now = refs.resolve(repository, rev)
    if moved(repository, now, path, base) is not None:
        raise Conflict(
            f"{path} was changed by somebody else since you began.",
            where=path,
            next="Look at both texts, and send it again.",
        )
    before = opened(repository, refs.resolve(repository, base), path)
    content = _content(text, before)
    if (wrong := judged(repository, path, content.decode())).errors:
        raise Invalid(" ".join(wrong.errors), where=path, next="Correct it, then send it again.")
    _, discussion = target.commit(
        title=title.strip() or f"Change {path}",
        message=description,
        operations=[AddFile(path, content)],
        parent=base if proposes else now.oid,
    )
    assert discussion is not None, "it goes to a pull request, old or new"
    return discussion


def _content(text: str, before: Opened) -> bytes:
    changed = normalised(text, before.text)
    if changed == before.text and before.exists:
        raise Invalid("Nothing is changed.", where=before.path, next="Change the text first.")
    content = changed.encode(errors="replace")
    if len(content) > LONGEST_BYTES:
        raise TooLarge(
            f"The text has {len(content)} bytes; {LONGEST_BYTES} are allowed.",
            where=before.path,
            next="Shorten it, or upload it as a file.",
        )
    if b"\0" in content:
        raise Invalid("The text holds a NUL character.", where=before.path)
    return content
