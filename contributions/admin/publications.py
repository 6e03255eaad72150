"""Publications: what goes to a Hub, step by step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contributions.models import Publication, PublicationStatus, StepStatus
from contributions.services import interests, publications
from contributions.templatetags.pictures import step_word
from registry.admin import cells, navigation, staff
from registry.admin.desk import Act, Desk, Table
from registry.admin.filters import Choice, of_kinds
from registry.admin.navigation import Words
from registry.admin.staff import Staff
from registry.models import User

_TONES = {"published": "gain", "done": "gain", "failed": "loss", "publishing": "note"}
_LONGEST = 400


def _again(actor: User, row: Publication, given: dict[str, Any]) -> object:
    return publications.publish(
        row.release,
        actor=actor,
        endpoint=row.endpoint,
        repo_id=row.repo_id,
        private=row.private,
    )


class ByStatus(Choice):
    title = _("state")
    parameter_name = "status"
    options = of_kinds(PublicationStatus, "status")


@admin.register(Publication)
class Publications(Desk):
    title = _("Publications")
    may_see = staff.maintainers
    related = ("release__track__repository__namespace", "requested_by")
    list_display = ("what", "of", "state", "since")
    list_display_links = None
    list_filter = (ByStatus,)
    search_fields = ("repo_id__icontains", "release__track__name__iexact")
    ordering = ("-id",)
    acts = (
        Act(
            "again",
            _("Publish again"),
            _again,
            _("It is queued for the publish worker."),
            explain=_("Goes on at the first step that is not done, and verifies those that are."),
            may=lambda who, row: (
                row.status in {PublicationStatus.FAILED, PublicationStatus.PUBLISHED}
            ),
        ),
    )

    def visible(self, rows: QuerySet[Publication], who: Staff) -> QuerySet[Publication]:
        if who.is_operator:
            return rows
        owned = interests.owned_by(who.user).values("pk")
        return rows.filter(release__track__repository__in=owned)

    @admin.display(description=_("to"))
    def what(self, row: Publication) -> str:
        return cells.row_link(row, row.repo_id)

    @admin.display(description=_("release"))
    def of(self, row: Publication) -> str:
        return cells.link(row.release.get_absolute_url(), _release(row))

    @admin.display(description=_("state"))
    def state(self, row: Publication) -> str:
        return cells.label(row.get_status_display(), _TONES.get(row.status, ""))

    @admin.display(description=_("asked for"))
    def since(self, row: Publication) -> str:
        return cells.ago(row.created_at)

    def name_of(self, row: Publication) -> str:
        return f"{_release(row)} → {row.repo_id}"

    def facts(self, row: Publication) -> Iterable[tuple[Words, Any]]:
        return [
            (_("Release"), self.of(row)),
            (_("Where"), row.url),
            (_("State"), self.state(row)),
            (_("Why"), row.reason),
            (_("Commit there"), row.remote_commit),
            (_("Asked for by"), cells.person(row.requested_by)),
            (_("Published"), cells.moment(row.published_at)),
        ]

    def tables(self, row: Publication) -> list[Table]:
        steps = [
            (
                step.position + 1,
                step_word(step.name),
                cells.label(step.get_status_display(), _TONES.get(step.status, "")),
                _told(step.detail) if step.status != StepStatus.WAITING else "",
                cells.moment(step.finished_at),
            )
            for step in row.steps.all()
        ]
        head = (_("step"), _("name"), _("state"), _("what it did"), _("finished"))
        return [Table(_("Plan and steps"), head, steps, _("Nothing is planned."))]


def _release(row: Publication) -> str:
    words = gettext("%(track)s, release %(number)s")
    return words % {"track": row.release.track.name, "number": row.release.number}


def _told(detail: dict[str, Any]) -> str:
    parts = [
        f"{name}: {len(value)}" if isinstance(value, list | dict) else f"{name}: {value}"
        for name, value in detail.items()
    ]
    return ", ".join(parts)[:_LONGEST]


navigation.add(
    navigation.WORK,
    navigation.Link(
        _("Publications"),
        "admin:contributions_publication_changelist",
        staff.maintainers,
    ),
)
