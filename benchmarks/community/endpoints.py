"""What is asked of the API, by whom, and revisions that wait to be offered."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.community.bulk import fill, go_on_counting, numbers, oid, run_sql
from benchmarks.community.sizes import FIRST
from contributions.models import Run, Submission, SubmissionStatus, Track
from registry.models import PathChange, Ref, Repository, Revision, TokenScope, User
from registry.services import refs, tokens

BASE = "/api/v1"
PEOPLE = 8  # who offer at once
EACH = 8  # addresses tried of one kind


def addresses() -> dict[str, list[str]]:
    """Name of an endpoint → addresses of it."""
    track = Track.objects.order_by("pk")[0].name
    shown = Submission.objects.exclude(status=SubmissionStatus.CHECKING).order_by("pk")
    keys = list(shown.values_list("pk", flat=True))
    spread = keys[:: max(len(keys) // EACH, 1)][:EACH]
    return {
        "submissions": [f"{BASE}/submissions/"],
        "submissions of a track": [f"{BASE}/submissions/?track={track}&status=released"],
        "tracks": [f"{BASE}/tracks/"],
        "repositories": [f"{BASE}/repositories/"],
        "leaderboard": [f"{BASE}/tracks/{track}/leaderboard/"],
        "submission": [f"{BASE}/submissions/{pk}/" for pk in spread],
    }


def people() -> list[tuple[User, str]]:
    """Contributors, the busiest first, each with the secret of a token of theirs."""
    found = User.objects.filter(pk__gt=FIRST).order_by("pk")[:PEOPLE]
    name = f"benchmark {timezone.now():%H:%M:%S.%f}"
    return [(u, tokens.issue(u, name=name, scope=TokenScope.WRITE)[1]) for u in found]


@dataclass(frozen=True)
class Seen:
    """One answer inside this process: how many queries it took, and its version."""

    queries: int
    version: str


def look(address: str, token: str) -> Seen:
    client = Client(headers={"Host": urlsplit(settings.SITE_URL).netloc})
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = client.get(address, headers=headers)
    if answer.status_code != 200:
        raise RuntimeError(f"{address}: {answer.status_code} {answer.content[:300]!r}")
    with CaptureQueriesContext(connection) as captured:
        client.get(address, headers=headers)
    return Seen(len(captured), answer["ETag"])


def revisions(count: int, authors: list[User]) -> list[tuple[str, str, int]]:
    """Commits on branches of the open tracks' models: repository, commit id, number of author."""
    models = list(
        Repository.objects.filter(tracks__status="open", private=False)
        .select_related("namespace")
        .order_by("pk")
        .distinct()
    )
    first_model = Repository.objects.get(name="first-model")
    main, proposed = refs.resolve(first_model), refs.resolve(first_model, "proposal")
    salt, first = secrets.token_hex(8), (Revision.objects.order_by("-pk")[0].pk + 1)
    head = oid(f"'{salt}' || n")
    listed = ", ".join(str(model.pk) for model in models)
    repository = f"(ARRAY[{listed}])[1 + n % {len(models)}]"
    by = ", ".join(str(author.pk) for author in authors)
    fill(
        Revision,
        numbers(count),
        id=f"n + {first}",
        repository_id=repository,
        oid=head,
        tree=f"'{proposed.tree}'",
        parents=f"jsonb_build_array('{main.oid}')",
        author_id=f"(ARRAY[{by}])[1 + n % {len(authors)}]",
        title="'An offer of the benchmark ' || n",
        generation="1",
        created_at="now()",
    )
    fill(
        PathChange,
        f"registry_pathchange c CROSS JOIN {numbers(count)} WHERE c.revision_id = {proposed.pk}",
        revision_id=f"n + {first}",
        path="c.path",
        oid="c.oid",
        size="c.size",
        sha256="c.sha256",
    )
    branch = f"'refs/heads/{salt}-' || n"
    fill(Ref, numbers(count), repository_id=repository, name=branch, oid=head)
    go_on_counting()
    run_sql("ANALYZE registry_revision, registry_ref, registry_pathchange")
    names = {model.pk: model.full_name for model in models}
    number = {author.pk: place for place, author in enumerate(authors)}
    rows = Revision.objects.filter(pk__gt=first, pk__lte=first + count).order_by("pk")
    found = rows.values_list("repository_id", "oid", "author_id")
    return [(names[where], commit, number[who]) for where, commit, who in found]


def kept(ids: set[int], heads: list[str]) -> dict[str, int]:
    """What is in the database of the offers that were answered with 201."""
    rows = Submission.objects.filter(head_revision__in=heads)
    checks = Run.objects.filter(submission__in=rows, kind="check")
    return {
        "rows": rows.filter(pk__in=ids).count(),
        "with a check run": checks.values("submission").distinct().count(),
        "doubled": rows.count()
        - rows.values("head_revision").distinct().count()
        + checks.count()
        - checks.values("submission").distinct().count(),
    }
