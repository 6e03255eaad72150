"""The form of a new repository."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contributions.models import Task
from contributions.services import licences
from registry.models import Namespace, RepoType
from registry.models.names import NAME_LENGTH, validate_name


class RepositoryForm(forms.Form):
    repo_type = forms.TypedChoiceField(
        label=_("What it holds"),
        choices=[
            (RepoType.MODEL.value, _("a model")),
            (RepoType.DATASET.value, _("a dataset")),
        ],
        coerce=RepoType,
        widget=forms.RadioSelect,
        initial=RepoType.MODEL.value,
    )
    owner = forms.ChoiceField(label=_("Owner"))
    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_LENGTH,
        validators=[validate_name],
        help_text=_("Letters, digits, “-”, “_” and “.”, for example “digits-vit”."),
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "spellcheck": "false",
                "hx-get": "/new/name",
                "hx-include": "closest form",
                "hx-trigger": "input changed delay:400ms",
                "hx-target": "#name-check",
            }
        ),
    )
    private = forms.ChoiceField(
        label=_("Who may see it"),
        choices=[
            ("", _("everybody")),
            ("private", _("only its owner and those who are added; good for held-out data")),
        ],
        required=False,
        widget=forms.RadioSelect,
        initial="",
    )
    card = forms.BooleanField(
        label=_("Begin with a card (README.md) that names licence and task"),
        required=False,
        initial=True,
    )
    licence = forms.ChoiceField(
        label=_("Licence"),
        required=False,
        help_text=_("Nobody may use what has none. The text comes along where the site knows it."),
    )
    task = forms.ChoiceField(
        label=_("Task"), required=False, choices=[("", _("none yet")), *Task.choices]
    )

    def __init__(self, places: Sequence[Namespace], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, options in (
            ("owner", [(place.name, place.name) for place in places]),
            ("licence", [("", _("choose later")), *licences.options()]),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = options

    def clean_private(self) -> bool:
        return bool(self.cleaned_data["private"])
