"""Forms of a repository's settings: they parse, services decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from registry.models import Gating, MemberRole, Repository


class VisibilityForm(forms.Form):
    private = forms.TypedChoiceField(
        label=gettext_lazy("Who sees it"),
        coerce=lambda value: value == "yes",
        choices=[
            ("no", gettext_lazy("everybody")),
            ("yes", gettext_lazy("only those with a role here or in its namespace")),
        ],
        widget=forms.RadioSelect,
    )
    gated = forms.ChoiceField(
        label=gettext_lazy("Who reads its files"),
        required=False,
        choices=[
            (Gating.OFF.value, gettext_lazy("everybody who sees it")),
            (Gating.AUTO.value, gettext_lazy("on request, granted at once")),
            (Gating.MANUAL.value, gettext_lazy("on request, granted by the owner")),
        ],
        widget=forms.RadioSelect,
    )

    @classmethod
    def of(cls, repository: Repository) -> VisibilityForm:
        private = "yes" if repository.private else "no"
        return cls(initial={"private": private, "gated": repository.gated})


class MoveForm(forms.Form):
    namespace = forms.CharField(label=gettext_lazy("Owner"), max_length=96)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=96)


class MaintainerForm(forms.Form):
    person = forms.CharField(label=gettext_lazy("Name of the person"), max_length=97)
    role = forms.TypedChoiceField(
        label=gettext_lazy("May"),
        coerce=MemberRole,
        choices=[
            (MemberRole.READ.value, gettext_lazy("read it, also while it is private")),
            (MemberRole.WRITE.value, gettext_lazy("write to it and close discussions")),
            (MemberRole.MAINTAINER.value, gettext_lazy("administer it")),
        ],
        initial=MemberRole.WRITE.value,
    )


class DeleteForm(forms.Form):
    """The full name, typed, says that this is meant."""

    typed = forms.CharField(label=gettext_lazy("Its full name"), max_length=200)

    def __init__(self, repository: Repository, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = repository.full_name

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"].strip()
        if typed != self.wanted:
            raise forms.ValidationError(
                gettext("Type %(name)s exactly, to show that you mean it."),
                params={"name": self.wanted},
            )
        return typed
