"""Repositories and what is in quarantine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from registry.admin import cells, navigation, staff
from registry.admin.desk import Act, Desk, Reason, Table
from registry.admin.filters import Choice, of_kinds
from registry.admin.navigation import Words
from registry.models import Quarantine, Repository, RepoType
from registry.services import quarantine


class ByKind(Choice):
    title = _("kind")
    parameter_name = "kind"
    options = of_kinds(RepoType, "repo_type")


class ByVisibility(Choice):
    title = _("visibility")
    parameter_name = "visibility"
    options: ClassVar = {
        "public": (_("public"), Q(private=False)),
        "private": (_("private"), Q(private=True)),
    }


class ByQuarantine(Choice):
    title = _("quarantine")
    parameter_name = "quarantine"
    options: ClassVar = {
        "in": (_("in quarantine"), Q(disabled=True)),
        "out": (_("in circulation"), Q(disabled=False)),
    }


@admin.register(Repository)
class Repositories(Desk):
    title = _("Repositories")
    may_see = staff.operators
    related = ("namespace", "created_by")
    list_display = ("name_", "repo_type", "state", "changed")
    list_display_links = None
    list_filter = (ByKind, ByVisibility, ByQuarantine)
    search_fields = ("name__icontains", "namespace__name__iexact")
    search_help_text = _("Part of a name, or a whole namespace")
    ordering = ("-id",)
    acts = (
        Act(
            "quarantine",
            _("Place in quarantine"),
            lambda actor, row, given: quarantine.place(row, actor=actor, reason=given["reason"]),
            _("It is in quarantine."),
            explain=_(
                "From now on only its owners and operators see it, and nothing of it is downloaded."
            ),
            form=Reason,
            may=lambda who, row: not row.disabled,
            is_danger=True,
        ),
    )

    @admin.display(description=_("name"))
    def name_(self, row: Repository) -> str:
        # Not `name`, which would be the field: a name without its owner and without a link.
        return cells.row_link(row, row.full_name)

    @admin.display(description=_("state"))
    def state(self, row: Repository) -> str:
        if row.disabled:
            return cells.label(_("in quarantine"), "loss")
        return (
            cells.label(_("private"), "note") if row.private else cells.label(_("public"), "gain")
        )

    @admin.display(description=_("changed"))
    def changed(self, row: Repository) -> str:
        return cells.ago(row.updated_at)

    def facts(self, row: Repository) -> Iterable[tuple[Words, Any]]:
        return [
            (_("Page"), cells.repository(row)),
            (_("Kind"), row.get_repo_type_display()),
            (_("State"), self.state(row)),
            (_("Made by"), cells.person(row.created_by)),
            (_("Made"), cells.moment(row.created_at)),
            (_("Downloads"), row.downloads),
        ]

    def tables(self, row: Repository) -> list[Table]:
        past = row.quarantines.select_related("placed_by", "lifted_by")[:50]
        rows = [
            (
                cells.row_link(q, q.reason[:120]),
                q.placed_by,
                cells.ago(q.placed_at),
                q.lifted_by or "",
            )
            for q in past
        ]
        head = (_("reason"), _("placed by"), _("when"), _("lifted by"))
        return [Table(_("Quarantine"), head, rows, _("It was never in quarantine."))]


class IsOpen(Choice):
    title = _("state")
    parameter_name = "state"
    options: ClassVar = {
        "open": (_("in quarantine"), Q(lifted_at=None)),
        "lifted": (_("lifted"), Q(lifted_at__isnull=False)),
    }


@admin.register(Quarantine)
class QuarantineList(Desk):
    title = _("Quarantine")
    may_see = staff.operators
    related = ("repository__namespace", "placed_by", "lifted_by")
    about = _("To place a repository here, open it under Repositories.")
    list_display = ("what", "reason", "placed", "state")
    list_display_links = None
    list_filter = (IsOpen,)
    search_fields = ("repository__name__icontains", "reason__icontains")
    ordering = ("-id",)
    acts = (
        Act(
            "lift",
            _("Lift the quarantine"),
            lambda actor, row, given: quarantine.lift(row, actor=actor, reason=given["reason"]),
            _("The repository is in circulation again."),
            form=Reason,
            may=lambda who, row: row.lifted_at is None,
        ),
    )

    @admin.display(description=_("repository"))
    def what(self, row: Quarantine) -> str:
        return cells.row_link(row, row.repository)

    @admin.display(description=_("placed"))
    def placed(self, row: Quarantine) -> str:
        return cells.ago(row.placed_at)

    @admin.display(description=_("state"))
    def state(self, row: Quarantine) -> str:
        if row.lifted_at is None:
            return cells.label(_("in quarantine"), "loss")
        return cells.label(_("lifted"), "gain")

    def facts(self, row: Quarantine) -> Iterable[tuple[Words, Any]]:
        return [
            (_("Repository"), cells.row_link(row.repository)),
            (_("Reason"), row.reason),
            (_("Placed by"), cells.person(row.placed_by)),
            (_("Placed"), cells.moment(row.placed_at)),
            (_("Lifted by"), cells.person(row.lifted_by)),
            (_("Lifted"), cells.moment(row.lifted_at)),
            (_("Lifted because"), row.lifted_because),
        ]


navigation.add(
    navigation.SITE,
    navigation.Link(_("Repositories"), "admin:registry_repository_changelist", staff.operators),
    navigation.Link(_("Quarantine"), "admin:registry_quarantine_changelist", staff.operators),
)
