"""A list costs the same number of queries with one row and with many."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contributions.models import PatchKind, SubmissionStatus
from tests.web import scene as scenes


def count(client, address):
    # What is kept for some seconds is made anew now, and does not run out in between.
    cache.clear()
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize("signed_in", [False, True])
def test_lists_and_pages_do_not_ask_for_each_row(scene, as_person, signed_in):
    s = scene
    browser = as_person(s.ada if signed_in else None)
    model = s.model.get_absolute_url()
    addresses = [
        "/",
        "/tracks",
        "/tracks/digits",
        "/tracks/digits/releases/1",
        "/submissions",
        f"/submissions/{s.weights.pk}",
        "/models",
        model,
        f"{model}/tree/main",
        f"{model}/commits/main",
        f"{model}/discussions",
        f"{model}/discussions/1",
        "/berta",
    ]
    before = {address: count(browser, address) for address in addresses}
    more(s)
    after = {address: count(browser, address) for address in addresses}
    assert after == before
    assert max(before.values()) <= 15, before


def more(s):
    """Everything several times more."""
    from contributions.models import ReleasePatch, Run, RunKind
    from contributions.services import discussions
    from registry.services import commits, repositories

    for n in range(4):
        author = (s.berta, s.cyril, s.dora, s.emil)[n]
        made = scenes.offer(s.model, author, f"Another {n}", {f"notes/{n}.md": b"more\n"})
        scenes.put(made, SubmissionStatus.IN_REVIEW, kind=PatchKind.WEIGHTS, track=s.track)
        scenes.measured(made, gain=0.01 * n, width=0.01, metric_gain=0.0)
        ReleasePatch.objects.create(
            release=s.release, submission=made, artifact_revision=made.head_revision, admitted=False
        )
        scenes.run(s.weights, RunKind.BENCHMARK, attempt=3, log="again")
        discussions.comment(s.weights.discussion, author=author, text=f"comment {n}")
        repositories.create(
            actor=author, namespace=author.namespace, name=f"more-{n}", repo_type="model"
        )
        commits.commit(
            s.model,
            ref="refs/heads/main",
            author=s.ada,
            title=f"Commit {n}",
            operations=[commits.AddFile(f"file-{n}.txt", b"text")],
        )
    Run.objects.filter(status="queued").delete()
