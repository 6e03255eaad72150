"""What a reviewer looks at: changed files with their text before and after, and the lineage.

Number of queries: one a level of folders, whatever the number of files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from contributions.models import Submission, TrackDataset
from contributions.services import cards
from registry.models import GitObject, Repository, Revision
from registry.services import line_diffs, objects
from registry.services.objects import Entry
from registry.services.tree_diffs import Change

# More is not read by people; the page says what it leaves out.
FILES = 300
SHOWN = 40
FILE_BYTES = 60_000
ALL_BYTES = 400_000


@dataclass(frozen=True)
class Part:
    """A line of a diff. `kind`: add, remove, place or same."""

    kind: str
    text: str


@dataclass
class FileChange:
    """One changed file. `lines` empty: binary, too long, or beyond what is shown (`note`)."""

    path: str
    verb: str
    size: int
    lines: list[Part] = field(default_factory=list)
    note: str = ""


def changes(submission: Submission) -> list[FileChange]:
    """Against the base that it starts from; a first revision against nothing."""
    listed = _changed(submission)[:FILES]
    texts = _texts([e for c in listed for e in (c.before, c.after) if e is not None])
    budget, shown = line_diffs.Budget(), 0
    found = []
    for change in listed:
        made = _file(change)
        old, new = _text(texts, change.before), _text(texts, change.after)
        if old is None or new is None:
            too_long = _("not text, or too long to show")
            made.note = _("large file") if _is_large(change) else too_long
        elif shown >= SHOWN or (told := line_diffs.compare(old, new, budget)) is None:
            made.note = _("left out: the change is longer than people read")
        else:
            made.lines, shown = _lines(told), shown + 1
        found.append(made)
    return found


def _changed(submission: Submission) -> list[Change]:
    """Paths whose content differs, with sizes."""
    wanted = [oid for oid in (submission.base_revision, submission.head_revision) if oid]
    trees = dict(
        Revision.objects.filter(repository=submission.repository, oid__in=wanted).values_list(
            "oid", "tree"
        )
    )
    walked = objects.walk_many(trees)
    before, after = (
        {entry.path: entry for entry in walked.get(oid, []) if entry.is_file}
        for oid in (submission.base_revision, submission.head_revision)
    )
    differing = [
        path
        for path in sorted({*before, *after})
        if path not in before or path not in after or before[path].oid != after[path].oid
    ]
    entries = [side[path] for path in differing for side in (before, after) if path in side]
    known = {(entry.path, entry.oid): entry for entry in objects.described(entries)}

    def of(side: dict[str, Entry], path: str) -> Entry | None:
        return known[path, side[path].oid] if path in side else None

    return [Change(path, of(before, path), of(after, path)) for path in differing]


def _file(change: Change) -> FileChange:
    verb = _("changed")
    if change.before is None:
        verb = _("added")
    elif change.after is None:
        verb = _("removed")
    entry = change.after or change.before
    return FileChange(change.path, verb, entry.size if entry else 0)


def _is_large(change: Change) -> bool:
    return any(entry is not None and entry.lfs for entry in (change.before, change.after))


def _texts(entries: Iterable[Entry]) -> dict[str, list[str] | None]:
    """Lines by object id, for files small enough; None for what is no text. One query."""
    oids: list[str] = []
    left = ALL_BYTES
    for entry in entries:
        if entry.lfs is None and entry.size <= min(FILE_BYTES, left):
            oids.append(entry.oid)
            left -= entry.size
    rows = GitObject.objects.filter(oid__in=oids).values_list("oid", "data")
    return {oid: _decoded(bytes(data)) if data is not None else None for oid, data in rows}


def _decoded(data: bytes) -> list[str] | None:
    try:
        return None if b"\0" in data else data.decode().splitlines()
    except UnicodeDecodeError:
        return None


def _text(texts: dict[str, list[str] | None], entry: Entry | None) -> list[str] | None:
    return [] if entry is None else texts.get(entry.oid)


def _lines(told: line_diffs.LineDiff) -> list[Part]:
    kinds = {"+": "add", "-": "remove", " ": "same"}
    parts = []
    for hunk in told.hunks:
        parts.append(Part("place", hunk.title))
        parts += [Part(kinds[line.kind], f"{line.kind}{line.text}") for line in hunk.lines]
    return parts


# --- lineage --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ancestor:
    """Something that it is made of, with the licence that its card declares."""

    what: str
    repository: Repository
    revision: str

    @property
    def licence(self) -> str:
        return ", ".join(_licences(self.repository.card))


def _licences(card: dict[str, object]) -> list[str]:
    told = card.get("license") or card.get("licence") or []
    return [str(one)[:100] for one in (told if isinstance(told, list) else [told])][:10]


def lineage(submission: Submission) -> list[Ancestor]:
    """The repository, its track's base, and the training data; one query."""
    found = [Ancestor(_("what it changes"), submission.repository, submission.base_revision)]
    if track := submission.track:
        found.append(Ancestor(_("base model"), track.repository, track.base_revision))
        used = TrackDataset.objects.filter(track=track).select_related("dataset__namespace")
        found += [Ancestor(_("training data"), u.dataset, u.revision) for u in used.order_by("pk")]
    return found


def declared(submission: Submission) -> dict[str, str]:
    """What the offered card says of its origin; three queries."""
    head = Revision.objects.filter(
        repository=submission.repository, oid=submission.head_revision
    ).first()
    if head is None:
        return {}
    card = cards.read(head)
    told = {
        name: ", ".join(card.texts(name))[:500] for name in ("license", "base_model", "datasets")
    }
    return {name: value for name, value in told.items() if value}
