"""Repositories through the API."""

from __future__ import annotations

from registry.services.commits import AddFile


def test_a_repository_is_made_and_found(api, cast, is_problem):
    ada = api(cast.ada)
    made = ada.post("/repositories/", {"name": "tiny", "private": True})
    assert made.status_code == 201
    assert made.json()["id"] == "ada/tiny"
    assert len(made.json()["head"]) == 40
    assert made["Location"].endswith("/api/v1/repositories/model/ada/tiny/")
    assert ada.get("/repositories/model/ada/tiny/").json() == made.json()
    body = is_problem(ada.post("/repositories/", {"name": "tiny"}), 409)
    assert body["url"].endswith("/ada/tiny")


def test_a_private_repository_does_not_exist_for_others(api, cast, is_problem):
    cast.repository("hidden", "model", owner=cast.ada, private=True)
    for caller in (api(), api(cast.emil)):
        is_problem(caller.get("/repositories/model/ada/hidden/"), 404)
        assert caller.get("/repositories/").json()["results"] == []


def test_nobody_makes_one_under_anothers_name(api, cast, is_problem):
    is_problem(api(cast.ada).post("/repositories/", {"name": "x", "namespace": "emil"}), 404)
    cast.emil.get_username()
    is_problem(api(cast.ada).post("/repositories/", {"name": "x", "namespace": "emil"}), 403)
    is_problem(api().post("/repositories/", {"name": "x"}), 401)
    is_problem(api(cast.ada).post("/repositories/", {"name": "../x"}), 400)


def test_filters_find_what_cards_say(api, cast, is_problem):
    card = b"---\nlicense: mit\npipeline_tag: image-classification\ntags: [small]\n---\n"
    cast.repository("one", "model", AddFile("README.md", card))
    cast.repository("two", "dataset", AddFile("README.md", b"---\nlicense: cc0-1.0\n---\n"))

    def names(**query):
        found = api().get("/repositories/", **query)
        assert found.status_code == 200, found.content
        return {row["id"] for row in found.json()["results"]}

    assert names() == {"berta/one", "berta/two"}
    assert names(repo_type="dataset") == {"berta/two"}
    assert names(licence="mit") == {"berta/one"}
    assert names(task="image-classification") == {"berta/one"}
    assert names(tag="small") == {"berta/one"}
    assert names(search="tw") == {"berta/two"}
    assert names(namespace="BERTA", sort="downloads") == {"berta/one", "berta/two"}
    assert names(namespace="nobody") == set()
    body = is_problem(api().get("/repositories/", repo_type="space"), 400)
    assert body["errors"][0]["field"] == "repo_type"


def test_an_earlier_name_still_finds_it(api, cast):
    from registry.services import repositories

    made = cast.repository("before", "model", owner=cast.ada)
    repositories.move(made, actor=cast.ada, namespace=cast.ada.namespace, name="after")
    assert api().get("/repositories/model/ada/before/").json()["id"] == "ada/after"
