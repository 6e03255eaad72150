from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from huggingface_hub import CommitOperationAdd, HfApi

from contributions.models import Discussion, Run
from registry.services import refs
from tests.contributions.cast import token_of


def test_pushes_at_the_same_time_all_arrive_and_the_last_head_is_checked_once(live_db, cast):
    _ = cast.model, cast.ada
    ada = HfApi(endpoint=live_db.url, token=token_of("ada"))
    draft = ada.create_pull_request("berta/digits", title="Together")

    def push(number):
        operation = CommitOperationAdd(f"{number}.txt", str(number).encode())
        return ada.create_commit(
            "berta/digits", [operation], commit_message="x", revision=draft.git_reference
        ).oid

    with ThreadPoolExecutor(4) as pool:
        heads = set(pool.map(push, range(8)))
    assert len(heads) == 8
    files = ada.list_repo_files("berta/digits", revision=draft.git_reference)
    assert {f"{number}.txt" for number in range(8)} <= set(files)
    submission = Discussion.objects.get().submission
    assert submission.head_revision == refs.current(cast.model, "refs/pr/1")
    active = Run.objects.filter(submission=submission).active()
    assert [run.head_revision for run in active] == [submission.head_revision]
