"""Tracks, benchmarks and the device time that people have used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Exists, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from contributions.admin.forms import PolicyForm
from contributions.models import Benchmark, Release, Task, Track, TrackStatus, Usage
from contributions.services import interests, track_changes, tracks
from contributions.templatetags.pictures import key_word
from registry.admin import cells, navigation, staff
from registry.admin.desk import Act, Desk, Reason, Table
from registry.admin.filters import Choice, of_kinds
from registry.admin.navigation import Words
from registry.admin.staff import Staff
from registry.models import User
from registry.templatetags.figures import lasted, signed

_TONES = {TrackStatus.OPEN.value: "gain", TrackStatus.PREPARING.value: "care"}


def _looks_after_a_track(user: User) -> Exists:
    return Exists(Track.objects.filter(repository__in=interests.owned_by(user).values("pk")))


staff.looks_after_something.append(_looks_after_a_track)


def _said(value: Any) -> str:
    return " + ".join(map(str, value)) if isinstance(value, list) else str(value)


def _policy(given: dict[str, Any]) -> Any:
    return given["policy"]


class ByStatus(Choice):
    title = _("state")
    parameter_name = "status"
    options = of_kinds(TrackStatus, "status")


class ByTask(Choice):
    title = _("task")
    parameter_name = "task"
    options = of_kinds(Task, "task")


@admin.register(Track)
class Tracks(Desk):
    title = _("Tracks")
    may_see = staff.maintainers
    related = ("repository__namespace", "benchmark", "created_by")
    about = _("New tracks are opened on the site, under Tracks.")
    list_display = ("name_", "model_", "task", "state", "keys", "since")
    list_display_links = None
    list_filter = (ByStatus, ByTask)
    search_fields = ("name__icontains", "title__icontains", "repository__name__icontains")
    ordering = ("name",)
    acts = (
        Act(
            "policy",
            _("Change the policy"),
            lambda actor, row, given: track_changes.change_policy(
                row, actor=actor, policy=_policy(given)
            ),
            _("The policy is changed."),
            explain=_(
                "It says which reviewers sign, and how many seconds and steps one training may "
                "take. What waits is looked at again at once."
            ),
            form=PolicyForm,
            may=lambda who, row: row.status != TrackStatus.CLOSED,
            initial=lambda row: {"policy": row.policy},
        ),
        Act(
            "close",
            _("Close the track"),
            lambda actor, row, given: tracks.close(row, actor=actor, reason=given["reason"]),
            _("The track is closed."),
            explain=_("Nothing is measured or released on it any more, and main is free again."),
            form=Reason,
            may=lambda who, row: row.status != TrackStatus.CLOSED,
            is_danger=True,
        ),
    )

    def visible(self, rows: QuerySet[Track], who: Staff) -> QuerySet[Track]:
        rows = rows.defer("benchmark__split_m", "benchmark__split_v", "benchmark__split_t")
        if who.is_operator:
            return rows
        return rows.filter(repository__in=interests.owned_by(who.user).values("pk"))

    @admin.display(description=_("name"))
    def name_(self, row: Track) -> str:
        return cells.row_link(row)

    @admin.display(description=_("model"))
    def model_(self, row: Track) -> str:
        return cells.repository(row.repository)

    @admin.display(description=_("state"))
    def state(self, row: Track) -> str:
        return cells.label(row.get_status_display(), _TONES.get(row.status, ""))

    @admin.display(description=_("keys"))
    def keys(self, row: Track) -> str:
        return ", ".join(key_word(key) for key in row.policy.get("keys", []))

    @admin.display(description=_("since"))
    def since(self, row: Track) -> str:
        return cells.ago(row.created_at)

    def facts(self, row: Track) -> Iterable[tuple[Words, Any]]:
        policy = format_html_join(
            "\n", "<code>{}: {}</code>", ((n, _said(v)) for n, v in sorted(row.policy.items()))
        )
        return [
            (_("Page"), cells.link(row.get_absolute_url(), row.title)),
            (_("Model"), cells.repository(row.repository)),
            (_("State"), self.state(row)),
            (_("Why"), row.status_reason),
            (_("Benchmark"), cells.row_link(row.benchmark)),
            (_("Metric"), row.metric),
            (_("Policy"), policy),
            (_("Base"), row.base_revision[:10]),
            (_("Opened by"), cells.person(row.created_by)),
        ]

    def tables(self, row: Track) -> list[Table]:
        used = row.training_data.select_related("dataset__namespace").order_by("pk")
        data = [(cells.repository(u.dataset), u.path or "data/", u.revision[:10]) for u in used]
        made = Release.objects.filter(track=row).order_by("-number")[:50]
        releases = [
            (
                cells.link(f"/tracks/{row.name}/releases/{r.number}", r.number),
                r.get_status_display(),
                signed(r.gain_t),
                cells.ago(r.created_at),
            )
            for r in made
        ]
        return [
            Table(_("Training data"), (_("dataset"), _("path"), _("revision")), data, _("None.")),
            Table(
                _("Releases"),
                (_("number"), _("state"), _("gain on T in nats"), _("begun")),
                releases,
                _("None yet."),
            ),
        ]


@admin.register(Benchmark)
class Benchmarks(Desk):
    """Sizes only: which rows are in which split, and results of single ones, stay closed."""

    title = _("Benchmarks")
    may_see = staff.maintainers
    related = ("dataset__namespace",)
    list_display = ("name_", "task", "metric", "since")
    list_display_links = None
    list_filter = (ByTask,)
    search_fields = ("name__icontains",)
    ordering = ("-id",)

    def visible(self, rows: QuerySet[Benchmark], who: Staff) -> QuerySet[Benchmark]:
        if who.is_operator:
            return rows
        owned = interests.owned_by(who.user).values("pk")
        used = Track.objects.filter(repository__in=owned).values("benchmark")
        return rows.filter(Q(dataset__in=owned) | Q(pk__in=used))

    @admin.display(description=_("name"))
    def name_(self, row: Benchmark) -> str:
        return cells.row_link(row)

    @admin.display(description=_("since"))
    def since(self, row: Benchmark) -> str:
        return cells.ago(row.created_at)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Benchmark]:
        return super().get_queryset(request).defer("columns")

    def facts(self, row: Benchmark) -> Iterable[tuple[Words, Any]]:
        sizes = ", ".join(f"{name} {len(rows)}" for name, rows in row.splits.items())
        return [
            (_("Task"), row.task),
            (_("Metric"), row.metric),
            (_("Examples"), sizes),
            (_("Made from"), row.dataset.full_name),
            (_("Revision"), row.revision[:10]),
            (_("Digest"), row.digest[:16]),
            (_("Since"), cells.moment(row.created_at)),
        ]


@admin.register(Usage)
class Budgets(Desk):
    title = _("Budgets")
    may_see = staff.operators
    related = ("contributor",)
    about = _("The queue serves whoever has used least device time.")
    list_display = ("who", "used")
    list_display_links = None
    search_fields = ("contributor__username__istartswith",)
    ordering = ("-seconds",)

    @admin.display(description=_("person"))
    def who(self, row: Usage) -> str:
        return cells.row_link(row.contributor, row.contributor.username)

    @admin.display(description=_("device time"))
    def used(self, row: Usage) -> str:
        return lasted(row.seconds)

    def facts(self, row: Usage) -> Iterable[tuple[Words, Any]]:
        return [(_("Person"), self.who(row)), (_("Device time"), self.used(row))]


navigation.add(
    navigation.WORK,
    navigation.Link(_("Tracks"), "admin:contributions_track_changelist", staff.maintainers),
    navigation.Link(
        _("Benchmarks"),
        "admin:contributions_benchmark_changelist",
        staff.maintainers,
    ),
    navigation.Link(_("Budgets"), "admin:contributions_usage_changelist", staff.operators),
)
