"""Forms parse and normalise; they never save or decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import (
    password_validators_help_text_html,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from registry.models import User
from registry.models.names import validate_namespace


class SetupForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=96,
        validators=[validate_namespace],
        help_text=_("Also the first part of the addresses of your repositories."),
        widget=forms.TextInput(attrs={"autocomplete": "username", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validators_help_text_html,
    )
    again = forms.CharField(
        label=_("The same password again"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def person(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ("name", "password")}

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, User(username=self.cleaned_data.get("name", "")))
        return password

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("password", given.get("again")) != given.get("again"):
            raise ValidationError(_("The two passwords differ. Type the same one twice."))
        return given
