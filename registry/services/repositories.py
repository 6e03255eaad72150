"""Creating, renaming, deleting and setting up repositories."""

from __future__ import annotations

import difflib
from typing import Literal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from registry.models import (
    Gating,
    Namespace,
    Redirect,
    Repository,
    RepoType,
    User,
)
from registry.models.names import validate_name
from registry.services import access, commits, events, projection, search
from registry.services.errors import Conflict, Forbidden, Invalid, NotFound
from registry.services.large_files import DEFAULT_GITATTRIBUTES


def namespace_for(
    user: User, name: str | None, *, kind: RepoType = RepoType.MODEL, wanted: str = ""
) -> Namespace:
    """Where `user` creates repositories: their own namespace, or a named one they may write to.

    `wanted` is the repository to be; a refusal says so if its name looks mistyped, because clients
    create what they are about to push to.
    """
    if not name or name.lower() == user.username.lower():
        return user.namespace
    found = Namespace.objects.filter(name__iexact=name).first()
    if found is None:
        raise NotFound(
            f"There is no person or organisation named {name}.",
            where="organization",
            next=_did_you_mean(user, kind, name, wanted)
            or "Create the organisation first, or use your own name.",
        )
    if not access.may_write_in(user, found):
        raise _no_room(user, found, kind, wanted)
    return found


def _no_room(user: User, namespace: Namespace, kind: RepoType, wanted: str) -> Forbidden:
    """What is private is absent to a stranger, in these words too."""
    known = Repository.objects.visible_to(user).named(kind, namespace.name, wanted)
    absent = f"There is no {kind} {namespace.name}/{wanted}, and you"
    return Forbidden(
        f"{absent if wanted and not known.exists() else 'You'} may not create repositories under "
        f"{namespace.name}.",
        where="organization",
        next=_did_you_mean(user, kind, namespace.name, wanted)
        or "Use your own name, or ask a maintainer of that organisation to add you.",
    )


def _did_you_mean(user: User, kind: RepoType, namespace: str, wanted: str) -> str:
    """Of the repositories that `user` may see, the one whose name is nearest; "" for none."""
    if not wanted:
        return ""
    same_half = models.Q(namespace__name__iexact=namespace) | models.Q(name__iexact=wanted)
    seen = Repository.objects.visible_to(user).filter(same_half, repo_type=kind)
    names = [f"{owner}/{name}" for owner, name in seen.values_list("namespace__name", "name")[:500]]
    near = difflib.get_close_matches(f"{namespace}/{wanted}", names, n=1, cutoff=0.75)
    return f"Did you mean {near[0]}?" if near else ""


def kind_of(repo_type: str | None) -> RepoType:
    """The type that a request names; absent means model."""
    try:
        return RepoType(repo_type or "model")
    except ValueError:
        raise Invalid(
            f"This site hosts models and datasets; it has no repositories of type {repo_type!a}.",
            where="type",
            next="Use repo_type model or dataset.",
        ) from None


@transaction.atomic
def create(
    *,
    actor: User,
    namespace: Namespace,
    name: str,
    repo_type: RepoType | str,
    private: bool = False,
) -> Repository:
    """A repository with its first commit, which holds `.gitattributes`."""
    kind = kind_of(repo_type)
    _valid(name)
    if not access.may_write_in(actor, namespace):
        raise _no_room(actor, namespace, kind, name)
    existing = Repository.objects.select_related("namespace").named(kind, namespace.name, name)
    if (taken := existing.first()) is not None:
        raise _taken(taken)
    try:
        with transaction.atomic():
            repository = Repository.objects.create(
                namespace=namespace,
                name=name,
                repo_type=kind,
                private=private,
                created_by=actor,
            )
    except IntegrityError as race:
        raise _taken(existing.get()) from race
    Redirect.objects.filter(
        repo_type=kind, namespace_name__iexact=namespace.name, name__iexact=name
    ).delete()
    events.record("repository.created", actor=actor, repository=repository)
    commits.commit(
        repository,
        ref=f"refs/heads/{repository.default_branch}",
        author=actor,
        title="initial commit",
        operations=[commits.AddFile(".gitattributes", DEFAULT_GITATTRIBUTES)],
        create_ref=True,
    )
    return repository


def _valid(name: str) -> None:
    try:
        validate_name(name)
    except ValidationError as wrong:
        raise Invalid(wrong.messages[0], where="name") from wrong


def _taken(repository: Repository) -> Conflict:
    return Conflict(
        f"You already created this {repository.repo_type} repo: {repository.full_name}",
        where="name",
        next="Choose another name, or pass exist_ok.",
        url=repository.get_absolute_url(),
    )


@transaction.atomic
def move(repository: Repository, *, actor: User, namespace: Namespace, name: str) -> Repository:
    """Rename or hand over; the old id goes on working as a redirect."""
    _valid(name)
    if not access.may_write_in(actor, namespace):
        raise Forbidden(f"You may not move a repository to {namespace.name}.", where="toRepo")
    clash = Repository.objects.named(repository.repo_type, namespace.name, name)
    if clash.exclude(pk=repository.pk).exists():
        raise Conflict(
            f"A {repository.repo_type} repository called {namespace.name}/{name} already exists",
            where="toRepo",
        )
    old, old_address = repository.full_name, repository.get_absolute_url()
    Redirect.objects.filter(
        models.Q(namespace_name__iexact=namespace.name, name__iexact=name)
        | models.Q(namespace_name__iexact=repository.namespace.name, name__iexact=repository.name),
        repo_type=repository.repo_type,
    ).delete()
    if old.lower() != f"{namespace.name}/{name}".lower():
        Redirect.objects.create(
            repo_type=repository.repo_type,
            namespace_name=repository.namespace.name,
            name=repository.name,
            repository=repository,
        )
    repository.namespace, repository.name = namespace, name
    repository.save(update_fields=["namespace", "name"])
    search.store([projection.findable_now(repository)])
    search.repository_moved(repository, before=old_address)
    events.record(
        "repository.moved",
        actor=actor,
        repository=repository,
        data={"from": old, "to": repository.full_name},
    )
    return repository


@transaction.atomic
def delete(repository: Repository, *, actor: User) -> None:
    """Refused while something that must not be lost (a submission, a track) hangs on it."""
    name = repository.full_name
    events.record(
        "repository.deleted",
        actor=actor,
        repository=repository,
        data={"name": name, "type": repository.repo_type},
    )
    try:
        with transaction.atomic():
            repository.delete()
    except models.ProtectedError as held:
        kinds = sorted({str(item._meta.verbose_name) for item in held.protected_objects})
        raise Conflict(
            f"{name} cannot be deleted: it is part of the record ({', '.join(kinds)}).",
            next="Make it private instead.",
        ) from held


@transaction.atomic
def update_settings(
    repository: Repository,
    *,
    actor: User,
    private: bool | None = None,
    gated: Literal["auto", "manual", ""] | None = None,
) -> Repository:
    changed: dict[str, bool | str] = {}
    if private is not None:
        changed["private"] = private
    if gated is not None:
        changed["gated"] = Gating(gated).value
    for field, value in changed.items():
        setattr(repository, field, value)
    if changed:
        repository.save(update_fields=list(changed))
        events.record(
            "repository.settings-changed", actor=actor, repository=repository, data=changed
        )
    return repository
