"""Addresses of the pages on which something new is put together."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path

from contributions.web import edit, new, submit, submit_files, track_wizard
from registry.web.pages import View, page

REPOSITORY_PAGES: list[tuple[str, View[Any], str]] = [
    ("/start", new.start, "start"),
    ("/edit/<path:rest>", edit.edit, "edit"),
]
PAGES: list[URLPattern] = [
    path("new", page(new.new_repository), name="new"),
    path("new/name", page(new.check_name), name="new-name"),
    path("tracks/new", page(track_wizard.new_track), name="new-track"),
    path("tracks/new/sample", page(track_wizard.sample), name="new-sample"),
    path("submit", page(submit.start), name="submit"),
    path("submit/<int:pk>", page(submit.draft_page), name="draft"),
    path("submit/<int:pk>/what", page(submit.what), name="draft-what"),
    path("submit/<int:pk>/files", page(submit_files.files), name="draft-files"),
    path("submit/<int:pk>/files/announce", submit_files.announce, name="draft-announce"),
    path("submit/<int:pk>/files/<int:file>/remove", page(submit_files.remove), name="draft-remove"),
    path("submit/<int:pk>/files/<int:file>/complete", submit_files.complete, name="draft-complete"),
    path(
        "submit/<int:pk>/files/<int:file>/parts/<int:number>",
        submit_files.put_part,
        name="draft-part",
    ),
    path("submit/<int:pk>/recipe", page(submit.recipe), name="draft-recipe"),
    path("submit/<int:pk>/licence", page(submit.licence), name="draft-licence"),
    path("submit/<int:pk>/check", page(submit.check), name="draft-check"),
    path("submit/<int:pk>/discard", page(submit.discard), name="draft-discard"),
]
