"""Forms of the settings pages."""

from __future__ import annotations

import datetime as dt
import unicodedata

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.models import TokenScope


def one_line(text: str) -> None:
    """Names go into the headings of mails and pages."""
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise ValidationError(_("Write it in one line, without control characters."))


class ProfileForm(forms.Form):
    fullname = forms.CharField(
        label=_("Full name"),
        max_length=200,
        required=False,
        validators=[one_line],
        help_text=_("Shown beside your username."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    about = forms.CharField(
        label=_("About you"),
        max_length=1000,
        required=False,
        help_text=_("For your page; up to 1,000 characters."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    website = forms.URLField(
        label=_("Web site"),
        max_length=200,
        required=False,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
        widget=forms.URLInput(attrs={"autocomplete": "url"}),
    )
    language = forms.ChoiceField(
        label=_("Language of mails"),
        required=False,
        choices=[("", _("As the site")), *settings.LANGUAGES],
    )


_DAYS = [("30", _("30 days")), ("90", _("90 days")), ("365", _("one year")), ("", _("never"))]


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        validators=[one_line],
        help_text=_("Where it will be used, for example “laptop” or “training job”."),
    )
    scope = forms.ChoiceField(
        label=_("Scope"),
        choices=[
            (TokenScope.WRITE.value, _("write")),
            (TokenScope.READ.value, _("read")),
            (TokenScope.REVIEW.value, _("review")),
            (TokenScope.MAINTAIN.value, _("maintain")),
        ],
        help_text=_(
            "read: download what you may see. write: also upload files and open pull requests. "
            "review: read, and decide on contributions in your name, if you have that role; it "
            "uploads nothing. maintain: read, and make and publish releases of models that you "
            "maintain. Give no more than the program needs."
        ),
    )
    days = forms.ChoiceField(choices=_DAYS, required=False, label=_("Expires after"), initial="90")

    def expires_at(self) -> dt.datetime | None:
        days = self.cleaned_data["days"]
        return timezone.now() + dt.timedelta(days=int(days)) if days else None
