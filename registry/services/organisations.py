"""Organisations: their members, and the invitations that bring them."""

from __future__ import annotations

import datetime as dt
import secrets

from django.db import transaction
from django.utils import timezone

from registry.models import Invitation, MemberRole, Membership, Organisation, User
from registry.models.accounts import hash_secret
from registry.services import access, events
from registry.services.errors import Conflict, Forbidden, Invalid, NotFound

INVITATIONS_A_DAY = 30


def named(name: str) -> Organisation:
    found = Organisation.objects.select_related("namespace").filter(namespace__name__iexact=name)
    organisation = found.first()
    if organisation is None:
        raise NotFound(f"There is no organisation {name}.", next="Check the name.")
    return organisation


def may_administer(user: User | None, organisation: Organisation) -> bool:
    """Its maintainers and the site's operators."""
    return access.role_in(user, organisation.namespace) is MemberRole.MAINTAINER


def _require_maintainer(actor: User, organisation: Organisation) -> None:
    if not may_administer(actor, organisation):
        raise Forbidden(
            f"You may not change who belongs to {organisation}.", next="Ask one of its maintainers."
        )


@transaction.atomic
def invite(
    organisation: Organisation, *, whom: str, role: MemberRole | str, actor: User
) -> tuple[Invitation, str]:
    """An invitation to a username or a mail address, and the secret of its link."""
    _require_maintainer(actor, organisation)
    yesterday = timezone.now() - dt.timedelta(days=1)
    if Invitation.objects.filter(invited_by=actor, created_at__gt=yesterday).count() >= (
        INVITATIONS_A_DAY
    ):
        raise Forbidden(
            f"You have sent {INVITATIONS_A_DAY} invitations within a day.",
            where="whom",
            next="Go on tomorrow.",
        )
    user = None if "@" in whom else _person(whom)
    _refuse_twice(organisation, user=user, email="" if user else whom)
    secret = secrets.token_urlsafe(24)
    invitation = Invitation.objects.create(
        organisation=organisation,
        user=user,
        email="" if user else whom,
        role=MemberRole(role),
        digest=hash_secret(secret),
        invited_by=actor,
        expires_at=timezone.now() + Invitation.VALID_FOR,
    )
    # No mail address: events are never rewritten, and an address is forgotten with its person.
    _record("invited", organisation, actor, invitation=invitation.pk, user=user and user.pk)
    return invitation, secret


def _person(name: str) -> User:
    user = User.objects.filter(username__iexact=name, is_active=True).first()
    if user is None:
        raise NotFound(
            f"Nobody here is named {name}.",
            where="whom",
            next="Check the name, or invite a mail address.",
        )
    if user.is_bot:
        raise Invalid(
            f"{user.username} is a program and answers no invitation.",
            where="whom",
            next="An operator adds it with the command ensure_user.",
        )
    return user


def _refuse_twice(organisation: Organisation, *, user: User | None, email: str) -> None:
    if user and organisation.memberships.filter(user=user).exists():
        raise Conflict(f"{user.username} belongs to {organisation} already.", where="whom")
    # One that is too old makes room for a new one.
    waiting = organisation.invitations.filter(answered_at=None)
    same = waiting.filter(user=user) if user else waiting.filter(email__iexact=email)
    same.filter(expires_at__lte=timezone.now()).update(answered_at=timezone.now(), accepted=False)
    if same.exists():
        raise Conflict(
            f"{user or email} is invited already.",
            where="whom",
            next="Wait for the answer, or withdraw that invitation first.",
        )


def invitation(secret: str) -> Invitation:
    """The unanswered, unexpired invitation of that secret."""
    found = (
        Invitation.objects.open()
        .select_related("organisation__namespace", "user", "invited_by")
        .filter(digest=hash_secret(secret))
        .first()
    )
    if found is None:
        raise NotFound(
            "This invitation is not valid any more.",
            next="It was answered, withdrawn or is too old. Ask for a new one.",
        )
    return found


def is_invited(digest: str) -> bool:
    """Whether an invitation of that digest is open; its secret was shown to the site before."""
    return bool(digest) and Invitation.objects.open().filter(digest=digest).exists()


@transaction.atomic
def answer(invitation: Invitation, *, user: User, accept: bool) -> None:
    """Whoever holds the link of a mail may answer; an invitation by name only that person."""
    if invitation.user_id not in (None, user.pk):
        raise Forbidden("This invitation is for somebody else.", next="Sign in as that person.")
    if accept and not may_administer(invitation.invited_by, invitation.organisation):
        # Else whoever is removed comes back by an invitation of their own.
        raise Forbidden(
            f"{invitation.invited_by} may not invite to {invitation.organisation} any more.",
            next="Ask one of its maintainers for another invitation.",
        )
    _close(invitation, accepted=accept)
    organisation = invitation.organisation
    if not accept:
        _record("declined", organisation, user, invitation=invitation.pk)
        return
    place, new = Membership.objects.get_or_create(
        organisation=organisation, user=user, defaults={"role": invitation.role}
    )
    if not new:
        raise Conflict(f"You belong to {organisation} already.")
    _record("joined", organisation, user, role=place.role)


def _close(invitation: Invitation, *, accepted: bool) -> None:
    closed = Invitation.objects.open().filter(pk=invitation.pk)
    if not closed.update(answered_at=timezone.now(), accepted=accepted):
        raise Conflict("This invitation was answered or withdrawn a moment ago.")


@transaction.atomic
def withdraw(invitation: Invitation, *, actor: User) -> None:
    _require_maintainer(actor, invitation.organisation)
    _close(invitation, accepted=False)
    _record("invitation-withdrawn", invitation.organisation, actor, invitation=invitation.pk)


@transaction.atomic
def change_role(place: Membership, *, role: MemberRole | str, actor: User) -> None:
    _require_maintainer(actor, place.organisation)
    if role != MemberRole.MAINTAINER:
        _keep_a_maintainer(place)
    place.role = MemberRole(role)
    place.save(update_fields=["role"])
    _record("role-changed", place.organisation, actor, user=place.user_id, role=place.role)


@transaction.atomic
def remove(place: Membership, *, actor: User) -> None:
    """Everybody may leave; maintainers may remove others."""
    refuse_removal(place, actor=actor)
    _keep_a_maintainer(place)
    verb = "left" if actor.pk == place.user_id else "removed"
    _record(verb, place.organisation, actor, user=place.user_id)
    place.delete()


def refuse_removal(place: Membership, *, actor: User) -> None:
    if actor.pk != place.user_id:
        _require_maintainer(actor, place.organisation)


def _keep_a_maintainer(place: Membership) -> None:
    """Two maintainers who leave at once are one too many: the organisation's row is locked."""
    Organisation.objects.select_for_update().get(pk=place.organisation_id)
    others = Membership.objects.filter(
        organisation=place.organisation_id, role=MemberRole.MAINTAINER, user__is_active=True
    ).exclude(pk=place.pk)
    if place.role == MemberRole.MAINTAINER and not others.exists():
        raise Conflict(
            f"{place.organisation} would have no maintainer.",
            next="Make another member its maintainer first.",
        )


def _record(verb: str, organisation: Organisation, actor: User, **data: object) -> None:
    events.record(
        f"organisation.{verb}",
        actor=actor,
        subject=f"organisation:{organisation.pk}",
        data={"name": organisation.namespace.name, **data},
    )
