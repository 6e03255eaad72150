"""Organisations and who is in them; they look after themselves, so this is to look only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from registry.admin import cells, navigation, staff
from registry.admin.desk import Desk, Table
from registry.admin.navigation import Words
from registry.models import Organisation


@admin.register(Organisation)
class Organisations(Desk):
    title = _("Organisations")
    may_see = staff.operators
    related = ("namespace",)
    list_display = ("name", "fullname", "made")
    list_display_links = None
    search_fields = ("namespace__name__icontains", "fullname__icontains")
    ordering = ("-id",)

    @admin.display(description=_("name"))
    def name(self, row: Organisation) -> str:
        return cells.row_link(row)

    @admin.display(description=_("since"))
    def made(self, row: Organisation) -> str:
        return cells.ago(row.created_at)

    def facts(self, row: Organisation) -> Iterable[tuple[Words, Any]]:
        return [
            (_("Page"), cells.link(f"/{row.namespace.name}", row.namespace.name)),
            (_("Full name"), row.fullname),
            (_("Since"), cells.moment(row.created_at)),
        ]

    def tables(self, row: Organisation) -> list[Table]:
        members = row.memberships.select_related("user").order_by("user__username")[:200]
        rows = [
            (cells.row_link(m.user, m.user.username), m.get_role_display(), cells.ago(m.created_at))
            for m in members
        ]
        return [Table(_("Members"), (_("name"), _("place"), _("since")), rows, _("Nobody."))]


navigation.add(
    navigation.SITE,
    navigation.Link(_("Organisations"), "admin:registry_organisation_changelist", staff.operators),
)
