"""Pages. Those of a repository share `/{namespace}/{name}` with the Hub protocol, which comes
first in the root and owns `/resolve/`, `/raw/` and `/api/`."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, register_converter

from contributions.web import (
    account,
    browse,
    docs,
    home,
    leaderboard_export,
    notifications,
    people,
    queue,
    releases,
    repository_urls,
    runs,
    search,
    submission_actions,
    submission_lists,
    submissions,
    track_controls,
    tracks,
    wizard_urls,
)
from registry.models import RepoType
from registry.web.converters import NameConverter, NamespaceConverter
from registry.web.pages import page

register_converter(NamespaceConverter, "ns")
register_converter(NameConverter, "name")

# Path below the repository, view, name of the URL for models (datasets: `dataset-…`).
_REPOSITORY_PAGES = [*repository_urls.REPOSITORY_PAGES, *wizard_urls.REPOSITORY_PAGES]


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
    path("settings/account", page(account.account_page), name="account"),
    path("settings/account/export", page(account.export), name="export-account"),
    path("settings/account/delete", page(account.delete), name="delete-account"),
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
    path(
        "tracks/<str:name>/leaderboard.csv",
        page(leaderboard_export.as_csv),
        name="leaderboard-csv",
    ),
    path(
        "tracks/<str:name>/leaderboard.json",
        page(leaderboard_export.as_json),
        name="leaderboard-json",
    ),
    path("tracks/<str:name>/release", page(track_controls.make_release), name="make-release"),
    path("tracks/<str:name>/close", page(track_controls.close), name="close-track"),
    path("tracks/<str:name>/reopen", page(track_controls.reopen), name="reopen-track"),
    path("tracks/<str:name>/releases/<int:number>", page(releases.release_page), name="release"),
    path(
        "tracks/<str:name>/releases/<int:number>/evidence.json",
        page(releases.evidence),
        name="release-evidence",
    ),
    path(
        "tracks/<str:name>/releases/<int:number>/cancel",
        page(track_controls.cancel_release),
        name="cancel-release",
    ),
    path(
        "tracks/<str:name>/releases/<int:number>/publish",
        page(track_controls.publish),
        name="publish-release",
    ),
    path(
        "tracks/<str:name>/releases/<int:number>/publish/token",
        page(track_controls.store_hub_token),
        name="hub-token",
    ),
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
