"""Forgetting a person: the row stays, because credit and the audit trail point to it, and says
nothing about anybody any more. Rows that are never rewritten stay as they are."""

from __future__ import annotations

import secrets

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import models, transaction
from django.utils import timezone

from registry.models import (
    IdempotentRequest,
    Invitation,
    Maintainer,
    MemberRole,
    Membership,
    Namespace,
    Organisation,
    Redirect,
    Role,
    RoleGrant,
    User,
)
from registry.services import events, projection, retired_names, search
from registry.services.errors import Conflict

# Their rows belong to the person alone.
_PERSONAL: list[type[models.Model]] = [
    EmailAddress,
    SocialAccount,
    Authenticator,
    IdempotentRequest,
    Membership,
    Maintainer,
    RoleGrant,
]


def hindrances(user: User) -> list[Conflict]:
    """What somebody else depends on, with what to do about it first."""
    found = [
        Conflict(
            f"You are the only maintainer of {organisation}.",
            next="Make another member its maintainer, or ask an operator to take it over.",
        )
        for organisation in _alone_in_charge_of(user)
    ]
    operators = RoleGrant.objects.filter(role=Role.OPERATOR, user__is_active=True)
    if user.is_operator and not operators.exclude(user=user).exists():
        found.append(
            Conflict("You are the only operator of this site.", next="Name another one first.")
        )
    return found


def _alone_in_charge_of(user: User) -> models.QuerySet[Organisation]:
    """Nobody depends on one without other members and without repositories."""
    others = Membership.objects.filter(organisation=models.OuterRef("pk")).exclude(user=user)
    other_maintainers = others.filter(role=MemberRole.MAINTAINER, user__is_active=True)
    return (
        Organisation.objects.select_related("namespace")
        .filter(memberships__user=user, memberships__role=MemberRole.MAINTAINER)
        .filter(~models.Exists(other_maintainers))
        .filter(models.Exists(others) | models.Q(namespace__repositories__isnull=False))
        .distinct()
    )


@transaction.atomic
def erase(user: User) -> User:
    """Raises Conflict for the first hindrance. Whoever calls it has made sure who asks."""
    user = User.objects.select_for_update().select_related("namespace").get(pk=user.pk)
    # Two who leave at once: the second sees the first gone.
    list(
        RoleGrant.objects.select_for_update()
        .filter(models.Q(user=user) | models.Q(role=Role.OPERATOR))
        .order_by("pk")
    )
    list(Organisation.objects.select_for_update().filter(memberships__user=user).order_by("pk"))
    for hindrance in hindrances(user):
        raise hindrance
    search.forget_person(user)
    _forget_addresses(user)
    for model in _PERSONAL:
        model._default_manager.filter(user=user).delete()
    user.access_tokens.all().delete()
    for session in UserSession.objects.filter(user=user):
        session.end()
    addresses = {
        each.pk: each.get_absolute_url()
        for each in user.namespace.repositories.select_related("namespace")
    }
    _rename(user)
    _move_repositories(user, addresses)
    events.record("account.erased", actor=user, subject=f"user:{user.pk}")
    return user


def _forget_addresses(user: User) -> None:
    """Also of invitations that were sent to them by mail."""
    known = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    for address in {user.email.lower(), *known} - {""}:
        Invitation.objects.filter(email__iexact=address).delete()
    user.invitations.all().delete()
    Invitation.objects.filter(invited_by=user, answered_at=None).delete()


def _rename(user: User) -> None:
    retired_names.retire(user.username)
    Redirect.objects.filter(namespace_name__iexact=user.username).delete()
    name = f"ghost-{user.pk}"
    while Namespace.objects.filter(name__iexact=name).exists():
        name = f"ghost-{user.pk}-{secrets.token_hex(2)}"
    user.namespace.name = user.username = name
    user.namespace.save(update_fields=["name"])
    for field in ("email", "fullname", "first_name", "last_name", "about", "website", "language"):
        setattr(user, field, "")
    # Sessions end with the password, and because nobody who is inactive is signed in.
    user.set_unusable_password()
    user.is_active = user.is_staff = user.is_superuser = False
    user.anonymised_at = timezone.now()
    user.save()


def _move_repositories(user: User, addresses: dict[int, str]) -> None:
    for repository in user.namespace.repositories.select_related("namespace"):
        search.store([projection.findable_now(repository)])
        search.repository_moved(repository, before=addresses[repository.pk])
