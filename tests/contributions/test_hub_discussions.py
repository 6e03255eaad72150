"""Discussions and pull requests through the unmodified client."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError

from contributions.models import Discussion
from contributions.services import discussions
from tests.contributions.cast import token_of

MODEL = "berta/digits"


@pytest.fixture
def site(live_db, cast):
    for name in ("ada", "berta", "emil"):
        getattr(cast, name)
    _ = cast.model
    return live_db


def hub(site, name=None):
    return HfApi(endpoint=site.url, token=token_of(name) if name else False)


def proposed(site, name="ada", **files):
    operations = [
        CommitOperationAdd(path, text) if text is not None else CommitOperationDelete(path)
        for path, text in (files or {"a.txt": b"one\ntwo\n"}).items()
    ]
    return hub(site, name).create_commit(MODEL, operations, commit_message="x", create_pr=True)


def test_discussions_and_pull_requests_share_one_sequence_newest_first(site):
    ada = hub(site, "ada")
    assert ada.create_discussion(MODEL, title="How to load it?", description="I tried.").num == 1
    assert ada.create_pull_request(MODEL, title="A patch").num == 2
    assert proposed(site, "emil").pr_num == 3
    found = list(hub(site).get_repo_discussions(MODEL))
    assert [(d.num, d.status, d.is_pull_request, d.author) for d in found] == [
        (3, "open", True, "emil"),
        (2, "draft", True, "ada"),
        (1, "open", False, "ada"),
    ]
    assert found[0].repo_id == MODEL
    assert found[0].url == f"{site.url}/{MODEL}/discussions/3"


def test_lists_are_filtered_and_paged(site, cast):
    Discussion.objects.bulk_create(
        Discussion(repository=cast.model, num=num, title=f"d{num}", author=cast.emil)
        for num in range(1, 121)
    )
    cast.model.last_discussion = 120
    cast.model.save(update_fields=["last_discussion"])
    proposed(site)
    ada = hub(site, "ada")
    hub(site, "berta").change_discussion_status(MODEL, 120, "closed")
    everything = [d.num for d in ada.get_repo_discussions(MODEL)]
    assert everything == list(range(121, 0, -1))
    found = ada.get_repo_discussions(MODEL, discussion_type="pull_request")
    assert [d.num for d in found] == [121]
    found = ada.get_repo_discussions(MODEL, discussion_status="closed")
    assert [d.num for d in found] == [120]
    assert [d.num for d in ada.get_repo_discussions(MODEL, author="ada")] == [121]


def test_a_list_costs_the_same_queries_whatever_its_length(cast, client):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            assert client.get(f"/api/models/{MODEL}/discussions").status_code == 200
        return len(seen)

    def more(numbers):
        Discussion.objects.bulk_create(
            Discussion(repository=cast.model, num=num, title="d", author=cast.emil)
            for num in numbers
        )

    more(range(1, 3))
    few = queries()
    more(range(3, 60))
    assert queries() == few <= 6


def test_a_thread_is_commented_edited_hidden_and_renamed(site):
    ada = hub(site, "ada")
    ada.create_discussion(MODEL, title="Question", description="Why?")
    said = hub(site, "emil").comment_discussion(MODEL, 1, "Because <b>.")
    assert (said.content, said.edited, said.hidden, said.author) == (
        "Because <b>.", False, False, "emil",
    )  # fmt: skip
    assert said.rendered == "<p>Because &lt;b&gt;.</p>"
    edited = hub(site, "emil").edit_discussion_comment(MODEL, 1, said.id, "Because.")
    assert (edited.content, edited.edited, edited.number_of_edits) == ("Because.", True, 1)
    assert edited.last_edited_by == "emil"
    hidden = hub(site, "berta").hide_discussion_comment(MODEL, 1, said.id.upper())
    assert (hidden.hidden, hidden.content, hidden.edit_history) == (True, "", [])
    renamed = ada.rename_discussion(MODEL, 1, "  An   answer ")
    assert (renamed.old_title, renamed.new_title) == ("Question", "An answer")
    details = ada.get_discussion_details(MODEL, 1)
    assert details.title == "An answer"
    assert [event.type for event in details.events] == ["comment", "comment", "title-change"]
    assert (details.target_branch, details.diff, details.conflicting_files) == (None, None, None)


def test_a_status_changes_with_a_comment_and_stays_when_asked_again(site):
    ada = hub(site, "ada")
    ada.create_pull_request(MODEL, title="A patch")
    opened = ada.change_discussion_status(MODEL, 1, "open")
    assert opened.new_status == "open"
    assert ada.change_discussion_status(MODEL, 1, "open").id == opened.id
    ada.change_discussion_status(MODEL, 1, "closed", comment="Not now.")
    details = ada.get_discussion_details(MODEL, 1)
    assert details.status == "closed"
    assert [event.type for event in details.events] == [
        "comment", "status-change", "comment", "status-change",
    ]  # fmt: skip


def test_a_pull_request_shows_its_diff(site):
    made = proposed(site, **{"a.txt": b"one\ntwo", "w.safetensors": b"w", "README.md": None})
    details = hub(site).get_discussion_details(MODEL, made.pr_num)
    assert details.target_branch == "refs/heads/main"
    assert details.conflicting_files == []
    assert "diff --git a/a.txt b/a.txt\nnew file mode 100644\n" in details.diff
    assert "--- /dev/null\n+++ b/a.txt\n@@ -0,0 +1,2 @@\n+one\n+two\n\\ No newline" in details.diff
    assert "deleted file mode 100644" in details.diff
    assert "-license: mit" in details.diff
    assert "+oid sha256:" in details.diff


def test_a_diff_of_a_gated_repository_is_kept_from_those_who_may_not_read_it(site, cast):
    made = proposed(site)
    hub(site, "berta").update_repo_settings(MODEL, gated="manual")
    assert hub(site, "emil").get_discussion_details(MODEL, made.pr_num).diff is None
    assert hub(site, "berta").get_discussion_details(MODEL, made.pr_num).diff


def test_a_writer_merges_on_a_repository_without_a_track(site):
    made = proposed(site)
    hub(site, "berta").create_commit(
        MODEL, [CommitOperationAdd("other.txt", b"o")], commit_message="Meanwhile"
    )
    hub(site, "berta").merge_pull_request(MODEL, made.pr_num, comment="Thank you.")
    details = hub(site).get_discussion_details(MODEL, made.pr_num)
    assert details.status == "merged"
    berta = hub(site, "berta")
    assert details.merge_commit_oid == berta.model_info(MODEL).sha
    assert {"a.txt", "other.txt", "README.md"} <= set(berta.list_repo_files(MODEL))
    discussion = Discussion.objects.get()
    assert discussion.submission.status == "cancelled"
    assert "Merged without evaluation" in discussion.submission.status_reason
    with pytest.raises(HfHubHTTPError, match="cannot be merged"):
        berta.merge_pull_request(MODEL, made.pr_num)


def test_changes_of_both_sides_are_a_conflict_that_names_the_path(site):
    made = proposed(site, **{"README.md": b"---\nlicense: mit\n---\nMine"})
    berta = hub(site, "berta")
    berta.create_commit(
        MODEL, [CommitOperationAdd("README.md", b"---\n---\nYours")], commit_message="y"
    )
    assert berta.get_discussion_details(MODEL, made.pr_num).conflicting_files == ["README.md"]
    with pytest.raises(HfHubHTTPError, match=r"Both sides changed README\.md") as refusal:
        berta.merge_pull_request(MODEL, made.pr_num)
    assert refusal.value.response.status_code == 409


def test_a_draft_is_not_merged(site):
    draft = hub(site, "ada").create_pull_request(MODEL, title="A patch")
    with pytest.raises(HfHubHTTPError, match="is a draft"):
        hub(site, "berta").merge_pull_request(MODEL, draft.num)


def test_a_protected_main_is_not_merged_into_and_says_what_is_missing(site, cast):
    _ = cast.track
    cast.settle_first_revisions()
    made = proposed(site, **{"model.safetensors": b"new"})
    berta = hub(site, "berta")

    def refused():
        with pytest.raises(HfHubHTTPError) as refusal:
            berta.merge_pull_request(MODEL, made.pr_num)
        assert refusal.value.response.status_code == 409
        return str(refusal.value)

    assert "lacks a passed check, the licence key and the privacy key" in refused()
    submission = Discussion.objects.get().submission
    cast.check(submission)
    assert "lacks a benchmark run, the licence key and the privacy key" in refused()
    cast.benchmark(submission)
    cast.review(submission, "licence")
    assert "lacks the privacy key" in refused()
    cast.review(submission, "privacy")
    assert "It lacks nothing" in refused()
    assert "next release of the track" in refused()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "", {"title": "  "}, 400),
        ("POST", "", {"title": "x" * 256}, 400),
        ("POST", "", {"title": 7}, 400),
        ("POST", "", {}, 400),
        ("POST", "", [], 400),
        ("GET", "?p=-1", None, 400),
        ("GET", "?type=issue", None, 400),
        ("GET", "/99", None, 404),
        ("GET", "/x", None, 404),
        ("POST", "/1/comment", {"comment": " "}, 400),
        ("POST", "/1/comment", {"comment": "x" * 70_000}, 400),
        ("POST", "/1/comment/zz/edit", {"content": "x"}, 404),
        ("POST", "/1/comment/ffffffffffffffffffffffff/hide", {}, 404),
        ("POST", "/1/status", {"status": "merged"}, 400),
        ("POST", "/1/merge", {}, 400),
        ("PUT", "/1", {}, 405),
    ],
)
def test_a_bad_request_is_refused_in_the_one_error_shape(cast, client, method, path, body, status):
    discussions.open_discussion(cast.model, author=cast.berta, title="One")
    answer = client.generic(
        method,
        f"/api/models/{MODEL}/discussions{path}",
        json.dumps(body) if body is not None else b"",
        content_type="application/json",
        headers={"Authorization": f"Bearer {token_of('berta')}"},
    )
    assert answer.status_code == status, answer.content
    assert answer.json()["error"]
