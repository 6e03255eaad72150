"""Canned replies: words that reviewers share."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from contributions.models import CannedReply, Decision, Key, ReasonCode
from registry.models import Role, User
from registry.services import events
from registry.services.errors import Conflict, Forbidden, Invalid

_ROLES = (
    Role.LICENCE_REVIEWER,
    Role.PRIVACY_REVIEWER,
    Role.TECHNICAL_REVIEWER,
    Role.OPERATOR,
)


@transaction.atomic
def write(
    *,
    actor: User,
    title: str,
    decision: str,
    text: str,
    key: str = "",
    reason_code: str = "",
    reply: CannedReply | None = None,
) -> CannedReply:
    """A new one, or other words for `reply`."""
    _refuse_stranger(actor)
    _refuse(key, decision, reason_code)
    values: dict[str, Any] = {
        "title": " ".join(title.split())[:100],
        "decision": decision,
        "text": text.replace("\x00", "").strip(),
        "key": key,
        "reason_code": reason_code,
    }
    if not values["title"] or not values["text"]:
        raise Invalid("A canned reply needs a title and a text.")
    others = CannedReply.objects.exclude(pk=reply.pk) if reply else CannedReply.objects.all()
    if others.filter(title=values["title"]).exists():
        raise Conflict("There is a canned reply of that title.", next="Choose another title.")
    verb = "changed" if reply else "created"
    reply = reply or CannedReply(created_by=actor)
    for name, value in values.items():
        setattr(reply, name, value)
    reply.save()
    _record(verb, reply, actor=actor)
    return reply


@transaction.atomic
def delete(reply: CannedReply, *, actor: User) -> None:
    _refuse_stranger(actor)
    _record("deleted", reply, actor=actor)
    reply.delete()


def _refuse_stranger(actor: User) -> None:
    if not actor.is_active or not actor.role_grants.filter(role__in=_ROLES).exists():
        raise Forbidden("Only reviewers and operators keep the canned replies.")


def _refuse(key: str, decision: str, reason_code: str) -> None:
    if key and key not in Key.values:
        raise Invalid(f"“{key[:20]}” is no key.", where="key")
    if decision not in Decision.values:
        raise Invalid(f"“{decision[:20]}” is no decision.", where="decision")
    if not reason_code:
        return
    keys = [Key(key)] if key else list(Key)
    known = reason_code in ReasonCode.values
    if not known or not all(ReasonCode(reason_code).fits(k, Decision(decision)) for k in keys):
        raise Invalid(
            "This reason does not fit the key and the decision.",
            where="reason_code",
            next="Choose another reason, or the key that it belongs to.",
        )


def _record(verb: str, reply: CannedReply, *, actor: User) -> None:
    events.record(
        f"canned-reply.{verb}",
        actor=actor,
        subject=f"canned-reply:{reply.pk}",
        data={"title": reply.title},
    )
