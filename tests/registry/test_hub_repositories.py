"""Creating, finding, renaming and deleting repositories with the unmodified client."""

from __future__ import annotations

import pytest
from huggingface_hub.errors import (
    BadRequestError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from registry.models import Event, Repository
from registry.services import accounts
from tests.registry.hub import client, request


@pytest.fixture
def site(live_db, ada, emil):
    return live_db


def test_it_says_who_somebody_is(site, ada):
    accounts.create_organisation(name="circle", actor=ada)
    answer = client(site, "ada").whoami()
    assert answer["name"] == "ada"
    assert [org["name"] for org in answer["orgs"]] == ["circle"]
    assert answer["auth"]["accessToken"]["role"] == "write"


def test_it_refuses_a_bad_token_in_the_words_clients_expect(site):
    answer = request(site, "GET", "/api/whoami-v2", token="hf_wrong")
    assert answer.status == 401
    assert answer.headers["X-Error-Message"] == "Invalid credentials in Authorization header"
    assert request(site, "GET", "/api/whoami-v2").status == 401


def test_a_new_repository_has_one_commit_with_gitattributes(site):
    hub = client(site, "ada")
    url = hub.create_repo("ada/tiny")
    assert str(url) == f"{site.url}/ada/tiny"
    assert hub.list_repo_files("ada/tiny") == [".gitattributes"]
    (commit,) = hub.list_repo_commits("ada/tiny")
    assert (commit.title, commit.authors) == ("initial commit", ["ada"])
    assert [e.verb for e in Event.objects.filter(repository__name="tiny").order_by("id")] == [
        "repository.created",
        "commit.pushed",
    ]


def test_creating_twice_is_a_conflict_that_exist_ok_accepts(site):
    hub = client(site, "ada")
    hub.create_repo("Tiny", repo_type="dataset")
    with pytest.raises(HfHubHTTPError, match="already created"):
        hub.create_repo("tiny", repo_type="dataset")
    again = hub.create_repo("ada/tiny", repo_type="dataset", exist_ok=True)
    assert again.repo_id == "ada/Tiny"
    assert again.repo_type == "dataset"


def test_models_and_datasets_have_names_of_their_own(site):
    hub = client(site, "ada")
    hub.create_repo("tiny")
    hub.create_repo("tiny", repo_type="dataset")
    assert Repository.objects.count() == 2


NO_NAMES = ["-x", "a..b", "x.git", "a--b", "ä", "x" * 97, ""]


def test_it_refuses_names_that_are_no_names(site):
    for name in NO_NAMES:
        answer = request(site, "POST", "/api/repos/create", {"name": name}, name="ada")
        assert answer.status == 400
        assert "error" in answer.json


def test_it_refuses_other_kinds_of_repositories(site):
    with pytest.raises(BadRequestError, match="models and datasets"):
        client(site, "ada").create_repo("x", repo_type="space", space_sdk="static")


def test_nobody_creates_under_another_name(site):
    with pytest.raises(HfHubHTTPError, match="may not create") as refused:
        client(site, "emil").create_repo("ada/mine")
    assert refused.value.response.status_code == 403
    assert request(site, "POST", "/api/repos/create", {"name": "x"}).status == 401


def test_a_mistyped_name_is_answered_with_the_nearest_one(site, ada):
    accounts.create_organisation(name="circle", actor=ada)
    client(site, "ada").create_repo("circle/digits-vit")
    client(site, "ada").create_repo("circle/secret-vit", private=True)

    def told(repo_id):
        with pytest.raises(HfHubHTTPError) as refused:
            client(site, "emil").create_repo(repo_id, exist_ok=True)
        return refused.value.response.status_code, refused.value.response.json()["error"]

    status, words = told("circle/digits-vitt")
    assert status == 403
    assert "There is no model circle/digits-vitt" in words
    assert words.endswith("Did you mean circle/digits-vit?")
    assert told("cirle/digits-vit")[1].endswith("Did you mean circle/digits-vit?")
    for name in ("circle/secret-vitt", "circle/secret-vit"):
        status, words = told(name)
        assert (status, f"There is no model {name}" in words) == (403, True)
        assert "mean circle/secret" not in words
    assert client(site, "emil").create_repo("circle/digits-vit", exist_ok=True)


def test_who_has_no_token_is_told_how_to_get_one(site):
    words = request(site, "POST", "/api/repos/create", {"name": "x"}).json["error"]
    assert f"Run `hf auth login` with a token from {site.url}/settings/tokens." in words


def test_members_create_in_their_organisation(site, ada):
    accounts.create_organisation(name="circle", actor=ada)
    hub = client(site, "ada")
    assert hub.create_repo("circle/shared", private=True).repo_id == "circle/shared"
    assert hub.repo_info("circle/shared").private is True


def test_ids_are_found_in_any_case(site):
    hub = client(site, "ada")
    hub.create_repo("Tiny")
    assert hub.repo_info("ADA/tiny").id == "ada/Tiny"


def test_a_private_repository_does_not_exist_for_others(site):
    client(site, "ada").create_repo("secret", private=True)
    for name, status in ((None, 401), ("emil", 404)):
        hub = client(site, name)
        assert hub.repo_exists("ada/secret") is False
        with pytest.raises(RepositoryNotFoundError) as refused:
            hub.repo_info("ada/secret")
        assert refused.value.response.status_code == status
        assert list(hub.list_models(author="ada")) == []
    assert [m.id for m in client(site, "ada").list_models(author="ada")] == ["ada/secret"]


def test_info_has_what_clients_read(site):
    hub = client(site, "ada")
    hub.create_repo("tiny")
    info = hub.model_info("ada/tiny", files_metadata=True)
    assert len(info.sha) == 40
    assert info.private is False
    assert info.gated is False
    (file,) = info.siblings
    assert (file.rfilename, file.size > 0, len(file.blob_id)) == (".gitattributes", True, 40)
    assert info.created_at.tzinfo is not None
    few = hub.model_info("ada/tiny", expand=["downloads", "sha"])
    assert few.downloads == 0
    assert few.siblings is None
    assert hub.model_info("ada/tiny", securityStatus=True).security_repo_status is not None
    assert hub.model_info("ada/tiny", revision=info.sha[:8]).sha == info.sha


def test_an_unknown_revision_is_told_apart_from_an_unknown_repository(site):
    hub = client(site, "ada")
    hub.create_repo("tiny")
    with pytest.raises(RevisionNotFoundError):
        hub.repo_info("ada/tiny", revision="nope")
    with pytest.raises(RepositoryNotFoundError):
        hub.repo_info("ada/absent")


OF_ONE_PART = [
    "/api/models/gpt2",
    "/api/models/gpt2/commits/main",
    "/api/models/gpt2/revision/main",
    "/api/datasets/squad/tree/main",
    "/gpt2/resolve/main/config.json",
    "/datasets/squad/resolve/main/README.md",
]


def test_ids_of_one_part_are_repositories_that_are_not_there(site):
    for path in OF_ONE_PART:
        for method in ("GET", "HEAD"):
            if method == "HEAD" and path.startswith("/api"):
                continue
            answer = request(site, method, path, name="ada")
            assert (answer.status, answer.code) == (404, "RepoNotFound")
        assert request(site, "GET", path).status == 401


def test_a_renamed_repository_answers_to_its_old_name(site):
    hub = client(site, "ada")
    hub.create_repo("old")
    hub.move_repo("ada/old", "ada/new")
    assert hub.repo_info("ada/old").id == "ada/new"
    assert hub.file_exists("ada/old", ".gitattributes")
    assert hub.list_repo_files("ada/old") == [".gitattributes"]
    hub.create_branch("ada/old", branch="feat/x")
    assert {b.name for b in hub.list_repo_refs("ada/new").branches} == {"main", "feat/x"}
    assert request(site, "GET", "/api/models/ada/old?blobs=true").status == 307


def test_a_redirect_tells_nothing_of_a_private_repository(site):
    hub = client(site, "ada")
    hub.create_repo("old", private=True)
    hub.move_repo("ada/old", "ada/new")
    assert request(site, "GET", "/api/models/ada/old", name="emil").status == 404
    assert request(site, "HEAD", "/ada/old/resolve/main/x").status == 401


def test_it_does_not_rename_onto_another_repository(site):
    hub = client(site, "ada")
    hub.create_repo("one")
    hub.create_repo("two")
    with pytest.raises(HfHubHTTPError, match="A model repository called ada/two already exists"):
        hub.move_repo("ada/one", "ada/two")


def test_settings_change_who_sees_it(site):
    hub = client(site, "ada")
    hub.create_repo("tiny")
    hub.update_repo_settings("ada/tiny", private=True)
    assert client(site).repo_exists("ada/tiny") is False
    hub.update_repo_settings("ada/tiny", gated="auto", private=False)
    assert client(site).repo_info("ada/tiny").gated == "auto"


def test_deleting_removes_it(site):
    hub = client(site, "ada")
    hub.create_repo("tiny")
    hub.delete_repo("ada/tiny")
    assert not hub.repo_exists("ada/tiny")
    with pytest.raises(RepositoryNotFoundError):
        hub.delete_repo("ada/tiny")
    hub.delete_repo("ada/tiny", missing_ok=True)


def test_what_it_does_not_host_is_refused_cleanly(site):
    for path in ("/api/spaces/ada/x", "/api/jobs/ada", "/api/papers/1", "/api/buckets/ada/b"):
        answer = request(site, "GET", path, name="ada")
        assert answer.status == 501
        assert "models and datasets" in answer.headers["X-Error-Message"]


def test_unasked_calls_get_a_quick_answer(site):
    assert request(site, "GET", "/api/agent-harnesses").status == 200
    assert request(site, "HEAD", "/api/telemetry/x/y").status == 204
    assert request(site, "POST", "/v1/telemetry", {}).status == 204
