"""How cells are written: moments, people, links, labels. Values of contributors are escaped."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from registry.admin.navigation import Words
from registry.models import Repository, User
from registry.templatetags.figures import NONE, ago, day, short_day

__all__ = ["ago", "day", "label", "link", "moment", "person", "repository", "row_link"]


def link(href: str, text: Any) -> SafeString:
    return format_html('<a href="{}">{}</a>', href, text)


def row_link(row: Any, text: Any = "") -> SafeString:
    """To the page of a row at its desk."""
    opts = row._meta
    return link(
        reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[row.pk]), text or row
    )


def person(user: User | None) -> SafeString | str:
    return link(f"/{user.username}", user.username) if user else NONE


def repository(found: Repository | None) -> SafeString | str:
    return link(found.get_absolute_url(), found.full_name) if found else NONE


def label(text: Words, kind: str = "") -> SafeString:
    """A word in a box; `kind`: gain, loss, care, note."""
    return format_html('<span class="tag {}">{}</span>', kind, text)


def moment(at: dt.datetime | None) -> str:
    return f"{short_day(at)}, {at.astimezone(dt.UTC):%H:%M:%S} UTC" if at else NONE
