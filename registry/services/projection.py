"""What lists show of a repository, kept beside it so that they need not read files."""

from __future__ import annotations

from collections.abc import Container

from django.utils import timezone

from registry.models import Repository, RepoType, Revision
from registry.services import front_matter, objects
from registry.services.contents import regular_blob

CARD = "README.md"


def after_commit(
    repository: Repository, ref: str, revision: Revision, changed: Container[str]
) -> None:
    """Only the default branch shows."""
    if ref != f"refs/heads/{repository.default_branch}":
        return
    repository.updated_at = timezone.now()
    fields = ["updated_at"]
    if CARD in changed:
        repository.card = card_of(revision).data
        repository.tags = front_matter.tags(
            repository.card, is_model=repository.repo_type == RepoType.MODEL
        )
        fields += ["card", "tags"]
    repository.save(update_fields=fields)


def card_of(revision: Revision) -> front_matter.Card:
    """The card at a revision; empty when there is none that git holds."""
    found = objects.find(revision.tree, CARD)
    entry = objects.described([found])[0] if found and found.is_file else None
    if entry is None or entry.lfs or entry.size > front_matter.LONGEST_CARD:
        return front_matter.Card({}, "", present=False)
    with regular_blob(entry.oid) as stream:
        return front_matter.parse(stream.read().decode(errors="replace"))
