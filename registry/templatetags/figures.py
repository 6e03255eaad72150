"""Figures, dates and names as every page writes them."""

from __future__ import annotations

import datetime as dt

from django import template
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, ngettext_lazy

register = template.Library()

_STEPS = [
    (60, ngettext_lazy("%d second", "%d seconds")),
    (60, ngettext_lazy("%d minute", "%d minutes")),
    (24, ngettext_lazy("%d hour", "%d hours")),
    (30, ngettext_lazy("%d day", "%d days")),
    (12, ngettext_lazy("%d month", "%d months")),
]
MINUS = "\N{MINUS SIGN}"
NONE = "\N{EN DASH}"


def in_words(seconds: float) -> str:
    """One unit is enough: 42 seconds, 3 minutes, 5 days."""
    amount = max(seconds, 0)
    for size, words in _STEPS:
        if amount < size:
            return str(words % int(amount))
        amount /= size
    return ngettext("%d year", "%d years", int(amount)) % int(amount)


@register.filter
def ago(moment: dt.datetime | None) -> SafeString | str:
    """`<time>` with the exact moment behind the words; site.js keeps the words fresh."""
    if moment is None:
        return NONE
    return _time(moment, _("{} ago"))


@register.filter
def since(moment: dt.datetime | None) -> SafeString | str:
    """How long a state has lasted: "for 3 minutes"."""
    if moment is None:
        return ""
    return _time(moment, _("for {}"))


def _time(moment: dt.datetime, pattern: str) -> SafeString:
    """site.js fills the same pattern anew, with the browser's own words for the units."""
    exact = moment.astimezone(dt.UTC)
    full_day = formats.date_format(exact, "DATE_FORMAT")
    return format_html(
        '<time datetime="{}" title="{}" data-words="{}">{}</time>',
        exact.strftime("%Y-%m-%dT%H:%M:%SZ"),
        f"{full_day}, {exact:%H:%M:%S} UTC",
        pattern,
        pattern.format(in_words((timezone.now() - moment).total_seconds())),
    )


def short_day(moment: dt.datetime) -> str:
    """3 Nov 2026, as the language writes it."""
    return formats.date_format(moment.astimezone(dt.UTC), "SHORT_DATE_FORMAT")


def short_date(date: dt.date) -> str:
    """3 Nov, for a chart."""
    # Translators: a date format of Django, without the year.
    return formats.date_format(date, _("j M"))


@register.filter
def day(moment: dt.datetime | None) -> SafeString | str:
    if moment is None:
        return NONE
    exact = moment.astimezone(dt.UTC)
    return format_html(
        '<time datetime="{}">{}</time>',
        exact.strftime("%Y-%m-%dT%H:%M:%SZ"),
        short_day(exact),
    )


@register.filter
def lasted(seconds: float | None) -> str:
    """A length of time to read at a glance: 4.2 s, 3 min 12 s, 1 h 5 min."""
    if seconds is None:
        return NONE
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


@register.filter
def number(value: float | str | None, digits: int = 4) -> str:
    """A dash for what was not measured; templates pass "" for what is not there at all."""
    return f"{value:.{digits}f}".replace("-", MINUS) if isinstance(value, int | float) else NONE


@register.filter
def signed(value: float | str | None, digits: int = 4) -> str:
    if not isinstance(value, int | float):
        return NONE
    text = f"{value:+.{digits}f}".replace("-", MINUS)
    return text[1:] if float(f"{value:.{digits}f}") == 0 else text


@register.filter
def size(count: int | None) -> str:
    """Bytes in decimal units, as the Hub writes them."""
    if count is None:
        return NONE
    amount, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while amount >= 1000 and len(units) > 1:
        amount /= 1000
        units.pop(0)
    return f"{amount:.0f} {units[0]}" if units[0] == "B" else f"{amount:.3g} {units[0]}"


@register.filter
def short(oid: str) -> str:
    return oid[:8]
