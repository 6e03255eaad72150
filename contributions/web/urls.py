"""Pages. Those of a repository share `/{namespace}/{name}` with the Hub protocol, which comes
first in the root and owns `/resolve/`, `/raw/` and `/api/`."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, path, register_converter

from contributions.web import (
    browse,
    discussions,
    docs,
    files,
    home,
    notifications,
    people,
    queue,
    releases,
    repositories,
    runs,
    search,
    submission_actions,
    submission_lists,
    submissions,
    tracks,
    wizard_urls,
)
from registry.models import RepoType
from registry.web.converters import NameConverter, NamespaceConverter
from registry.web.pages import View, page

register_converter(NamespaceConverter, "ns")
register_converter(NameConverter, "name")

# Path below the repository, view, name of the URL for models (datasets: `dataset-…`).
_REPOSITORY_PAGES: list[tuple[str, View[Any], str]] = [
    ("", repositories.overview, "repository"),
    ("/tree", files.tree, "files"),
    ("/tree/<path:rest>", files.tree, "tree"),
    ("/blob/<path:rest>", files.blob, "blob"),
    ("/commits", files.commit_list, "commit-list"),
    ("/commits/<path:rest>", files.commit_list, "commits"),
    ("/commit/<str:oid>", files.commit_page, "commit"),
    ("/discussions", discussions.discussion_list, "discussions"),
    ("/discussions/new", discussions.start, "new-discussion"),
    ("/discussions/<int:num>", discussions.discussion_page, "discussion"),
    ("/discussions/<int:num>/answer", discussions.answer, "answer"),
    *wizard_urls.REPOSITORY_PAGES,
]


def _repository_pages(kind: RepoType) -> list[URLPattern]:
    prefix = "" if kind is RepoType.MODEL else f"{kind.value}-"
    return [
        path(
            f"{kind.url_prefix}<ns:namespace>/<name:name>{below}",
            page(view),
            {"repo_type": kind.value},
            name=f"{prefix}{name}",
        )
        for below, view, name in _REPOSITORY_PAGES
    ]


urlpatterns: list[URLPattern | URLResolver] = [
    *wizard_urls.PAGES,
    path("", page(home.home), name="home"),
    path("home/live", page(home.live), name="home-live"),
    path("about", page(home.words), name="about"),
    path("search", page(search.results), name="search"),
    path("docs", page(docs.index), name="docs"),
    path("docs/<slug:slug>", page(docs.docs_page), name="docs-page"),
    path("notifications", page(notifications.centre), name="notifications"),
    path("notifications/read", page(notifications.mark), name="mark-notifications"),
    path("notifications/<int:pk>", page(notifications.follow), name="notification"),
    path(
        "notifications/off/<str:token>",
        page(notifications.mails_off),
        name="notification-mails-off",
    ),
    path("settings/notifications", page(notifications.wishes), name="notification-settings"),
    path("queue", page(queue.queue_page), name="queue"),
    path("queue/live", page(queue.live), name="queue-live"),
    path("tracks", page(tracks.track_list), name="tracks"),
    path("tracks/<str:name>", page(tracks.track_page), name="track"),
    path("tracks/<str:name>/releases/<int:number>", page(releases.release_page), name="release"),
    path("tracks/<str:name>/releases/<int:number>/live", page(releases.live), name="release-live"),
    path("submissions", page(submission_lists.submission_list), name="submissions"),
    path("submissions/mine", page(submission_lists.mine), name="my-submissions"),
    path("submissions/<int:pk>", page(submissions.submission_page), name="submission"),
    path("submissions/<int:pk>/live", page(submissions.live), name="submission-live"),
    path("submissions/<int:pk>/confirm/withdraw", page(submissions.confirm), name="confirm"),
    path("submissions/<int:pk>/track", page(submission_actions.choose_track), name="choose-track"),
    path("submissions/<int:pk>/review", page(submissions.review), name="review"),
    path("submissions/<int:pk>/answer", page(submission_actions.answer), name="answer-question"),
    path("submissions/<int:pk>/comment", page(submission_actions.comment), name="comment"),
    path("submissions/<int:pk>/title", page(submission_actions.rename), name="rename"),
    path("submissions/<int:pk>/<str:verb>", page(submission_actions.act), name="submission-act"),
    path("runs/<int:pk>", page(runs.run_page), name="run"),
    path("runs/<int:pk>/live", page(runs.live), name="run-live"),
    path("runs/<int:pk>/log", page(runs.log), name="run-log"),
    path("runs/<int:pk>/log/more", page(runs.log_more), name="run-log-more"),
    path("runs/<int:pk>/again", page(runs.again), name="run-again"),
    path("runs/<int:pk>/cancel", page(runs.cancel), name="cancel-run"),
    *(
        path(
            kind.plural,
            page(browse.repository_list),
            {"repo_type": kind.value},
            name=kind.plural,
        )
        for kind in RepoType
    ),
    *_repository_pages(RepoType.DATASET),
    *_repository_pages(RepoType.MODEL),
    path("<ns:namespace>", page(people.namespace_page), name="namespace"),
]
