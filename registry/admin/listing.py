"""A list as its template shows it: columns, rows, filters, pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin.utils import display_for_field, display_for_value, label_for_field
from django.contrib.admin.utils import lookup_field as looked_up
from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR, ChangeList
from django.core.paginator import Page
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.admin.filters import Typed
from registry.admin.navigation import Words


@dataclass(frozen=True)
class Facet:
    """A choice: its title, what is chosen (or nothing), and a link for each possibility."""

    title: Words
    chosen: str
    choices: list[dict[str, Any]]


@dataclass(frozen=True)
class Field:
    name: str
    label: Words
    type: str
    value: str


@dataclass(frozen=True)
class Listing:
    head: list[str]
    rows: list[list[Any]]
    page: Page[Any]
    # What the search looks at; empty: there is none.
    hint: Words = ""
    query: str = ""
    facets: list[Facet] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    # What the search form hands on.
    kept: list[tuple[str, str]] = field(default_factory=list)
    narrowed: bool = False
    all: str = ""
    newer: str = ""
    older: str = ""
    ends_at: int = 0

    @property
    def is_searched(self) -> bool:
        return bool(self.hint or self.fields)

    @property
    def counted(self) -> str:
        count = self.page.paginator.count
        if count == self.ends_at:
            return _("the first {count:,}").format(count=count)
        return ngettext("{count:,} line", "{count:,} lines", count).format(count=count)


def read(cl: ChangeList, *, hint: Words = "", ends_at: int = 0) -> Listing:
    page = cl.paginator.get_page(cl.page_num)
    typed = [spec for spec in cl.filter_specs if isinstance(spec, Typed)]
    own = {SEARCH_VAR, PAGE_VAR, *(name for spec in typed for name in spec.fields)}
    given = cl.filter_params.items()
    return Listing(
        head=[str(label_for_field(name, cl.model, cl.model_admin)) for name in cl.list_display],
        rows=[[_cell(cl, str(name), row) for name in cl.list_display] for row in cl.result_list],
        page=page,
        hint=(hint or _("Search")) if cl.search_fields else "",
        query=cl.query,
        facets=[_facet(cl, spec) for spec in cl.filter_specs if spec not in typed],
        fields=[
            Field(name, label, spec.kind, spec.typed(name))
            for spec in typed
            for name, label in spec.fields.items()
        ],
        kept=[(n, value) for n, values in given if n not in own for value in values],
        narrowed=bool(cl.has_active_filters or cl.query),
        all=cl.get_query_string(remove=[*cl.filter_params, SEARCH_VAR, PAGE_VAR]),
        newer=cl.get_query_string({PAGE_VAR: page.number - 1}) if page.has_previous() else "",
        older=cl.get_query_string({PAGE_VAR: page.number + 1}) if page.has_next() else "",
        ends_at=ends_at,
    )


def _facet(cl: ChangeList, spec: Any) -> Facet:
    choices = [dict(choice) for choice in spec.choices(cl)]
    first, *others = choices
    first["display"] = _("any")
    chosen = next((str(c["display"]) for c in others if c["selected"]), "")
    return Facet(spec.title, chosen, choices)


def _cell(cl: ChangeList, name: str, row: Any) -> Any:
    found, _attribute, value = looked_up(name, row, cl.model_admin)
    if found is None:
        return display_for_value(value, "")
    return display_for_field(value, found, "")
