"""Commits, sent by the unmodified client or, where it would not send them, by hand."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, RevisionNotFoundError

from contributions.models import Discussion, Run, RunKind, Submission, SubmissionStatus
from registry.services import refs
from tests.contributions.cast import token_of
from tests.registry.hub import request

pytestmark = pytest.mark.slow

MODEL = "berta/digits"


@pytest.fixture
def site(live_db, cast):
    for name in ("ada", "berta", "emil"):
        getattr(cast, name)
    _ = cast.model
    return live_db


def hub(site, name):
    return HfApi(endpoint=site.url, token=token_of(name))


def add(path, content=b"x"):
    return CommitOperationAdd(path, content)


def line(key, **value):
    return json.dumps({"key": key, "value": value}).encode() + b"\n"


def file_line(path, content):
    return line("file", path=path, content=base64.b64encode(content).decode(), encoding="base64")


HEADER = line("header", summary="By hand", description="")


def post(site, body, *, name="berta", rev="main", query=""):
    return request(
        site,
        "POST",
        f"/api/models/{MODEL}/commit/{rev}{query}",
        body,
        token=token_of(name) if name else None,
        headers={"Content-Type": "application/x-ndjson"},
    )


def head(site, rev="main"):
    return hub(site, "berta").model_info(MODEL, revision=rev).sha


# --- to a branch ----------------------------------------------------------------------------------


def test_the_owner_commits_files_of_both_kinds_and_deletes_them(site):
    berta = hub(site, "berta")
    made = berta.create_commit(
        MODEL,
        [add("model.safetensors", b"weights"), add("a/b.txt", b"text"), add("c/d.txt")],
        commit_message="Three files",
        commit_description="At once",
    )
    assert made.commit_url == f"{site.url}/{MODEL}/commit/{made.oid}"
    assert made.oid == head(site)
    assert Path(berta.hf_hub_download(MODEL, "model.safetensors")).read_bytes() == b"weights"
    berta.create_commit(
        MODEL,
        [CommitOperationDelete("a/b.txt"), CommitOperationDelete("c/", is_folder=True)],
        commit_message="Away",
    )
    assert set(berta.list_repo_files(MODEL)) == {".gitattributes", "README.md", "model.safetensors"}
    latest = berta.list_repo_commits(MODEL)
    assert [item.title for item in latest[:2]] == ["Away", "Three files"]
    assert latest[1].message == "At once"


def test_the_first_push_becomes_a_submission_with_a_check(site):
    hub(site, "berta").upload_file(path_or_fileobj=b"x", path_in_repo="notes.txt", repo_id=MODEL)
    first = Submission.objects.get(discussion=None)
    assert first.head_revision == head(site)
    assert first.status == SubmissionStatus.CHECKING
    assert Run.objects.active().get().kind == RunKind.CHECK


def test_deleting_what_is_not_there_says_so(site):
    with pytest.raises(EntryNotFoundError, match="A file with this name doesn't exist"):
        hub(site, "berta").delete_file("no.txt", MODEL)


def test_a_stale_parent_is_refused_with_412(site):
    berta, old = hub(site, "berta"), head(site)
    berta.create_commit(MODEL, [add("a.txt")], commit_message="First")
    with pytest.raises(HfHubHTTPError, match="Please refresh and try again") as refusal:
        berta.create_commit(MODEL, [add("b.txt")], commit_message="Late", parent_commit=old)
    assert refusal.value.response.status_code == 412


def test_an_abbreviated_parent_is_enough(site):
    made = hub(site, "berta").create_commit(
        MODEL, [add("a.txt")], commit_message="First", parent_commit=head(site)[:7]
    )
    assert made.oid == head(site)


def test_a_commit_sent_twice_is_one_commit(site):
    body = line("header", summary="Once", parentCommit=head(site)) + file_line("a.txt", b"a")
    first, second = post(site, body), post(site, body)
    assert (first.status, second.status) == (200, 200)
    assert first.json["commitOid"] == second.json["commitOid"]
    without_parent = HEADER + file_line("a.txt", b"a")
    assert post(site, without_parent).json["commitOid"] == first.json["commitOid"]
    assert len(hub(site, "berta").list_repo_commits(MODEL)) == 3


def test_a_branch_that_does_not_exist_takes_no_commit(site):
    with pytest.raises(RevisionNotFoundError):
        hub(site, "berta").create_commit(
            MODEL, [add("a.txt")], commit_message="x", revision="nowhere"
        )
    with pytest.raises(RevisionNotFoundError):
        hub(site, "berta").create_commit(
            MODEL, [add("a.txt")], commit_message="x", revision=head(site)
        )


def test_a_branch_with_a_slash_takes_commits(site):
    berta = hub(site, "berta")
    berta.create_branch(MODEL, branch="feat/x")
    made = berta.create_commit(MODEL, [add("a")], commit_message="x", revision="feat/x")
    assert made.oid == head(site, "feat/x") != head(site)


# --- to a pull request --------------------------------------------------------------------------


def test_a_reader_opens_a_pull_request_with_a_commit(site):
    ada = hub(site, "ada")
    made = ada.create_commit(
        MODEL,
        [add("model.safetensors", b"new")],
        commit_message="Better weights",
        commit_description="Trained longer.",
        create_pr=True,
    )
    assert made.pr_url == f"{site.url}/{MODEL}/discussions/1"
    assert (made.pr_num, made.pr_revision) == (1, "refs/pr/1")
    assert head(site, "refs/pr/1") == made.oid != head(site)
    details = ada.get_discussion_details(MODEL, 1)
    assert (details.status, details.author, details.title) == ("open", "ada", "Better weights")
    assert Submission.objects.get(discussion__num=1).head_revision == made.oid


def test_a_folder_uploaded_as_a_pull_request_is_checked(site, tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"new")
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\n")
    made = hub(site, "ada").upload_folder(repo_id=MODEL, folder_path=tmp_path, create_pr=True)
    discussion = Discussion.objects.get(num=made.pr_num)
    assert discussion.status == "open"
    assert discussion.submission.status == SubmissionStatus.CHECKING


def test_a_pull_request_opened_before_its_commits_is_a_draft_that_is_checked(site, tmp_path):
    ada = hub(site, "ada")
    draft = ada.create_pull_request(MODEL, title="Coming")
    assert (draft.status, draft.git_reference) == ("draft", "refs/pr/1")
    ada.upload_folder(repo_id=MODEL, folder_path=_folder(tmp_path), revision=draft.git_reference)
    discussion = Discussion.objects.get()
    assert discussion.status == "draft"
    assert discussion.submission.status == SubmissionStatus.CHECKING


def test_the_command_line_offers_a_folder_in_one_line(site, tmp_path):
    command = [
        Path(sys.executable).parent / "hf",
        "upload",
        MODEL,
        _folder(tmp_path),
        "--create-pr",
    ]
    env = {**os.environ, "HF_ENDPOINT": site.url, "HF_TOKEN": token_of("ada")}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert f"{site.url}/{MODEL}" in done.stdout
    submission = Discussion.objects.get().submission
    assert submission.contributor.username == "ada"
    assert submission.status == SubmissionStatus.CHECKING


def _folder(path):
    (path / "model.safetensors").write_bytes(b"new")
    return path


def test_the_same_proposal_twice_is_one_pull_request(site):
    body = HEADER + file_line("a.txt", b"a")
    first = post(site, body, name="ada", query="?create_pr=1")
    second = post(site, body, name="ada", query="?create_pr=1")
    assert first.json == second.json
    assert Discussion.objects.count() == 1
    assert Run.objects.filter(submission__discussion__num=1).count() == 1
    other = post(site, HEADER + file_line("a.txt", b"b"), name="ada", query="?create_pr=1")
    assert other.json["pullRequestUrl"].endswith("/discussions/2")


def test_a_pull_request_starts_from_the_parent_that_was_named(site):
    old = head(site)
    hub(site, "berta").create_commit(MODEL, [add("later.txt")], commit_message="Later")
    made = hub(site, "ada").create_commit(
        MODEL, [add("a")], commit_message="x", create_pr=True, parent_commit=old
    )
    assert Discussion.objects.get().base_oid == old
    assert "later.txt" not in hub(site, "ada").list_repo_files(MODEL, revision=made.pr_revision)


def test_a_pull_request_cannot_hide_commits_of_another_as_its_base(site):
    other = hub(site, "emil").create_commit(
        MODEL, [add("hidden")], commit_message="x", create_pr=True
    )
    with pytest.raises(HfHubHTTPError, match="is not on refs/heads/main"):
        hub(site, "ada").create_commit(
            MODEL, [add("a")], commit_message="x", create_pr=True, parent_commit=other.oid
        )


def test_its_author_and_writers_push_to_a_pull_request_and_strangers_do_not(site):
    made = hub(site, "ada").create_commit(MODEL, [add("a")], commit_message="x", create_pr=True)
    for name in ("ada", "berta"):
        hub(site, name).create_commit(
            MODEL, [add(name)], commit_message=name, revision=made.pr_revision
        )
    with pytest.raises(HfHubHTTPError, match="Only its author") as refusal:
        hub(site, "emil").create_commit(
            MODEL, [add("e")], commit_message="e", revision=made.pr_revision
        )
    assert refusal.value.response.status_code == 403
    events = hub(site, "ada").get_discussion_details(MODEL, 1).events
    assert [e.summary for e in events if e.type == "commit"] == ["x", "ada", "berta"]


def test_a_closed_pull_request_takes_no_commit(site):
    made = hub(site, "ada").create_commit(MODEL, [add("a")], commit_message="x", create_pr=True)
    hub(site, "ada").change_discussion_status(MODEL, 1, "closed")
    with pytest.raises(HfHubHTTPError, match="takes no more commits"):
        hub(site, "ada").create_commit(
            MODEL, [add("b")], commit_message="x", revision=made.pr_revision
        )


@pytest.mark.parametrize("rev", ["nowhere", "refs%2Fpr%2F1", "refs%2Fpr%2F7", "0" * 40])
def test_a_pull_request_against_no_branch_is_refused(site, rev):
    hub(site, "ada").create_commit(MODEL, [add("a")], commit_message="x", create_pr=True)
    answer = post(site, HEADER + file_line("b", b"b"), name="ada", rev=rev, query="?create_pr=1")
    assert (answer.status, answer.code) == (404, "RevisionNotFound")


# --- protected main -------------------------------------------------------------------------------


def test_a_protected_main_takes_no_push_and_names_the_way(site, cast):
    _ = cast.track
    with pytest.raises(HfHubHTTPError, match="--create-pr") as refusal:
        hub(site, "berta").create_commit(MODEL, [add("a")], commit_message="x")
    assert refusal.value.response.status_code == 403
    assert "protected by the track digits" in str(refusal.value)
    assert (
        hub(site, "berta")
        .create_commit(MODEL, [add("a")], commit_message="x", create_pr=True)
        .pr_num
    )
    hub(site, "berta").create_branch(MODEL, branch="side")
    assert (
        hub(site, "berta").create_commit(MODEL, [add("a")], commit_message="x", revision="side").oid
    )


def test_a_reader_is_sent_to_a_pull_request(site):
    with pytest.raises(HfHubHTTPError, match="--create-pr"):
        hub(site, "ada").create_commit(MODEL, [add("a")], commit_message="x")


# --- large files, bad bodies -------------------------------------------------------------------


def test_a_large_file_is_not_had_for_its_hash_alone(site, cast):
    hidden = cast.repository("hidden", "model", private=True)
    hub(site, "berta").upload_file(
        path_or_fileobj=b"secret weights", path_in_repo="m.safetensors", repo_id=hidden.full_name
    )
    known = hub(site, "berta").get_paths_info(hidden.full_name, "m.safetensors")[0].lfs.sha256
    body = HEADER + line("lfsFile", path="m.safetensors", algo="sha256", oid=known, size=14)
    answer = post(site, body, name="ada", query="?create_pr=1")
    assert answer.status == 400
    assert "was not uploaded" in answer.json["error"]
    assert not Discussion.objects.exists()
    assert post(site, body, name="berta").status == 200


def test_a_large_regular_file_passes_through_the_disk(site):
    content = bytes(range(256)) * 4096
    answer = post(site, HEADER + file_line("big.bin2", content) + file_line("a.txt", b"a"))
    assert answer.status == 200, answer.body
    assert Path(hub(site, "berta").hf_hub_download(MODEL, "big.bin2")).read_bytes() == content


def test_an_odd_but_legal_json_is_read(site):
    content = b"\xff" * 300_000
    slashed = base64.b64encode(content).decode().replace("/", "\\/")
    odd = f'{{"value": {{"path": "o.x", "content": "{slashed}"}}, "key": "file"}}'.encode()
    answer = post(site, HEADER + b"\n" + odd)
    assert answer.status == 200, answer.body
    assert Path(hub(site, "berta").hf_hub_download(MODEL, "o.x")).read_bytes() == content


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"\n", 400, "no header"),
        (b"not json\n", 400, "not {"),
        (b'{"key": "header"}\n', 400, "not {"),
        (file_line("a", b"a"), 400, "first line must be the header"),
        (line("header", summary=""), 400, "no summary"),
        (line("header", summary=7), 400, "must be a text"),
        (HEADER + line("copyFile", path="a"), 400, "no operation"),
        (HEADER + line("file", path="a", content="%%%"), 400, "not valid base64"),
        (HEADER + line("file", path="a", content="a" * 400_001), 400, "not valid base64"),
        (HEADER + line("file", path="a", content="a/" * 200_000 + "%%%"), 400, "not valid base64"),
        (HEADER + line("header", summary="a", description="b " * 300_000), 400, "not valid base64"),
        (HEADER + line("file", path="a"), 400, "no content"),
        (HEADER + line("file", content=""), 400, "must be a text"),
        (HEADER + line("file", path="a" * 99_999, content=""), 422, "is not allowed"),
        (HEADER + b'{"key": "file", "value": {"path": "a', 400, "not closed"),
        (HEADER + file_line("../up", b"a"), 422, "is not allowed"),
        (HEADER + file_line("a\\..\\b", b"a"), 422, "is not allowed"),
        (HEADER + file_line(".git/config", b"a"), 422, "is not allowed"),
        (HEADER + line("lfsFile", path="a", oid="0" * 64, size=1), 400, "was not uploaded"),
        (HEADER + line("lfsFile", path="a", oid="0" * 64, algo="md5"), 400, "sha256 only"),
        (HEADER + line("lfsFile", path="a", oid="0" * 64, size="x"), 400, "number of bytes"),
    ],
)
def test_a_bad_body_is_refused_with_its_place_and_nothing_is_stored(
    cast, client, body, status, words
):
    before = refs.resolve(cast.model).oid
    answer = client.post(
        f"/api/models/{MODEL}/commit/main",
        body,
        content_type="application/x-ndjson",
        headers={"Authorization": f"Bearer {token_of('berta')}"},
    )
    assert answer.status_code == status, answer.content
    assert words in answer.json()["error"]
    assert answer["X-Error-Message"]
    assert refs.resolve(cast.model).oid == before


def test_a_file_object_is_uploaded_through_lfs(site):
    hub(site, "berta").upload_file(
        path_or_fileobj=io.BytesIO(b"w" * 100), path_in_repo="w.safetensors", repo_id=MODEL
    )
    info = hub(site, "berta").get_paths_info(MODEL, "w.safetensors")[0]
    assert (info.size, info.lfs.size) == (100, 100)


# --- removal --------------------------------------------------------------------------------------


def test_a_repository_with_mere_checks_can_be_deleted(site):
    hub(site, "ada").create_commit(MODEL, [add("a")], commit_message="x", create_pr=True)
    hub(site, "berta").delete_repo(MODEL)
    assert not hub(site, "berta").repo_exists(MODEL)
    assert not Submission.objects.exists()


def test_a_repository_with_a_track_is_kept(site, cast):
    _ = cast.track
    with pytest.raises(HfHubHTTPError, match="cannot be deleted"):
        hub(site, "berta").delete_repo(MODEL)
    assert Submission.objects.exists()
