"""Pages of a repository cost the same whatever it holds: queries, bytes, and little time."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contributions.models import Discussion, DiscussionEvent, DiscussionEventKind
from registry.models import PathChange, Ref, Revision
from registry.services import commits, refs
from registry.services.commits import AddFile

pytestmark = pytest.mark.slow
COMMITS, FILES, THREADS, COMMENTS = 5000, 10_000, 1000, 500
BELOW = [
    "",
    "/tree/main",
    "/tree/main/many",
    "/tree/main/many?page=90",
    "/blob/main/README.md",
    "/blob/main/config.json",
    "/commits/main",
    "/commits/main?page=95",
    "/refs",
    "/compare/{base}...main",
    "/compare/{base}...main?page=5",
    "/commit/{base}",
    "/scores",
    "/credit",
    "/lineage",
    "/licence",
    "/settings",
    "/discussions",
    "/discussions?status=all&page=3",
    "/discussions/1",
    "/discussions/1?page=2",
]


@pytest.fixture
def large(scene):
    """Rows are written as the services would, but all at once."""
    base = refs.resolve(scene.model)
    now = timezone.now()
    made = Revision.objects.bulk_create(
        Revision(
            repository=scene.model,
            oid=f"{n:040x}",
            tree=base.tree,
            parents=[base.oid if n == 1 else f"{n - 1:040x}"],
            author=scene.ada,
            title=f"Commit {n}",
            created_at=now,
            generation=base.generation + n,
        )
        for n in range(1, COMMITS + 1)
    )
    PathChange.objects.bulk_create(
        PathChange(revision=revision, path=f"many/{n % FILES:05}.txt", oid="0" * 40)
        for n, revision in enumerate(made * 2)
        if n < COMMITS
    )
    Ref.objects.filter(repository=scene.model, name="refs/heads/main").update(oid=made[-1].oid)
    commits.commit(
        scene.model,
        ref="refs/heads/main",
        author=scene.ada,
        title="Many files",
        operations=[AddFile(f"many/{n:05}.txt", b"%d\n" % n) for n in range(FILES)],
    )
    threads = Discussion.objects.bulk_create(
        Discussion(repository=scene.model, num=100 + n, title=f"Thread {n}", author=scene.emil)
        for n in range(THREADS)
    )
    DiscussionEvent.objects.bulk_create(
        DiscussionEvent(
            discussion=scene.weights.discussion,
            kind=DiscussionEventKind.COMMENT,
            author=scene.emil,
            text=f"comment {n} for @ada, see #{100 + n}",
        )
        for n in range(COMMENTS)
    )
    assert len(threads) == THREADS
    with connection.cursor() as cursor:  # as the server does by itself, after a while
        cursor.execute("ANALYZE registry_revision, registry_pathchange, registry_ref")
        cursor.execute("ANALYZE contributions_discussion, contributions_discussionevent")
    return base


def test_no_page_costs_more_than_fifteen_queries(scene, large, as_person):
    for person in (scene.berta, scene.ada):
        browser = as_person(person)
        for below in BELOW:
            address = f"/ada/digits{below.format(base=large.oid)}"
            if person is scene.berta and below == "/settings":
                continue
            browser.get(address)
            with CaptureQueriesContext(connection) as queries:
                response = browser.get(address)
            assert response.status_code == 200, address
            assert len(response.content) < 200_000, (address, len(response.content))
            assert len(queries) <= 15, (address, [q["sql"][:150] for q in queries])
            print(f"{len(queries):3} queries {len(response.content):7} bytes {below}")
