"""Forms of a submission's page; the one of reviewers is in forms.py."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class TitleForm(forms.Form):
    title = forms.CharField(max_length=255, label=_("Title"))


class AnswerForm(forms.Form):
    text = forms.CharField(
        max_length=20_000,
        label=_("Your answer"),
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class ReplyForm(forms.Form):
    comment = forms.CharField(
        max_length=65_536, label=_("Your comment"), widget=forms.Textarea(attrs={"rows": 3})
    )
