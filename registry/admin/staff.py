"""Who may enter the dashboard, and as what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef
from django.http import HttpRequest

from registry.models import Role, RoleGrant, User
from registry.services.errors import SignInNeeded
from registry.web.pages import person

REVIEWER_ROLES = frozenset({Role.LICENCE_REVIEWER, Role.PRIVACY_REVIEWER, Role.TECHNICAL_REVIEWER})
# Packages above say here who looks after something of theirs: conditions on a person.
looks_after_something: list[Callable[[User], Exists]] = []


@dataclass(frozen=True)
class Staff:
    """A person who is signed in, with what opens doors here."""

    user: User
    roles: frozenset[Role] = frozenset()
    maintains: bool = False

    @property
    def is_operator(self) -> bool:
        return Role.OPERATOR in self.roles

    @property
    def reviews(self) -> bool:
        return bool(self.roles & REVIEWER_ROLES)

    @property
    def may_enter(self) -> bool:
        """People only: no bot, and no token, which is no session."""
        return not self.user.is_bot and (bool(self.roles) or self.maintains)


May = Callable[[Staff], bool]


def operators(staff: Staff) -> bool:
    return staff.is_operator


def reviewers(staff: Staff) -> bool:
    return staff.reviews or staff.is_operator


def maintainers(staff: Staff) -> bool:
    return staff.maintains or staff.is_operator


def everyone(staff: Staff) -> bool:
    return True


def of(request: HttpRequest) -> Staff:
    """Asked many times for one page, read once."""
    known = getattr(request, "staff", None)
    if isinstance(known, Staff):
        return known
    user = person(request)
    if user is None:
        raise SignInNeeded("enter the dashboard")
    staff = _read(user)
    request.staff = staff  # type: ignore[attr-defined]
    return staff


def _read(user: User) -> Staff:
    """One query."""
    if not user.is_active:
        return Staff(user)
    held = RoleGrant.objects.filter(user=OuterRef("pk")).values("role")
    asked = [condition(user) for condition in looks_after_something]
    found = User.objects.filter(pk=user.pk).values_list(ArraySubquery(held), *asked).first()
    roles, *conditions = found or ([],)
    return Staff(user, frozenset(Role(role) for role in roles), any(conditions))
