"""Trees, commits, refs and lists, read by the unmodified client."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from huggingface_hub import RepoFile, RepoFolder
from huggingface_hub.errors import (
    BadRequestError,
    EntryNotFoundError,
    HfHubHTTPError,
    RevisionNotFoundError,
)

from registry.services import refs, repositories
from tests.registry.files import put
from tests.registry.hub import client as hub_client
from tests.registry.hub import request


@pytest.fixture
def site(live_db, model, emil):
    return live_db


@pytest.fixture
def filled(site, model, ada):
    put(model, ada, {"README.md": b"# Tiny\n", "data/a.csv": b"a", "data/b/c.csv": b"ccc"})
    put(model, ada, {"model.safetensors": ("lfs", b"weights")}, title="Weights")
    return model


def test_a_tree_lists_one_folder(site, filled):
    hub = hub_client(site)
    found = {item.path: item for item in hub.list_repo_tree("ada/tiny")}
    assert list(found) == [".gitattributes", "README.md", "data", "model.safetensors"]
    assert isinstance(found["data"], RepoFolder)
    assert found["README.md"].size == 7
    weights = found["model.safetensors"]
    assert (weights.size, weights.lfs.size) == (7, 7)
    assert len(weights.lfs.sha256) == 64
    assert [i.path for i in hub.list_repo_tree("ada/tiny", "data/b")] == ["data/b/c.csv"]


def test_a_recursive_tree_lists_all(site, filled):
    paths = [i.path for i in hub_client(site).list_repo_tree("ada/tiny", recursive=True)]
    assert paths == [
        ".gitattributes",
        "README.md",
        "data",
        "data/a.csv",
        "data/b",
        "data/b/c.csv",
        "model.safetensors",
    ]


def test_last_commit_is_the_one_that_touched_the_path(site, filled, ada):
    put(filled, ada, {"data/b/c.csv": b"new"}, title="Change c")
    put(
        filled,
        ada,
        {"data/b/d.csv": b"x"},
        ref="refs/heads/side",
        title="Elsewhere",
        create_ref=True,
        parent=refs.resolve(filled).oid,
    )
    hub = hub_client(site)
    found = {i.path: i for i in hub.list_repo_tree("ada/tiny", recursive=True, expand=True)}
    titles = {path: item.last_commit.title for path, item in found.items()}
    assert titles == {
        ".gitattributes": "initial commit",
        "README.md": "Add files",
        "data": "Change c",
        "data/a.csv": "Add files",
        "data/b": "Change c",
        "data/b/c.csv": "Change c",
        "model.safetensors": "Weights",
    }
    inside = {i.path: i for i in hub.list_repo_tree("ada/tiny", "data", expand=True)}
    assert inside["data/b"].last_commit.title == "Change c"


def test_a_folder_that_is_not_there_is_no_entry(site, filled):
    for path in ("nope", "README.md", "data/a.csv/x"):
        with pytest.raises(EntryNotFoundError):
            list(hub_client(site).list_repo_tree("ada/tiny", path))
    with pytest.raises(RevisionNotFoundError):
        list(hub_client(site).list_repo_tree("ada/tiny", revision="nope"))


def test_long_trees_come_in_pages(site, model, ada):
    put(model, ada, {f"f/{n:04}.txt": b"%d" % n for n in range(2300)})
    items = list(hub_client(site).list_repo_tree("ada/tiny", recursive=True))
    assert len([i for i in items if isinstance(i, RepoFile)]) == 2301
    answer = request(site, "GET", "/api/models/ada/tiny/tree/main?recursive=true&limit=10")
    assert len(answer.json) == 10
    assert answer.headers["Link"].startswith(f"<{site.url}/api/models/ada/tiny/tree/main?")


def test_paths_info_leaves_out_what_is_not_there(site, filled):
    found = hub_client(site).get_paths_info(
        "ada/tiny", ["README.md", "data", "nope", "data/b/c.csv"], expand=True
    )
    assert {i.path for i in found} == {"README.md", "data", "data/b/c.csv"}
    assert {i.last_commit.title for i in found} == {"Add files"}
    many = [f"x/{n}" for n in range(1000)] + ["README.md"]
    assert [i.path for i in hub_client(site).get_paths_info("ada/tiny", many)] == ["README.md"]


def test_commits_are_listed_newest_first_in_pages(site, model, ada):
    for n in range(60):
        put(model, ada, {"n.txt": b"%d" % n}, title=f"Commit {n}")
    titles = [c.title for c in hub_client(site).list_repo_commits("ada/tiny")]
    assert titles == [*(f"Commit {n}" for n in reversed(range(60))), "initial commit"]
    formatted = hub_client(site).list_repo_commits("ada/tiny", formatted=True)
    assert formatted[0].formatted_title == "Commit 59"


def test_branches_and_tags_come_and_go(site, filled):
    hub = hub_client(site, "ada")
    hub.create_branch("ada/tiny", branch="feat/x")
    first = hub.list_repo_commits("ada/tiny")[-1].commit_id
    hub.create_branch("ada/tiny", branch="old", revision=first)
    hub.create_tag("ada/tiny", tag="v1.0", tag_message="First", revision="feat/x")
    found = hub.list_repo_refs("ada/tiny")
    heads = {b.name: b.target_commit for b in found.branches}
    assert heads["old"] == first
    assert heads["feat/x"] == heads["main"]
    assert [(t.name, t.ref) for t in found.tags] == [("v1.0", "refs/tags/v1.0")]
    assert hub.list_repo_files("ada/tiny", revision="old") == [".gitattributes"]
    assert hub.file_exists("ada/tiny", "data/b/c.csv", revision="feat/x")
    hub.delete_tag("ada/tiny", tag="v1.0")
    hub.delete_branch("ada/tiny", branch="feat/x")
    found = hub.list_repo_refs("ada/tiny")
    assert ({b.name for b in found.branches}, found.tags) == ({"main", "old"}, [])


def test_it_refuses_wrong_branches_and_tags_in_the_words_clients_know(site, filled):
    hub = hub_client(site, "ada")
    hub.create_tag("ada/tiny", tag="v1")
    with pytest.raises(HfHubHTTPError, match="Reference refs/heads/main already exists"):
        hub.create_branch("ada/tiny", branch="main")
    hub.create_branch("ada/tiny", branch="main", exist_ok=True)
    with pytest.raises(HfHubHTTPError, match="Cannot delete refs/heads/main") as refused:
        hub.delete_branch("ada/tiny", branch="main")
    assert refused.value.response.status_code == 403
    for name in ("nope", "v1", "refs/tags/v1", "refs/pr/1"):
        with pytest.raises(HfHubHTTPError, match="Invalid rev id"):
            hub.delete_branch("ada/tiny", branch=name)
    for name in ("a b", "a..b", "-a", "a~1", "x.lock", "refs/heads/y", "a" * 300):
        with pytest.raises(BadRequestError):
            hub.create_tag("ada/tiny", tag=name)
    with pytest.raises(RevisionNotFoundError):
        hub.create_branch("ada/tiny", branch="new", revision="nope")


def test_revisions_with_slashes_are_understood_quoted_and_unquoted(site, filled):
    head = refs.resolve(filled).oid
    refs.move(filled, "refs/pr/1", expected=None, oid=head)
    refs.move(filled, "refs/heads/feat/x", expected=None, oid=head)
    for revision in ("refs%2Fpr%2F1", "refs/pr/1", "feat%2Fx", "feat/x"):
        for folder in ("data%2Fb", "data/b"):
            answer = request(site, "GET", f"/api/models/ada/tiny/tree/{revision}/{folder}")
            assert [item["path"] for item in answer.json] == ["data/b/c.csv"]
        answer = request(site, "HEAD", f"/ada/tiny/resolve/{revision}/data/b/c.csv")
        assert answer.headers["X-Repo-Commit"] == head


def test_pull_request_refs_are_listed_when_asked_for(site, filled):
    refs.move(filled, "refs/pr/7", expected=None, oid=refs.resolve(filled).oid)
    refs.move(filled, "refs/runs/3", expected=None, oid=refs.resolve(filled).oid)
    hub = hub_client(site)
    assert hub.list_repo_refs("ada/tiny").pull_requests is None
    found = hub.list_repo_refs("ada/tiny", include_pull_requests=True)
    assert [p.ref for p in found.pull_requests] == ["refs/pr/7"]
    assert [b.name for b in found.branches] == ["main"]


@pytest.fixture
def many(site, ada):
    for n in range(7):
        made = repositories.create(
            actor=ada, namespace=ada.namespace, name=f"bert-{n}", repo_type="model"
        )
        card = f"---\nlanguage: [en, de]\npipeline_tag: text-classification\ntags: [n{n}]\n---\n"
        put(made, ada, {"README.md": card.encode()})


def test_lists_are_searched_filtered_and_sorted(site, many):
    hub = hub_client(site)

    def names(**options):
        return [m.id.removeprefix("ada/") for m in hub.list_models(**options)]

    newest_first = [f"bert-{n}" for n in reversed(range(7))]
    assert names(search="bert") == newest_first
    assert names(search="ada/bert-1") == ["bert-1"]
    assert names(author="ada", sort="created_at") == [*newest_first, "tiny"]
    assert names(author="nobody") == []
    assert names(filter="n3") == ["bert-3"]
    assert names(filter=["language:de", "n2"]) == ["bert-2"]
    assert names(pipeline_tag="text-classification", limit=2) == newest_first[:2]
    assert names(pipeline_tag="fill-mask") == []
    assert list(hub.list_datasets()) == []


def test_a_list_goes_on_over_pages_without_loss_or_repetition(site, many):
    path, seen = "/api/models?sort=createdAt&limit=3", []
    while path:
        answer = request(site, "GET", path)
        seen += [item["id"] for item in answer.json]
        link = answer.headers["Link"]
        path = link[1 : link.index(">")] if link else None
    assert len(seen) == len(set(seen)) == 8


def test_a_list_can_carry_cards_and_files(site, many):
    (full,) = hub_client(site).list_models(filter="n3", full=True, cardData=True)
    assert full.card_data.language == ["en", "de"]
    assert [s.rfilename for s in full.siblings] == [".gitattributes", "README.md"]
    assert len(full.sha) == 40


@pytest.mark.parametrize(
    "path",
    [
        "/api/models?full=true",
        "/api/models?limit=5",
        "/api/models/ada/tiny/tree/main?recursive=true&expand=true",
        "/api/models/ada/tiny/commits/main",
        "/api/models/ada/tiny/refs",
        "/api/models/ada/tiny?blobs=true",
    ],
)
def test_a_list_takes_the_same_queries_however_long_it_is(client, model, ada, path):
    put(model, ada, {"a/b.txt": b"1"})
    few = _queries(client, path)
    for n in range(6):
        put(model, ada, {f"a/{n}.txt": b"%d" % n}, title=f"{n}")
        repositories.create(actor=ada, namespace=ada.namespace, name=f"m{n}", repo_type="model")
        refs.create_branch(model, f"branch-{n}", actor=ada)
    assert _queries(client, path) == few


def _queries(client, path):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def test_it_refuses_page_addresses_that_were_made_up(site):
    for query in ("cursor=x", "sort=name", "limit=0", "limit=-1", "limit=x"):
        assert request(site, "GET", f"/api/models?{query}").status == 400
