"""Forms of organisations and their invitations."""

from __future__ import annotations

from django import forms
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from registry.models import MemberRole
from registry.models.names import NAME_LENGTH, validate_namespace
from registry.web.settings_forms import one_line

_ROLES = [
    (MemberRole.READ.value, _("reader: sees its private repositories")),
    (MemberRole.WRITE.value, _("writer: also changes its repositories")),
    (MemberRole.MAINTAINER.value, _("maintainer: also invites, opens tracks and makes releases")),
]


class OrganisationForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_LENGTH,
        validators=[validate_namespace],
        help_text=_("The first part of the addresses of its repositories. It stays as it is."),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none"}),
    )
    fullname = forms.CharField(
        label=_("Full name"), max_length=200, required=False, validators=[one_line]
    )


class InviteForm(forms.Form):
    whom = forms.CharField(
        label=_("Username or e-mail address"),
        max_length=254,
        validators=[one_line],
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none"}),
    )
    role = forms.ChoiceField(label=_("As"), choices=_ROLES, initial=MemberRole.WRITE.value)

    def clean_whom(self) -> str:
        whom: str = self.cleaned_data["whom"].strip()
        if "@" in whom:
            validate_email(whom)
            whom = whom.lower()
        return whom


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=MemberRole.choices)
