"""The pages that are measured, who looks at them, and how many queries each takes."""

from __future__ import annotations

from collections.abc import Callable
from http.cookies import SimpleCookie

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.community.sizes import FIRST
from contributions.models import Discussion, Release, Run, Submission, Track
from registry.models import Namespace, NamespaceKind, Repository, RepoType, Revision, User

# Addresses tried for each page.
EACH = 8

LISTS = {
    "home": "/",
    "tracks": "/tracks",
    "submissions": "/submissions",
    "submissions in review": "/submissions?status=review",
    "submissions of a kind": "/submissions?kind=adapter",
    "submissions of a track": "/submissions?track=track-1",
    "submissions, far back": "/submissions?page=190",
    "own submissions": "/submissions/mine",
    "models": "/models",
    "models by downloads": "/models?sort=downloads",
    "models by gain": "/models?sort=gain",
    "models of a task": "/models?task=image-classification&licence=mit",
    "models found": "/models?search=tiny+digits",
    "models, far back": "/models?page=30",
    "datasets": "/datasets",
    "search, common word": "/search?q=warm-up",
    "search, rare word": "/search?q=number+3",
    "search, Chinese": "/search?q=改进",
    "search, nothing found": "/search?q=nothing-is-called-so",
    "search, submissions": "/search?q=cosine&kind=submission",
    "notifications": "/notifications",
    "queue": "/queue",
    "settings": "/settings",
    "tokens": "/settings/tokens",
    "leaderboard as JSON": "/tracks/track-1/leaderboard.json",
    "docs": "/docs",
}


def pages() -> dict[str, list[str]]:
    """Name of a page → addresses of it; details are spread over the whole community."""
    found = {name: [address] for name, address in LISTS.items()}
    for name, made in _details().items():
        found[name] = made()
    return found


def _details() -> dict[str, Callable[[], list[str]]]:
    models = Repository.objects.filter(private=False, repo_type=RepoType.MODEL, pk__gte=FIRST)
    model = [r.get_absolute_url() for r in models.select_related("namespace").order_by("pk")[:EACH]]
    data = Repository.objects.filter(private=False, repo_type=RepoType.DATASET, pk__gte=FIRST)
    return {
        "submission": lambda: _spread(Submission, "/submissions/{0.pk}"),
        "submission, live part": lambda: _spread(Submission, "/submissions/{0.pk}/live"),
        "run": lambda: _spread(Run, "/runs/{0.pk}"),
        "track": lambda: [t.get_absolute_url() for t in Track.objects.order_by("pk")[:EACH]],
        "leaderboard by credit": lambda: ["/tracks/track-1?sort=credit"],
        "release": lambda: [
            r.get_absolute_url() for r in Release.objects.select_related("track")[:EACH]
        ],
        "model": lambda: model,
        "dataset": lambda: [r.get_absolute_url() for r in data.select_related("namespace")[:EACH]],
        "files": lambda: [f"{m}/tree/main" for m in model],
        "file": lambda: [f"{m}/blob/main/config.json" for m in model],
        "commits": lambda: [f"{m}/commits/main" for m in model],
        "commit": lambda: [
            f"{r.repository.get_absolute_url()}/commit/{r.oid}"
            for r in Revision.objects.filter(pk__gt=FIRST, repository__private=False)
            .select_related("repository__namespace")
            .order_by("-pk")[:EACH]
        ],
        "discussions": lambda: [f"{m}/discussions" for m in model],
        "discussion": lambda: [
            d.get_absolute_url()
            for d in Discussion.objects.filter(repository__private=False)
            .select_related("repository__namespace")
            .order_by("-pk")[:EACH]
        ],
        "pull request": lambda: [
            s.discussion.get_absolute_url()
            for s in Submission.objects.select_related("discussion__repository__namespace")[:EACH]
            if s.discussion
        ],
        "person": lambda: [f"/{u.username}" for u in User.objects.filter(pk__gt=FIRST)[:EACH]],
        "organisation": lambda: [
            f"/{n.name}" for n in Namespace.objects.filter(kind=NamespaceKind.ORGANISATION)[:EACH]
        ],
    }


def _spread(model: type[Submission] | type[Run], pattern: str) -> list[str]:
    """A few of them, from the first to the last."""
    keys = list(model.objects.order_by("pk").values_list("pk", flat=True))
    step = max(len(keys) // EACH, 1)
    chosen = model.objects.filter(pk__in=keys[::step]).order_by("pk")[:EACH]
    return [pattern.format(row) for row in chosen]


def moving_submission() -> str:
    """The live part of something that a worker is busy with."""
    found = Submission.objects.filter(status="training").order_by("-pk").first()
    assert found is not None
    return f"{found.get_absolute_url()}/live"


def sessions() -> dict[str, str]:
    """Who looks → the cookie to send. The signed-in one has offered more than anybody."""
    busy = User.objects.get(pk=FIRST + 1)
    store = SessionStore()
    store[SESSION_KEY] = str(busy.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = busy.get_session_auth_hash()
    store.create()
    return {"anybody": "", "signed in": f"{settings.SESSION_COOKIE_NAME}={store.session_key}"}


def queries(address: str, cookie: str) -> int | None:
    """None where the page is not there, or not for this viewer."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.cookies = SimpleCookie(cookie)
    if client.get(address).status_code != 200:
        return None
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    return len(captured)
