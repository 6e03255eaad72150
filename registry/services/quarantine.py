"""Taking a repository out of circulation, and giving it back. Operators do, and say why."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from registry.models import Quarantine, Repository, User
from registry.services import events
from registry.services.errors import Conflict, Forbidden, Invalid

REASON_LENGTH = 4000


@transaction.atomic
def place(repository: Repository, *, actor: User, reason: str) -> Quarantine:
    """From now on nobody but its owners and operators sees it, and nothing is downloaded."""
    reason = _allowed(actor, reason)
    locked = _lock(repository)
    if Quarantine.objects.filter(repository=locked, lifted_at=None).exists():
        raise Conflict(f"{repository} is in quarantine already.", where=str(repository))
    placed = Quarantine.objects.create(repository=locked, reason=reason, placed_by=actor)
    _set(locked, disabled=True)
    repository.refresh_from_db(fields=["disabled"])
    _record("quarantined", placed, actor=actor, reason=reason)
    return placed


@transaction.atomic
def lift(quarantine: Quarantine, *, actor: User, reason: str) -> Quarantine:
    reason = _allowed(actor, reason)
    locked = _lock(quarantine.repository)
    lifted = Quarantine.objects.filter(pk=quarantine.pk, lifted_at=None).update(
        lifted_by=actor, lifted_at=timezone.now(), lifted_because=reason
    )
    if not lifted:
        raise Conflict("This quarantine was lifted already.", where=str(locked))
    _set(locked, disabled=False)
    quarantine.refresh_from_db()
    _record("quarantine-lifted", quarantine, actor=actor, reason=reason)
    return quarantine


def _allowed(actor: User, reason: str) -> str:
    if not actor.is_operator:
        raise Forbidden("Only an operator may do this.", next="Ask an operator of this site.")
    reason = reason.replace("\x00", "").strip()
    if not reason:
        raise Invalid("A reason is needed.", where="reason", next="Say what is wrong, or why not.")
    return reason[:REASON_LENGTH]


def _lock(repository: Repository) -> Repository:
    return (
        Repository.objects.select_for_update(no_key=True, of=("self",))
        .select_related("namespace")
        .get(pk=repository.pk)
    )


def _set(repository: Repository, *, disabled: bool) -> None:
    repository.disabled = disabled
    repository.save(update_fields=["disabled"])


def _record(verb: str, row: Quarantine, *, actor: User, reason: str) -> None:
    events.record(
        f"repository.{verb}",
        actor=actor,
        repository=row.repository,
        subject=f"quarantine:{row.pk}",
        data={"name": str(row.repository), "reason": reason},
    )
