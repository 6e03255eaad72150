"""Who holds which role on the site, and who may still sign in. Operators decide."""

from __future__ import annotations

from django.db import transaction

from registry.models import Role, RoleGrant, User
from registry.services import accounts, events
from registry.services.errors import Conflict, Forbidden, Invalid

REASON_LENGTH = 1000


@transaction.atomic
def grant(user: User, role: Role, *, actor: User) -> None:
    _refuse_stranger(actor)
    if user.is_bot:
        raise Conflict(f"{user} is a bot.", where=str(user), next="Only people hold roles.")
    if not user.is_active:
        raise Conflict(f"{user} may not sign in.", where=str(user), next="Let them in again first.")
    accounts.grant_role(user, role, granted_by=actor)


@transaction.atomic
def revoke(user: User, role: Role, *, actor: User) -> None:
    """Conflict: the site would be left without an operator."""
    _refuse_stranger(actor)
    _keep_an_operator(without=user, role=role)
    taken, _ = RoleGrant.objects.filter(user=user, role=role).delete()
    if taken:
        _record("role.revoked", user, actor=actor, data={"role": role.value})


@transaction.atomic
def deactivate(user: User, *, actor: User, reason: str) -> None:
    """They are signed out and their tokens stop working; what they made stays."""
    _refuse_stranger(actor)
    reason = reason.replace("\x00", "").strip()[:REASON_LENGTH]
    if not reason:
        raise Invalid("A reason is needed.", where="reason", next="Say why, for the audit trail.")
    if user == actor:
        raise Conflict("You cannot lock yourself out.", next="Ask another operator.")
    _keep_an_operator(without=user, role=Role.OPERATOR)
    _set_active(user, active=False)
    _record("account.deactivated", user, actor=actor, data={"reason": reason})


@transaction.atomic
def reactivate(user: User, *, actor: User) -> None:
    _refuse_stranger(actor)
    if user.anonymised_at is not None:
        raise Conflict("This person was erased.", where=str(user), next="They may sign up anew.")
    _set_active(user, active=True)
    _record("account.reactivated", user, actor=actor, data={})


def _refuse_stranger(actor: User) -> None:
    if not actor.is_operator:
        raise Forbidden("Only an operator may do this.", next="Ask an operator of this site.")


def _keep_an_operator(*, without: User, role: Role) -> None:
    if role is not Role.OPERATOR:
        return
    operators = RoleGrant.objects.filter(role=Role.OPERATOR, user__is_active=True)
    # Locked in one order, so that of two who leave at once the second sees the first gone.
    left = [g for g in operators.select_for_update().order_by("pk") if g.user_id != without.pk]
    if not left:
        raise Conflict(
            f"{without} is the last operator.", where=str(without), next="Name another one first."
        )


def _set_active(user: User, *, active: bool) -> None:
    user.is_active = active
    user.save(update_fields=["is_active"])


def _record(verb: str, user: User, *, actor: User, data: dict[str, str]) -> None:
    events.record(verb, actor=actor, subject=f"user:{user.pk}", data=data)
