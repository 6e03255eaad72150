"""Quantities and commands on the pages of a repository."""

from __future__ import annotations

import shlex

from django import template

from registry.templatetags.figures import MINUS, NONE

register = template.Library()


@register.filter
def thousands(count: int) -> str:
    """1234567 as 1 234 567, with spaces that do not break."""
    return f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


@register.filter
def figure(value: float | None) -> str:
    """Three digits, whatever the size; a dash for what was not compared."""
    return NONE if value is None else f"{value:.3g}".replace("-", MINUS)


@register.filter
def shell(word: str) -> str:
    """One word of a command to be copied: a file may be named `$(rm -rf ~)`."""
    return shlex.quote(word)
