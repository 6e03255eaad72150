"""Forms of the steps in which an offer is put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from contributions.models import PatchKind, Track
from contributions.services import drafts, licences
from contributions.services.recipe_fields import ASKED, ASKED_LORA, FIELDS, LORA, Field
from registry.models import Repository

_KINDS = {
    PatchKind.WEIGHTS: _("new weights: a whole model with the same tensors, trained further"),
    PatchKind.ADAPTER: _("an adapter (LoRA) on top of the model"),
    PatchKind.RECIPE: _("a better recipe: the site trains it, you upload nothing"),
    PatchKind.DATA: _("data: examples to train on"),
    PatchKind.CARD: _("card, licence or documentation"),
    PatchKind.CODE: _("an example for readers, which goes to docs/"),
}


class WhatForm(forms.Form):
    kind = forms.TypedChoiceField(label=_("What you offer"), widget=forms.RadioSelect)
    track = forms.ChoiceField(label=_("Measured on the track"), required=False)
    adapter = forms.CharField(
        label=_("Name of the adapter"),
        max_length=100,
        required=False,
        help_text=_("Only for an adapter: its files go to adapters/NAME/."),
    )
    title = forms.CharField(
        label=_("Title"), max_length=255, help_text=_("One line that says what is better.")
    )
    description = forms.CharField(
        label=_("What you did, and why it should help"),
        required=False,
        max_length=60_000,
        help_text=_("Markdown. Reviewers read it."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def __init__(
        self, repository: Repository, tracks: Sequence[Track], *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        kind, track = self.fields["kind"], self.fields["track"]
        assert isinstance(kind, forms.TypedChoiceField)
        assert isinstance(track, forms.ChoiceField)
        kind.choices = [(k.value, _KINDS[k]) for k in drafts.KINDS[repository.type]]
        kind.coerce = PatchKind
        track.choices = [
            *([] if len(tracks) == 1 else [("", _("none"))]),
            *((t.name, t.title) for t in tracks),
        ]
        if not tracks:
            del self.fields["track"]
        if PatchKind.ADAPTER not in drafts.KINDS[repository.type]:
            del self.fields["adapter"]


class LicenceForm(forms.Form):
    choice = forms.ChoiceField(label=_("Licence of what you bring"), required=False)
    name = forms.CharField(
        label=_("Name of another licence"), max_length=100, required=False,
        help_text=_("Only where it is not on the list."),
    )  # fmt: skip
    text = forms.CharField(
        label=_("Its text"),
        required=False,
        max_length=200_000,
        help_text=_("Becomes the file LICENSE. For well-known licences the site adds it."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    text_file = forms.FileField(label=_("Or its text as a file"), required=False)
    derived_from = forms.CharField(
        label=_("Derived from"),
        required=False,
        max_length=4000,
        help_text=_("Models, datasets or works that yours is made from: one a line."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    personal = forms.ChoiceField(
        label=_("Are personal data in it, or was it trained on any?"),
        required=False,
        choices=[("no", _("no")), ("yes", _("yes")), ("unsure", _("I am not sure"))],
        widget=forms.RadioSelect,
        help_text=_("Names, faces, voices, addresses, texts by which a person can be found."),
    )
    consent = forms.CharField(
        label=_("If so: on what ground may they be used?"),
        required=False,
        max_length=2000,
        help_text=_("Consent, a public record, a contract; and how they were made unrecognisable."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    source = forms.CharField(
        label=_("Where the data come from"),
        required=False,
        max_length=2000,
        help_text=_("For weights and adapters: what they were trained on."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, named: str, *args: Any, **kwargs: Any) -> None:
        """`named`: the licence that the repository names now."""
        super().__init__(*args, **kwargs)
        field = self.fields["choice"]
        assert isinstance(field, forms.ChoiceField)
        same = [(drafts.SAME_LICENCE, _("as the repository: %(id)s") % {"id": named})]
        field.choices = [
            ("", _("choose one")),
            *(same if named else []),
            *licences.options(),
            (licences.OTHER, _("another one")),
        ]

    def clean_text_file(self) -> str:
        given = self.cleaned_data["text_file"]
        if given is None:
            return ""
        if given.size > 200_000:
            raise forms.ValidationError(_("The text is longer than 200 kB."))
        try:
            return str(given.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise forms.ValidationError(_("The file is not a text in UTF-8.")) from None

    def answers(self) -> dict[str, Any]:
        given = self.cleaned_data
        lines = (line.strip() for line in given["derived_from"].splitlines())
        return {
            "licence": {
                "choice": given["choice"],
                "name": given["name"].strip(),
                "text": (given["text_file"] or given["text"]).strip(),
            },
            "derived_from": [line[:300] for line in lines if line][:50],
            "privacy": {key: given[key].strip() for key in ("personal", "consent", "source")},
        }

    @staticmethod
    def initial_of(answers: Mapping[str, Any]) -> dict[str, Any]:
        licence, privacy = answers.get("licence") or {}, answers.get("privacy") or {}
        return {**licence, **privacy, "derived_from": "\n".join(answers.get("derived_from") or [])}


class RecipeForm(forms.Form):
    """Values as YAML writes them: what is typed is judged as the file would be."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = {field.key: field for field in FIELDS}
        lora = {field.key: field for field in LORA}
        for key in ASKED:
            self.fields[key] = _asked(fields[key])
        for key in ASKED_LORA:
            self.fields[f"lora_{key}"] = _asked(lora[key], _("LoRA: "))

    def changes(self) -> tuple[dict[str, Any], set[str]]:
        """Entries of the form as values, and those that it leaves out."""
        values = {key: _value(self.cleaned_data.get(key, "")) for key in ASKED}
        return (
            {key: value for key, value in values.items() if value != ""},
            {key for key, value in values.items() if value == ""},
        )

    def lora(self) -> dict[str, Any]:
        values = {key: _value(self.cleaned_data.get(f"lora_{key}", "")) for key in ASKED_LORA}
        return {key: value for key, value in values.items() if value != ""}

    @staticmethod
    def initial_of(values: Mapping[str, Any]) -> dict[str, Any]:
        lora = values.get("lora")
        inner = lora if isinstance(lora, dict) else {}
        shown = {key: values[key] for key in ASKED if key in values}
        shown |= {f"lora_{key}": inner[key] for key in ASKED_LORA if key in inner}
        return {key: "null" if value is None else value for key, value in shown.items()}


def _asked(field: Field, prefix: Any = "") -> forms.Field:
    label = f"{prefix}{capfirst(field.key.replace('_', ' '))}"
    if field.choices:
        options = [("", "—"), *((str(c), str(c)) for c in field.choices)]
        return forms.ChoiceField(label=label, choices=options, required=False, help_text=field.help)
    return forms.CharField(
        label=label,
        required=False,
        max_length=100,
        help_text=_("%(help)s Takes %(words)s.") % {"help": field.help, "words": field.words},
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )


def _value(given: str) -> Any:
    """What YAML reads in it; text where it reads nothing."""
    text = given.strip()
    if not text:
        return ""
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return text
    return value if isinstance(value, int | float | None) else text
