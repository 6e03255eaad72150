"""Who may enter the dashboard, and as what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef
from django.db.models.expressions import Combinable
from django.http import HttpRequest

from registry.models import Role, RoleGrant, User
from registry.services.errors import SignInNeeded
from registry.web.pages import person

REVIEWER_ROLES = frozenset({Role.LICENCE_REVIEWER, Role.PRIVACY_REVIEWER, Role.TECHNICAL_REVIEWER})
# Packages above say here who looks after something of theirs: conditions on a person.
looks_after_something: list[Callable[[User], Exists]] = []
# ... and what else every page shows of a person, so that one query reads it all: name → value.
read_along: dict[str, Combinable] = {}


@dataclass(frozen=True)
class Staff:
    """A person who is signed in, with what opens doors here."""

    user: User
    roles: frozenset[Role] = frozenset()
    maintains: bool = False
    along: Mapping[str, Any] = field(default_factory=dict)

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
    rows = User.objects.filter(pk=user.pk).order_by()
    found = rows.values_list(ArraySubquery(held), *read_along.values(), *asked)[:1]
    roles, *told = next(iter(found), ([],))
    along = dict(zip(read_along, told, strict=False))
    return Staff(user, frozenset(Role(role) for role in roles), any(told[len(along) :]), along)
