"""Addresses of the pages on which something new is put together."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path

from contributions.web import edit, new
from registry.web.pages import View, page

REPOSITORY_PAGES: list[tuple[str, View[Any], str]] = [
    ("/start", new.start, "start"),
    ("/edit/<path:rest>", edit.edit, "edit"),
]
PAGES: list[URLPattern] = [
    path("new", page(new.new_repository), name="new"),
    path("new/name", page(new.check_name), name="new-name"),
]
