"""A desk: list and page of one model, read-only but for named acts, each a service's.

Nothing is added, changed or deleted by a form of Django's: what the domain has no verb for cannot
be done here either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from registry.admin import listing, staff
from registry.admin.navigation import Words
from registry.admin.staff import Staff
from registry.models import User
from registry.services.errors import NotFound, ServiceError
from registry.web.pages import sentence

LOOKING = ("GET", "HEAD")
Run = Callable[[User, Any, dict[str, Any]], object]


class Confirm(forms.Form):
    """Nothing to fill in: the page asks whether one is sure."""


class Reason(forms.Form):
    reason = forms.CharField(
        label=_("Reason"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )


@dataclass(frozen=True)
class Act:
    """Something that may be done to one row (or, `on_list`, without one)."""

    name: str
    label: Words
    run: Run
    done: Words
    explain: Words = ""
    form: type[forms.Form] = Confirm
    # Whether it is offered here and now; the service decides again.
    may: Callable[[Staff, Any], bool] = lambda staff, row: True
    initial: Callable[[Any], Mapping[str, Any]] = lambda row: {}
    on_list: bool = False
    is_danger: bool = False


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than anybody leafs: a trail of millions of rows answers at once."""

    most = 2000

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        # Which ones are counted is the same: nothing needs to be sorted for it.
        return rows.order_by()[: self.most].count()


@dataclass
class Table:
    """A part of a row's page."""

    title: Words
    head: tuple[Words, ...]
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    empty: Words = ""


class Desk(ModelAdmin):
    may_see: ClassVar[staff.May]
    acts: ClassVar[tuple[Act, ...]] = ()
    related: ClassVar[tuple[str, ...]] = ()
    page_template = "registry/admin/row.html"
    change_list_template = "registry/admin/list.html"
    # One line above the list, and what stands there while it is empty.
    about: ClassVar[Words] = ""
    empty: ClassVar[Words] = _("There is nothing here yet.")
    title: ClassVar[Words] = ""

    actions = None
    paginator: ClassVar[type[BoundedPaginator]] = BoundedPaginator
    show_full_result_count = False
    # Counting every choice of every filter would read whole tables.
    show_facets = ShowFacets.NEVER
    list_per_page = 25
    list_max_show_all = 25
    sortable_by = ()

    @property
    def media(self) -> forms.Media:
        """None: what Django brings serves forms that a desk does not have."""
        return forms.Media()

    # --- who may what ---------------------------------------------------------------------------

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return type(self).may_see(staff.of(request))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    # --- rows -----------------------------------------------------------------------------------

    def visible(self, rows: QuerySet[Any], who: Staff) -> QuerySet[Any]:
        """What this person may see of them."""
        return rows

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related(*self.related)
        return self.visible(rows, staff.of(request))

    def row(self, request: HttpRequest, pk: str) -> Any:
        found = self.get_object(request, pk)
        if found is None:
            raise NotFound(f"“{self.title}” has no page {pk[:40]}.")
        return found

    def name_of(self, row: Any) -> Words:
        """The heading of the row's page."""
        return str(row)

    def facts(self, row: Any) -> Iterable[tuple[Words, Any]]:
        """Label and value of each line of the row's page."""
        return []

    def tables(self, row: Any) -> list[Table]:
        return []

    # --- pages ----------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """No add, delete or history: only the list, a row, and its acts."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name=f"{name}_changelist"),
            path("do/<slug:act>/", view(self.act_view), name=f"{name}_do"),
            path("<str:object_id>/", view(self.row_view), name=f"{name}_change"),
            path("<str:object_id>/<slug:act>/", view(self.act_view), name=f"{name}_act"),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        if request.method not in LOOKING:
            raise PermissionDenied
        more = {
            "title": self.title,
            "about": self.about,
            "empty": self.empty,
            "acts": self.offered(request, None),
        }
        shown = super().changelist_view(request, {**more, **(extra_context or {})})
        if (context := getattr(shown, "context_data", None)) is not None:
            hint, most = self.search_help_text or "", self.paginator.most
            context["listing"] = listing.read(context["cl"], hint=hint, ends_at=most)
        return shown

    def row_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not self.has_view_permission(request) or request.method not in LOOKING:
            raise PermissionDenied
        return self.row_page(request, self.row(request, object_id))

    def row_page(self, request: HttpRequest, row: Any) -> HttpResponse:
        """To whoever may see it."""
        context = {
            **self.shell(request, self.name_of(row)),
            "row": row,
            "facts": self.facts(row),
            "tables": self.tables(row),
            "acts": self.offered(request, row),
        }
        return TemplateResponse(request, self.page_template, context)

    def act_view(self, request: HttpRequest, act: str, object_id: str = "") -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.row(request, object_id) if object_id else None
        # What was sent is judged by the service, which says what has changed since the page was
        # opened; the form comes back with what was typed.
        offered = self._acts(request, row) if request.method in LOOKING else self.acts
        chosen = next((a for a in offered if a.name == act and a.on_list == (row is None)), None)
        if chosen is None:
            raise PermissionDenied
        given = request.POST if request.method == "POST" else None
        form = chosen.form(given, initial=dict(chosen.initial(row)))
        if request.method == "POST" and form.is_valid():
            try:
                chosen.run(staff.of(request).user, row, form.cleaned_data)
            except ServiceError as refused:
                form.add_error(None, sentence(refused))
            else:
                messages.success(request, str(chosen.done))
                return HttpResponseRedirect(self._back(row))
        context = {
            **self.shell(request, chosen.label),
            "row": row,
            "row_title": self.name_of(row) if row else "",
            "act": chosen,
            "form": form,
            "back": self._back(row),
        }
        status = 400 if form.errors else 200
        return TemplateResponse(request, "registry/admin/act.html", context, status=status)

    def shell(self, request: HttpRequest, title: Words) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "list_title": self.title,
            "list_url": reverse(f"admin:{self._name}_changelist"),
        }

    # --- acts -----------------------------------------------------------------------------------

    @property
    def _name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"

    def _acts(self, request: HttpRequest, row: Any) -> list[Act]:
        who = staff.of(request)
        return [a for a in self.acts if a.on_list == (row is None) and a.may(who, row)]

    def offered(self, request: HttpRequest, row: Any) -> list[dict[str, Any]]:
        """The buttons: links to pages that ask for confirmation."""
        return [
            {"label": act.label, "is_danger": act.is_danger, "url": self._act_url(act, row)}
            for act in self._acts(request, row)
        ]

    def _act_url(self, act: Act, row: Any) -> str:
        if row is None:
            return reverse(f"admin:{self._name}_do", args=[act.name])
        return reverse(f"admin:{self._name}_act", args=[row.pk, act.name])

    def _back(self, row: Any) -> str:
        """To the row, unless it is gone."""
        if row is None or row.pk is None:
            return reverse(f"admin:{self._name}_changelist")
        return reverse(f"admin:{self._name}_change", args=[row.pk])
