"""What a draft is made of and goes to, each thing fetched once."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from contributions.models import DraftFile, OfferDraft, Task, Track
from contributions.services import draft_files, drafts, licences
from registry.models import Revision
from registry.services import blobs, commits, front_matter, large_files, objects, refs
from registry.services.objects import Entry

CARD = "README.md"
_LICENCE_FILES = ("license", "licence", "copying", "unlicense")


class OfferFacts:
    def __init__(self, draft: OfferDraft) -> None:
        self.draft = draft
        self.repository = drafts.repository_of(draft)
        self.kind = drafts.kind_of(draft)
        self.licence: dict[str, Any] = draft.answers.get("licence") or {}
        self.privacy: dict[str, Any] = draft.answers.get("privacy") or {}

    @cached_property
    def files(self) -> list[DraftFile]:
        return list(self.draft.files.select_related("blob").order_by("path"))

    @cached_property
    def targets(self) -> dict[str, DraftFile]:
        """Place in the repository → file."""
        return {draft_files.target(self.draft, file.path): file for file in self.files}

    @cached_property
    def tracks(self) -> list[Track]:
        return drafts.candidates(self.repository, self.draft.author)

    @property
    def track(self) -> Track | None:
        wanted = self.draft.answers.get("track", "")
        return next((track for track in self.tracks if track.name == wanted), None)

    @property
    def task(self) -> Task | None:
        return Task(self.track.task) if self.track else None

    @cached_property
    def head(self) -> Revision | None:
        """Of the branch that it goes to, as it is now."""
        branch = refs.head(self.repository.default_branch)
        oid = refs.current(self.repository, branch)
        return refs.resolve(self.repository, oid) if oid else None

    @cached_property
    def root(self) -> dict[str, Entry]:
        """Files at the root of that branch."""
        found = objects.walk(self.head.tree) if self.head else []
        return {entry.path: entry for entry in found if entry.is_file}

    @cached_property
    def rules(self) -> large_files.Rules:
        return large_files.rules_at(self.head) if self.head else large_files.Rules()

    @property
    def plain_bytes(self) -> int:
        """Of the files that git itself would hold."""
        return sum(
            file.size
            for path, file in self.targets.items()
            if not self.rules.is_large(path, file.size)
        )

    @cached_property
    def card(self) -> str:
        """README.md as it would be: the one that is brought, else the repository's."""
        limit = front_matter.LONGEST_CARD
        brought = self.targets.get(CARD)
        if brought is not None and brought.blob is not None and brought.size <= limit:
            with blobs.open_blob(brought.blob) as stream:
                return stream.read().decode(errors="replace")
        if CARD not in self.root:
            return ""
        with commits.open_entry(objects.described([self.root[CARD]])[0]) as stream:
            return stream.read(limit).decode(errors="replace")

    @property
    def named_licence(self) -> str:
        """What that card says."""
        named = front_matter.parse(self.card).data.get("license")
        return named if isinstance(named, str) else ""

    @property
    def licence_text(self) -> str:
        """A LICENSE to add: the one that was pasted, or the known one of the choice."""
        if pasted := str(self.licence.get("text", "")).strip():
            return f"{pasted}\n"
        choice = str(self.licence.get("choice", ""))
        return licences.text_of(choice, holder=self.draft.author.username)

    def brings_licence_file(self) -> bool:
        return any(is_licence_file(path) for path in self.targets)

    def keeps_licence_file(self) -> bool:
        """The text that is there is the one of the licence that was chosen."""
        kept = {drafts.SAME_LICENCE, self.named_licence}
        return self.licence.get("choice") in kept and any(map(is_licence_file, self.root))


def is_licence_file(path: str) -> bool:
    return "/" not in path and path.lower().startswith(_LICENCE_FILES)
