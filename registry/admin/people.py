"""People and bots: roles are granted and revoked, and somebody is kept out, by operators."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registry.admin import cells, navigation, staff
from registry.admin.desk import Act, Desk, Reason, Table
from registry.admin.filters import Choice, of_kinds
from registry.admin.navigation import Words
from registry.models import Role, RoleGrant, User
from registry.services import roles


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class HoldsRole(Choice):
    title = _("role")
    parameter_name = "role"
    options = of_kinds(Role, "role_grants__role")


class ByState(Choice):
    title = _("state")
    parameter_name = "state"
    options: ClassVar = {
        "active": (_("active"), Q(is_active=True)),
        "kept-out": (_("kept out"), Q(is_active=False, anonymised_at=None)),
        "erased": (_("erased"), Q(anonymised_at__isnull=False)),
    }


class ByNature(Choice):
    title = _("kind")
    parameter_name = "kind"
    options: ClassVar = {
        "person": (_("person"), Q(is_bot=False)),
        "bot": (_("bot"), Q(is_bot=True)),
    }


@admin.register(User)
class People(Desk):
    title = _("People")
    may_see = staff.operators
    about = _("Roles open this dashboard. Whoever is kept out keeps their work and their credit.")
    list_display = ("name", "mail", "holds", "state", "joined")
    list_display_links = None
    list_filter = (HoldsRole, ByState, ByNature)
    search_fields = ("username__istartswith", "email__istartswith", "fullname__icontains")
    search_help_text = _("Name or mail address")
    ordering = ("-id",)
    acts = (
        Act(
            "grant",
            _("Grant a role"),
            lambda actor, user, given: roles.grant(user, Role(given["role"]), actor=actor),
            _("The role is granted."),
            form=RoleForm,
        ),
        Act(
            "revoke",
            _("Revoke a role"),
            lambda actor, user, given: roles.revoke(user, Role(given["role"]), actor=actor),
            _("The role is revoked."),
            form=RoleForm,
        ),
        Act(
            "keep-out",
            _("Keep out"),
            lambda actor, user, given: roles.deactivate(user, actor=actor, reason=given["reason"]),
            _("They are signed out, and their tokens do not work any more."),
            explain=_("They are signed out and their tokens stop working. What they made stays."),
            form=Reason,
            may=lambda who, user: user.is_active,
            is_danger=True,
        ),
        Act(
            "let-in",
            _("Let in again"),
            lambda actor, user, given: roles.reactivate(user, actor=actor),
            _("They may sign in again."),
            may=lambda who, user: not user.is_active and user.anonymised_at is None,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        grants = RoleGrant.objects.select_related("granted_by").order_by("role")
        return super().get_queryset(request).prefetch_related(Prefetch("role_grants", grants))

    @admin.display(description=_("name"))
    def name(self, user: User) -> str:
        return cells.row_link(user, user.username)

    @admin.display(description=_("mail"))
    def mail(self, user: User) -> str:
        return user.email

    @admin.display(description=_("roles"))
    def holds(self, user: User) -> str:
        return ", ".join(str(grant.get_role_display()) for grant in user.role_grants.all())

    @admin.display(description=_("state"))
    def state(self, user: User) -> str:
        if user.anonymised_at is not None:
            return cells.label(_("erased"))
        if not user.is_active:
            return cells.label(_("kept out"), "loss")
        return cells.label(_("bot"), "note") if user.is_bot else cells.label(_("active"), "gain")

    @admin.display(description=_("joined"))
    def joined(self, user: User) -> str:
        return cells.ago(user.date_joined)

    def facts(self, row: User) -> Iterable[tuple[Words, Any]]:
        return [
            (_("Page"), cells.person(row)),
            (_("Full name"), row.fullname),
            (_("Mail"), row.email),
            (_("State"), self.state(row)),
            (_("Joined"), cells.moment(row.date_joined)),
            (_("Last signed in"), cells.moment(row.last_login)),
            (
                _("Audit trail"),
                cells.link(f"/admin/registry/event/?q={row.username}", gettext("what they did")),
            ),
        ]

    def tables(self, row: User) -> list[Table]:
        held = [
            (
                g.get_role_display(),
                g.granted_by or gettext("the command line"),
                cells.ago(g.created_at),
            )
            for g in row.role_grants.all()
        ]
        places = row.memberships.select_related("organisation__namespace").order_by("pk")[:100]
        organisations = [
            (cells.row_link(place.organisation), place.get_role_display()) for place in places
        ]
        return [
            Table(_("Roles"), (_("role"), _("granted by"), _("when")), held, _("No role.")),
            Table(_("Organisations"), (_("name"), _("place")), organisations, _("None.")),
        ]


navigation.add(
    navigation.SITE,
    navigation.Link(_("People"), "admin:registry_user_changelist", staff.operators),
)
