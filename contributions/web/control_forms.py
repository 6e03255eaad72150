"""Forms of those who maintain a track."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class CloseForm(forms.Form):
    reason = forms.CharField(
        max_length=500,
        label=_("Why it is closed"),
        help_text=_("Everybody reads this on the page of the track."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class PublishForm(forms.Form):
    endpoint = forms.CharField(
        max_length=200,
        label=_("Address of the Hub"),
        initial="https://huggingface.co",
        help_text=_("https://host, without a path"),
    )
    repo_id = forms.CharField(
        max_length=200, label=_("Repository there"), help_text=_("namespace/name")
    )
    private = forms.BooleanField(required=False, label=_("Private there"))


class HubTokenForm(forms.Form):
    """Goes in and never comes out again: what was typed is not shown anew either."""

    endpoint = forms.CharField(
        max_length=200, label=_("Hub that it opens"), help_text=_("https://host, without a path")
    )
    token = forms.CharField(
        max_length=1000,
        label=_("Token with write access there"),
        help_text=_("It replaces the one that is kept, and nobody can read it here."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
