"""Looking at a text before it is sent. A text can be made to take a second, again and again."""

from __future__ import annotations

from django.forms import Form
from django.utils.translation import gettext

from registry.models import User
from registry.services import attempts

MOST, SECONDS = 15, 60


def may_look(user: User, form: Form) -> bool:
    """Whether the text is rendered; if not, the form says why, and keeps it."""
    if not form.is_valid():
        return False
    if attempts.within(f"preview:{user.pk}", most=MOST, seconds=SECONDS):
        return True
    form.add_error(None, gettext("You looked at many previews within a minute. Wait a moment."))
    return False
