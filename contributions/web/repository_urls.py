"""Addresses of the pages of one repository, below `/{namespace}/{name}`."""

from __future__ import annotations

from typing import Any

from contributions.web import (
    comments,
    compare,
    discussions,
    files,
    licence,
    lineage,
    measured,
    repositories,
    repository_settings,
    revisions,
)
from registry.web.pages import View

# Path below the repository, view, name of the URL for models (datasets: `dataset-…`).
REPOSITORY_PAGES: list[tuple[str, View[Any], str]] = [
    ("", repositories.overview, "repository"),
    ("/tree", files.tree, "files"),
    ("/tree/<path:rest>", files.tree, "tree"),
    ("/blob/<path:rest>", files.blob, "blob"),
    ("/commits", revisions.commit_list, "commit-list"),
    ("/commits/<path:rest>", revisions.commit_list, "commits"),
    ("/commit/<str:oid>", compare.commit_page, "commit"),
    ("/compare", compare.compare, "compare-choose"),
    ("/compare/<path:rest>", compare.compare, "compare"),
    ("/refs", revisions.ref_list, "refs"),
    ("/scores", measured.scores, "scores"),
    ("/credit", measured.credit, "credit"),
    ("/lineage", lineage.lineage, "lineage"),
    ("/licence", licence.licence, "licence"),
    ("/settings", repository_settings.settings, "repository-settings"),
    ("/settings/visibility", repository_settings.visibility, "repository-visibility"),
    ("/settings/move", repository_settings.move, "move-repository"),
    ("/settings/maintainers/add", repository_settings.add_maintainer, "add-maintainer"),
    ("/settings/maintainers/remove", repository_settings.remove_maintainer, "remove-maintainer"),
    ("/settings/delete", repository_settings.delete, "delete-repository"),
    ("/discussions", discussions.discussion_list, "discussions"),
    ("/discussions/new", discussions.start, "new-discussion"),
    ("/discussions/<int:num>", discussions.discussion_page, "discussion"),
    ("/discussions/<int:num>/answer", discussions.answer, "answer"),
    ("/discussions/<int:num>/title", comments.rename, "rename-discussion"),
    ("/discussions/<int:num>/comments/<int:pk>", comments.comment_page, "comment"),
    ("/discussions/<int:num>/comments/<int:pk>/edit", comments.edit, "edit-comment"),
    ("/discussions/<int:num>/comments/<int:pk>/hide", comments.hide, "hide-comment"),
]
