"""How a list is narrowed: by a choice of words, or by something that is typed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model, Q, QuerySet, TextChoices
from django.db.models.functions import Lower
from django.http import HttpRequest

from registry.admin.navigation import Words
from registry.models import User


class Choice(admin.SimpleListFilter):
    """`options`: what stands in the address → its words, and which rows are meant."""

    options: ClassVar[Mapping[str, tuple[Words, Q]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(value, str(words)) for value, (words, _) in self.options.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.options.get(str(self.value()))
        return queryset.filter(chosen[1]) if chosen else queryset


def of_kinds(kinds: type[TextChoices], field: str) -> dict[str, tuple[Words, Q]]:
    """The options of a field that holds one of them."""
    return {kind.value: (kind.label, Q(**{field: kind.value})) for kind in kinds}


class Typed(admin.ListFilter):
    """Fields of the search form: name in the address → label; `kind` as HTML names types."""

    fields: ClassVar[Mapping[str, Words]]
    kind: ClassVar[str] = "text"

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.fields:
            if name in params:
                self.used_parameters[name] = params.pop(name)[-1]

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return list(self.fields)

    def choices(self, changelist: Any) -> Iterator[Any]:
        return iter(())

    def typed(self, name: str) -> str:
        return str(self.used_parameters.get(name) or "").strip()


def people_named(name: str) -> list[int]:
    """Their numbers, looked up first in the index of names in small letters: what is listed is
    then read by an index of its own."""
    found = User.objects.annotate(small=Lower("username")).filter(small=name.lower())
    return list(found.values_list("pk", flat=True))
