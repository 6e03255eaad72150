"""Who may act on one repository without belonging to its namespace."""

from __future__ import annotations

from django.db import transaction

from registry.models import Maintainer, MemberRole, Repository, User
from registry.services import events
from registry.services.errors import Conflict, NotFound


@transaction.atomic
def add(repository: Repository, *, actor: User, name: str, role: MemberRole) -> Maintainer:
    """Give `name` a role on the repository; one that is named already gets the new role."""
    user = _person(name)
    if user.namespace_id == repository.namespace_id:
        raise Conflict(
            f"{user.username} owns {repository} already.", where="name", next="Name somebody else."
        )
    named, _ = Maintainer.objects.update_or_create(
        repository=repository, user=user, defaults={"role": role}
    )
    events.record(
        "repository.maintainer-added",
        actor=actor,
        repository=repository,
        subject=f"user:{user.pk}",
        data={"name": user.username, "role": role.value},
    )
    return named


@transaction.atomic
def remove(repository: Repository, *, actor: User, name: str) -> None:
    """Somebody must be left who may administer it: its namespace always is."""
    named = Maintainer.objects.filter(repository=repository, user__username__iexact=name).first()
    if named is None:
        raise NotFound(f"{name[:100]} has no role on {repository}.", where="name")
    named.delete()
    events.record(
        "repository.maintainer-removed",
        actor=actor,
        repository=repository,
        subject=f"user:{named.user_id}",
        data={"name": name, "role": named.role},
    )


def _person(name: str) -> User:
    found = User.objects.filter(username__iexact=name.strip().lstrip("@"), is_active=True).first()
    if found is None:
        raise NotFound(
            f"There is no person named “{name[:100]}”.",
            where="name",
            next="Write the name as it stands on their page.",
        )
    return found
