"""What lists show of a repository, kept beside it so that they need not read files."""

from __future__ import annotations

from collections.abc import Container

from django.utils import timezone

from registry.models import Repository, RepoType, Revision
from registry.services import findable, front_matter, objects, refs, search
from registry.services.contents import regular_blob
from registry.services.errors import RevisionNotFound
from registry.services.search import Entry

CARD = "README.md"


def after_commit(
    repository: Repository, ref: str, revision: Revision, changed: Container[str]
) -> None:
    """Only the default branch shows."""
    if ref != f"refs/heads/{repository.default_branch}":
        return
    repository.updated_at = timezone.now()
    fields = ["updated_at"]
    card = card_of(revision) if CARD in changed else None
    if card is not None:
        repository.card = card.data
        repository.tags = front_matter.tags(
            repository.card, is_model=repository.repo_type == RepoType.MODEL
        )
        fields += ["card", "tags"]
    repository.save(update_fields=fields)
    if card is not None or not revision.parents:
        search.store([findable.repository(repository, readme=card.body if card else "")])


def findable_now(repository: Repository) -> Entry:
    """What the search goes by, read from the card as it is."""
    try:
        body = card_of(refs.resolve(repository)).body
    except RevisionNotFound:
        body = ""
    return findable.repository(repository, readme=body)


def card_of(revision: Revision) -> front_matter.Card:
    """The card at a revision; empty when there is none that git holds."""
    found = objects.find(revision.tree, CARD)
    entry = objects.described([found])[0] if found and found.is_file else None
    if entry is None or entry.lfs or entry.size > front_matter.LONGEST_CARD:
        return front_matter.Card({}, "", present=False)
    with regular_blob(entry.oid) as stream:
        return front_matter.parse(stream.read().decode(errors="replace"))
