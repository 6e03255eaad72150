"""Forms of signing in and up, in this site's words."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm, SignupForm
from allauth.socialaccount.forms import SignupForm as ProviderForm
from django import forms
from django.utils.translation import gettext_lazy as _

_NAME_HELP = _("Also the first part of the addresses of your repositories. It stays as it is.")


def _plain(form: forms.Form) -> None:
    """The label says it: a placeholder that repeats it is read twice."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)


def _name(form: forms.Form) -> None:
    name = form.fields["username"]
    name.label, name.help_text = _("Name"), _NAME_HELP
    name.widget.attrs.update(spellcheck="false", autocapitalize="none", autocomplete="username")
    form.fields["email"].label = _("E-mail address")
    form.fields["email"].help_text = _("For notifications and a lost password. Nobody sees it.")


class SignInForm(LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
        login = self.fields["login"]
        login.label = _("Username or e-mail address")
        login.widget.attrs.update(
            autocomplete="username", spellcheck="false", autocapitalize="none", maxlength=254
        )

    @property
    def throttled(self) -> bool:
        return bool(self.has_error("__all__", "too_many_login_attempts"))


class SignUpForm(SignupForm):
    field_order = ("username", "email", "password1", "password2")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
        _name(self)
        self.fields["password2"].label = _("The same password again")


class ProviderSignUpForm(ProviderForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
        _name(self)
