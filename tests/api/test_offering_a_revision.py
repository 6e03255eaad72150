"""`POST /submissions/`: a commit, a branch, a tag or a pull request is offered."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from contributions.models import Discussion, Submission
from registry.services import commits, refs
from registry.services.commits import AddFile
from tests.contributions.cast import adds


def branch(cast, name, *, by=None, start=None, files=1, repository=None):
    """A branch of `by` with commits of its own."""
    repository = repository or cast.model
    refs.create_branch(repository, name, actor=by or cast.ada, starting_point=start)
    for number in range(files):
        made = commits.commit(
            repository,
            ref=f"refs/heads/{name}",
            author=by or cast.ada,
            title=f"{name} {number}",
            operations=[AddFile(f"{name}-{number}.md", b"text")],
        )
    return made


@pytest.fixture
def ready(cast):
    cast.track.get_absolute_url()
    cast.settle_first_revisions()
    return cast


def offer(caller, revision, **more):
    return caller.post(
        "/submissions/", {"repository": "berta/digits", "revision": revision, **more}
    )


def test_a_commit_of_ones_own_becomes_a_pull_request(api, ready):
    head = branch(ready, "idea", files=2)
    made = offer(api(ready.ada), head.oid, title="An idea", description="It *may* work.")
    assert made.status_code == 201, made.content
    body = made.json()
    assert made["Location"].endswith(f"/api/v1/submissions/{body['id']}/")
    assert (body["title"], body["description"]) == ("An idea", "It *may* work.")
    assert (body["status"], body["outcome"], body["track"]) == ("checking", "moving", "digits")
    assert body["head_revision"] == head.oid
    assert body["base_revision"] == commits.resolve(ready.model).oid
    assert [run["kind"] for run in body["runs"]] == ["check"]
    assert refs.current(ready.model, f"refs/pr/{body['pull_request']}") == head.oid
    shown = api(ready.ada).get(f"/submissions/{body['id']}/").json()
    assert shown == body
    call_command("recompute_status")


def test_offering_asks_few_questions(api, ready, django_assert_max_num_queries):
    first, second = branch(ready, "first"), branch(ready, "second")
    ada = api(ready.ada)
    offer(ada, first.oid)
    with django_assert_max_num_queries(32):
        assert offer(ada, second.oid).status_code == 201


@pytest.mark.parametrize("name", ["branch", "tag", "short"])
def test_a_name_of_a_commit_will_do(api, ready, name):
    head = branch(ready, "idea")
    refs.create_tag(ready.model, "v1", actor=ready.ada, revision=head.oid)
    named = {"branch": "idea", "tag": "v1", "short": head.oid[:10]}[name]
    assert offer(api(ready.ada), named).json()["head_revision"] == head.oid


def test_what_is_offered_already_is_found(api, ready):
    discussion = ready.propose()
    known = discussion.submission
    for revision in (known.head_revision, f"refs/pr/{discussion.num}"):
        found = offer(api(ready.ada), revision)
        assert found.status_code == 200, found.content
        assert found.json()["id"] == known.pk
    assert offer(api(ready.berta), known.head_revision).json()["id"] == known.pk
    assert Submission.objects.filter(discussion__isnull=False).count() == 1


def test_a_draft_that_is_offered_is_evaluated_on_request(api, ready):
    discussion = ready.propose(draft=True)
    assert not discussion.submission.evaluate
    found = offer(api(ready.ada), f"refs/pr/{discussion.num}", evaluate=True)
    assert found.status_code == 200
    discussion.submission.refresh_from_db()
    assert discussion.submission.evaluate


def test_what_somebody_else_offers_is_named_and_not_taken(api, ready, is_problem):
    known = ready.offer()
    body = is_problem(offer(api(ready.emil), known.head_revision), 409)
    assert body["url"].endswith(f"/submissions/{known.pk}")


def test_nobody_offers_what_others_made(api, ready, is_problem):
    theirs = branch(ready, "theirs", by=ready.dora)
    is_problem(offer(api(ready.emil), theirs.oid), 403)
    mixed = branch(ready, "mixed", by=ready.emil, start=theirs.oid)
    is_problem(offer(api(ready.emil), mixed.oid), 403)
    # Not even the owner of the repository, who would have the credit.
    is_problem(offer(api(ready.berta), theirs.oid), 403)
    assert not Discussion.objects.filter(is_pull_request=True).exists()


def test_those_who_may_write_offer_what_they_made_together(api, ready):
    theirs = branch(ready, "theirs", by=ready.dora)
    common = branch(ready, "common", by=ready.berta, start=theirs.oid)
    assert offer(api(ready.berta), common.oid).status_code == 201


def test_a_withdrawn_one_of_somebody_else_is_no_free_good(api, ready, is_problem):
    from contributions.services import submissions

    known = ready.offer()
    submissions.withdraw(known, actor=ready.ada)
    is_problem(offer(api(ready.emil), known.head_revision), 403)
    assert offer(api(ready.ada), known.head_revision).status_code == 201


@pytest.mark.parametrize("revision", ["main", "HEAD", "behind"])
def test_main_brings_nothing(api, cast, is_problem, revision):
    behind = commits.resolve(cast.model).oid
    cast.push(cast.model, *adds(**{"more.md": "x"}), by=cast.berta)
    named = behind if revision == "behind" else revision
    is_problem(offer(api(cast.berta), named), 422)


def test_a_revision_that_is_not_there_is_absent(api, ready, is_problem):
    for revision in ("nothing", "0" * 40, "refs/pr/77", "refs/runs/1", "../x", "a b"):
        is_problem(offer(api(ready.ada), revision), 404)


def test_a_hidden_repository_is_absent(api, ready, is_problem):
    hidden = ready.repository("hidden", "model", owner=ready.berta, private=True)
    head = branch(ready, "idea", by=ready.berta, repository=hidden)
    sent = {"repository": "berta/hidden", "revision": head.oid}
    is_problem(api(ready.ada).post("/submissions/", sent), 404)
    # A commit of another repository is no commit of this one.
    is_problem(offer(api(ready.berta), head.oid), 404)


def test_it_starts_where_its_branch_left_main(api, cast):
    start = commits.resolve(cast.model)
    head = branch(cast, "early", by=cast.ada, start=start.oid)
    cast.push(cast.model, *adds(**{"later.md": "x"}), by=cast.berta)
    assert offer(api(cast.ada), head.oid).json()["base_revision"] == start.oid


def test_the_track_is_ones_choice(api, cast, is_problem):
    cast.open_track("one"), cast.open_track("two")
    head = branch(cast, "idea")
    is_problem(offer(api(cast.ada), head.oid, track="three"), 404)
    assert offer(api(cast.ada), head.oid, track="two").json()["track"] == "two"
    assert offer(api(cast.ada), head.oid, track="one").json()["track"] == "one"


def test_a_refused_track_opens_no_pull_request(api, cast, is_problem):
    cast.open_track("one")
    other = cast.repository("other", "model")
    head = branch(cast, "idea", by=cast.berta, repository=other)
    sent = {"repository": "berta/other", "revision": head.oid, "track": "one"}
    is_problem(api(cast.berta).post("/submissions/", sent), 400)
    assert not Discussion.objects.filter(is_pull_request=True).exists()


def test_offering_takes_a_write_token(api, ready, is_problem):
    head = branch(ready, "idea")
    is_problem(offer(api(), head.oid), 401)
    is_problem(offer(api(ready.ada, scope="read"), head.oid), 403)
    is_problem(offer(api(ready.ada, scope="review"), head.oid), 403)


def test_a_repeated_request_opens_one_pull_request(api, ready):
    head = branch(ready, "idea")
    body = {"repository": "berta/digits", "revision": head.oid}
    key = {"Idempotency-Key": "k"}
    ada = api(ready.ada)
    first, again = (ada.post("/submissions/", body, headers=key) for _ in range(2))
    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    assert Discussion.objects.filter(is_pull_request=True).count() == 1
