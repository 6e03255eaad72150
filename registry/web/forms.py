"""Forms parse and normalise; they never save or decide."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib.auth.password_validation import (
    password_validators_help_text_html,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.utils import timezone

from registry.models import TokenScope, User
from registry.models.names import validate_namespace

_DAYS = [("30", "30 days"), ("90", "90 days"), ("365", "one year"), ("", "never")]


class TokenForm(forms.Form):
    name = forms.CharField(
        max_length=100, help_text="Where it will be used, for example “laptop” or “training job”."
    )
    scope = forms.ChoiceField(
        choices=[
            (TokenScope.WRITE.value, "write"),
            (TokenScope.READ.value, "read"),
        ],
        help_text="read: download what you may see. write: also upload files and open pull "
        "requests. Give no more than the program needs.",
    )
    days = forms.ChoiceField(choices=_DAYS, required=False, label="Expires after", initial="90")

    def expires_at(self) -> dt.datetime | None:
        days = self.cleaned_data["days"]
        return timezone.now() + dt.timedelta(days=int(days)) if days else None


class SetupForm(forms.Form):
    name = forms.CharField(
        max_length=96,
        validators=[validate_namespace],
        help_text="Also the first part of the addresses of your repositories.",
        widget=forms.TextInput(attrs={"autocomplete": "username", "spellcheck": "false"}),
    )
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validators_help_text_html,
    )
    again = forms.CharField(
        label="The same password again",
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
            raise ValidationError("The two passwords differ. Type the same one twice.")
        return given
