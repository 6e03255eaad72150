"""Offers that are being put together in the browser: saved at each step, gone when sent."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from contributions.models import OfferDraft, PatchKind, Submission, Task, Track
from contributions.services import draft_files, threads, track_choice
from registry.models import Repository, RepoType, User
from registry.services import commits, refs
from registry.services.access import Caller, Need, authorise
from registry.services.errors import Conflict, EntryNotFound, Invalid, RevisionNotFound
from registry.services.paths import checked

MOST_DRAFTS = 50
DISCARDED_AT_ONCE = 500
KINDS = {
    RepoType.MODEL: (
        PatchKind.WEIGHTS, PatchKind.ADAPTER, PatchKind.RECIPE, PatchKind.CARD, PatchKind.CODE,
    ),
    RepoType.DATASET: (PatchKind.DATA, PatchKind.CARD),
}  # fmt: skip
SAME_LICENCE = "same"


def of(author: User) -> QuerySet[OfferDraft]:
    """Those that are not sent and not too old, newest first."""
    oldest = timezone.now() - OfferDraft.KEPT_FOR
    return OfferDraft.objects.filter(author=author, sent_as=None, updated_at__gte=oldest)


@transaction.atomic
def begin(
    *,
    author: User,
    repository: Repository,
    kind: PatchKind,
    title: str,
    description: str = "",
    track: str = "",
    adapter: str = "",
) -> OfferDraft:
    authorise(Caller(user=author), repository, need=Need.PROPOSE)
    authorise(Caller(user=author), repository, need=Need.CONTENT)
    discard_old(author)
    if of(author).count() >= MOST_DRAFTS:
        raise Conflict(
            f"You have {MOST_DRAFTS} drafts.", next="Send or delete one of them at /submit."
        )
    draft = OfferDraft(author=author, repository=repository)
    return _described(draft, kind, title, description, track, adapter)


@transaction.atomic
def describe(
    draft: OfferDraft,
    *,
    kind: PatchKind,
    title: str,
    description: str = "",
    track: str = "",
    adapter: str = "",
) -> OfferDraft:
    return _described(locked(draft), kind, title, description, track, adapter)


def _described(
    draft: OfferDraft, kind: PatchKind, title: str, description: str, track: str, adapter: str
) -> OfferDraft:
    repository = repository_of(draft)
    if kind not in KINDS[repository.type]:
        raise Invalid(
            f"{kind.english} is nothing that a {repository.repo_type} repository takes.",
            where="kind",
            next="Data belong into a dataset repository, models into a model repository.",
        )
    draft.title = threads.clean_title(title)
    draft.description = threads.clean_text(description)
    known = {candidate.name for candidate in candidates(repository, draft.author)}
    if track and track not in known:
        raise Invalid(f"{repository} has no track {track[:60]}.", where="track")
    draft.answers = {
        **draft.answers,
        "kind": kind.value,
        "track": track or (known.pop() if len(known) == 1 else ""),
        "folder": _folder(kind, adapter),
        "base": draft.answers.get("base") or base_of(repository),
    }
    draft.save()
    return draft


def _folder(kind: PatchKind, adapter: str) -> str:
    """Where the files of an offer go: a root adapter_config.json would change the model."""
    if kind is PatchKind.ADAPTER:
        name = adapter.strip()
        if not name or "/" in name:
            raise Invalid(
                "The adapter has no name, or one with a slash.",
                where="adapter",
                next="Give it a short name: its files go to adapters/NAME/.",
            )
        return checked(f"adapters/{name}")
    return "docs" if kind is PatchKind.CODE else ""


def candidates(repository: Repository, user: User) -> list[Track]:
    """Tracks that an offer to this repository may be measured on."""
    asked = Submission(repository=repository, contributor=user)
    return list(track_choice.candidates(asked).order_by("name"))


def base_of(repository: Repository) -> str:
    return refs.current(repository, refs.head(repository.default_branch)) or ""


@transaction.atomic
def answer(draft: OfferDraft, **answers: Any) -> OfferDraft:
    """Keeps what a step was answered, whole or not: faults are told by the last step."""
    draft = locked(draft)
    draft.answers = {**draft.answers, **answers}
    draft.save(update_fields=["answers", "updated_at"])
    return draft


@transaction.atomic
def follow_base(draft: OfferDraft) -> OfferDraft:
    """What is offered is to be on top of the branch as it is now."""
    return answer(draft, base=base_of(repository_of(draft)))


@transaction.atomic
def discard(draft: OfferDraft) -> None:
    for file in draft.files.all():
        draft_files.forget(file)
    draft.delete()


def discard_old(author: User | None = None) -> None:
    """Some at once, of one person or of all."""
    oldest = timezone.now() - OfferDraft.KEPT_FOR
    old = OfferDraft.objects.filter(updated_at__lt=oldest)
    if author is not None:
        old = old.filter(author=author)
    for draft in old.order_by("updated_at")[:DISCARDED_AT_ONCE]:
        discard(draft)


def locked(draft: OfferDraft) -> OfferDraft:
    """The row as it is, held until the transaction ends. A sent one changes no more."""
    found = OfferDraft.objects.select_for_update().filter(pk=draft.pk).first()
    if found is None:
        raise Conflict("This draft was deleted.", next="Begin another one at /submit.")
    if found.sent_as_id is not None:
        raise Conflict("This draft was sent already.", next="See the pull request it became.")
    return found


def repository_of(draft: OfferDraft) -> Repository:
    if draft.repository is None:
        raise Invalid("The draft names no repository.", next="Begin another one at /submit.")
    return draft.repository


def kind_of(draft: OfferDraft) -> PatchKind:
    return PatchKind(draft.answers.get("kind", PatchKind.WEIGHTS))


def task_of(draft: OfferDraft) -> Task | None:
    """Of the track it would be measured on."""
    name = draft.answers.get("track", "")
    fitting = candidates(repository_of(draft), draft.author) if name else []
    return next((Task(track.task) for track in fitting if track.name == name), None)


def base_text(draft: OfferDraft, path: str, *, limit: int = 1_000_000) -> str:
    """A text of the revision that the draft builds on; empty if it holds none."""
    return _text(repository_of(draft), draft.answers.get("base", ""), path, limit)


def now_text(draft: OfferDraft, path: str, *, limit: int = 1_000_000) -> str:
    """The same of the branch as it is now."""
    return _text(repository_of(draft), base_of(repository_of(draft)), path, limit)


def _text(repository: Repository, oid: str, path: str, limit: int) -> str:
    try:
        content = commits.read_file(repository, oid, path, limit=limit) if oid else b""
    except (EntryNotFound, RevisionNotFound):
        return ""
    return content.decode(errors="replace")
