"""Branches, tags, pull request heads and hidden run artifacts; moved by compare-and-swap."""

from __future__ import annotations

import re

from django.db import IntegrityError, transaction
from django.utils import timezone

from registry.models import Ref, Repository, Revision, User
from registry.services import events
from registry.services.errors import (
    Conflict,
    Forbidden,
    Invalid,
    RevisionNotFound,
    StaleParent,
)

HEADS, TAGS, PULLS, RUNS = "refs/heads/", "refs/tags/", "refs/pr/", "refs/runs/"
_HEX = re.compile(r"[0-9a-f]{5,40}")
_COMMIT_ID = re.compile(r"[0-9a-f]{40}")
# git check-ref-format, and no leading dash.
_BAD_NAME = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|//|@\{|/\.|^\.|^-|^/|/$|\.$|\.lock(/|$)|^@$")


def head(name: str) -> str:
    """Full name of a branch."""
    return name if name.startswith("refs/") else HEADS + name


def tag(name: str) -> str:
    return name if name.startswith("refs/") else TAGS + name


def heads(repository: Repository) -> list[Ref]:
    return _listed(repository, HEADS)


def tags(repository: Repository) -> list[Ref]:
    return _listed(repository, TAGS)


def pr(repository: Repository) -> list[Ref]:
    return _listed(repository, PULLS)


def _listed(repository: Repository, prefix: str) -> list[Ref]:
    return list(repository.refs.filter(name__startswith=prefix).order_by("name"))


def resolve(repository: Repository, rev: str | None = None) -> Revision:
    """The revision that a branch, tag, full ref name or (abbreviated) commit id stands for."""
    wanted = rev or repository.default_branch
    if wanted == "HEAD":
        wanted = repository.default_branch
    revisions = Revision.objects.filter(repository=repository).select_related("author")
    if _COMMIT_ID.fullmatch(wanted):  # no branch or tag may be named so
        revision = revisions.filter(oid=wanted).first()
    elif (oid := _named(repository, wanted)) is not None:
        revision = revisions.filter(oid=oid).first()
    elif _HEX.fullmatch(wanted):
        matches = list(revisions.filter(oid__startswith=wanted)[:2])
        revision = matches[0] if len(matches) == 1 else None
    else:
        revision = None
    if revision is None:
        raise RevisionNotFound(wanted, where=repository.full_name)
    revision.repository = repository
    return revision


def _named(repository: Repository, name: str) -> str | None:
    """Commit id at a full ref name, a branch or a tag; a branch goes first.

    What runs made has no name for readers: numbers can be guessed, commit ids cannot.
    """
    if name.startswith(RUNS):
        return None
    names = [name] if name.startswith("refs/") else [HEADS + name, TAGS + name]
    found = dict(repository.refs.filter(name__in=names).values_list("name", "oid"))
    return next((found[full] for full in names if full in found), None)


def current(repository: Repository, name: str, *, lock: bool = False) -> str | None:
    """Commit id at a full ref name. `lock` holds the row until the transaction ends."""
    rows = repository.refs.select_for_update() if lock else repository.refs
    return rows.filter(name=name).values_list("oid", flat=True).first()


def move(repository: Repository, name: str, *, expected: str | None, oid: str) -> None:
    """Compare-and-swap; `expected` None: the ref must not exist yet. StaleParent when it lost."""
    if expected is None:
        try:
            with transaction.atomic():
                Ref.objects.create(repository=repository, name=name, oid=oid)
        except IntegrityError as taken:
            raise Conflict(f"Reference {name} already exists", where=name) from taken
        return
    moved = repository.refs.filter(name=name, oid=expected).update(
        oid=oid, updated_at=timezone.now()
    )
    if not moved:
        raise StaleParent(where=name)


@transaction.atomic
def create_branch(
    repository: Repository, name: str, *, actor: User, starting_point: str | None = None
) -> Ref:
    return _create(repository, HEADS + _checked(name, "branch"), starting_point, actor)


@transaction.atomic
def create_tag(
    repository: Repository, name: str, *, actor: User, revision: str, message: str = ""
) -> Ref:
    return _create(repository, TAGS + _checked(name, "tag"), revision, actor, message=message)


def _create(repository: Repository, name: str, rev: str | None, actor: User, **data: str) -> Ref:
    if repository.refs.filter(name=name).exists():
        raise Conflict(f"Reference {name} already exists", where=name)
    oid = resolve(repository, rev).oid
    move(repository, name, expected=None, oid=oid)
    events.record(
        "ref.created",
        actor=actor,
        repository=repository,
        subject=f"ref:{name}"[:100],
        data={"oid": oid, **data},
    )
    return repository.refs.get(name=name)


def _checked(name: str, kind: str) -> str:
    if not name or len(name) > 200 or _BAD_NAME.search(name) or name.startswith("refs/"):
        raise Invalid(
            f"Invalid {kind} name {name[:80]!a}.",
            where=kind,
            next="Use letters, digits, “-”, “_”, “.” and “/”, as git allows.",
        )
    if _COMMIT_ID.fullmatch(name):
        raise Invalid(f"Invalid {kind} name: {name} looks like a commit id.", where=kind)
    return name


@transaction.atomic
def delete_branch(repository: Repository, name: str, *, actor: User) -> None:
    full = head(name)
    if full == head(repository.default_branch):
        raise Forbidden(f"Cannot delete {full}", next="It is the repository's default branch.")
    _delete(repository, full, HEADS, name, actor)


@transaction.atomic
def delete_tag(repository: Repository, name: str, *, actor: User) -> None:
    _delete(repository, tag(name), TAGS, name, actor)


def _delete(repository: Repository, full: str, kind: str, shown: str, actor: User) -> None:
    removed, _ = repository.refs.filter(name=full).delete() if full.startswith(kind) else (0, {})
    if not removed:
        raise RevisionNotFound(shown, where=repository.full_name)
    events.record("ref.deleted", actor=actor, repository=repository, subject=f"ref:{full}"[:100])
