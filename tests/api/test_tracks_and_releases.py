"""Tracks, leaderboards, releases and publications through the API."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from contributions.models import Publication, Release


def test_a_track_tells_its_rules(api, scene, is_problem):
    body = api().get("/tracks/digits/").json()
    assert (body["name"], body["repository"], body["status"]) == ("digits", "ada/digits", "open")
    assert body["benchmark"]["examples"].keys() == {"M", "V", "T"}
    assert body["policy"]["keys"] == ["licence", "privacy"]
    assert "split_v" not in str(body)
    listed = api().get("/tracks/", status="open", repository="ada/digits").json()["results"]
    assert [track["name"] for track in listed] == ["digits"]
    assert api().get("/tracks/", task="token-classification").json()["results"] == []
    is_problem(api().get("/tracks/nothing/"), 404)


def test_the_leaderboard_is_ordered_and_cut(api, scene, is_problem):
    whole = api().get("/tracks/digits/leaderboard/").json()
    rows = whole["results"]
    assert len(rows) >= 3
    assert [row["rank"] for row in rows] == sorted(row["rank"] for row in rows)
    assert [row["loss"] for row in rows] == sorted(row["loss"] for row in rows)
    assert all(row["low"] <= row["gain"] <= row["high"] for row in rows)
    assert {line["release"] for line in whole["releases"]} >= {0, 1}
    pages, link = [], "?limit=1"
    while link:
        query = {k: v[0] for k, v in parse_qs(urlsplit(link).query).items()}
        page = api().get("/tracks/digits/leaderboard/", **query).json()
        pages += page["results"]
        last, link = page, page["next"]
    assert pages == rows
    query = {k: v[0] for k, v in parse_qs(urlsplit(last["previous"]).query).items()}
    assert api().get("/tracks/digits/leaderboard/", **query).json()["results"] == rows[-2:-1]
    kinds = api().get("/tracks/digits/leaderboard/", kind="adapter").json()["results"]
    assert {row["kind"] for row in kinds} <= {"adapter"}
    is_problem(api().get("/tracks/digits/leaderboard/", kind="magic"), 400)
    is_problem(api().get("/tracks/digits/leaderboard/", cursor="x"), 400)


def test_a_release_tells_weights_and_credit(api, scene):
    body = api().get("/tracks/digits/releases/1/").json()
    assert body["status"] == "released"
    assert body["patches"]
    assert {"weight", "gate_gain", "gate_lower", "admitted", "reason"} <= set(body["patches"][0])
    assert body["credit"]
    assert all(line["low"] <= line["amount"] <= line["high"] for line in body["credit"])
    assert set(body["scores"]) >= {"base", "merged", "gain"}
    numbers = [row["number"] for row in api().get("/tracks/digits/releases/").json()["results"]]
    assert numbers == sorted(numbers, reverse=True)
    assert api().get("/releases/", track="digits", status="released").json()["results"]


def test_only_maintainers_make_and_publish_releases(api, scene, is_problem):
    hub = {"track": "digits", "release": 1, "endpoint": "https://hub.example"}
    is_problem(api().post("/tracks/digits/releases/"), 401)
    is_problem(api().post("/publications/", hub), 401)
    is_problem(api(scene.emil).post("/tracks/digits/releases/"), 403)
    is_problem(api(scene.emil).post("/publications/", hub), 403)
    is_problem(api(scene.emil).post("/tracks/digits/releases/1/cancel/"), 403)
    is_problem(api(scene.ada, scope="read").post("/tracks/digits/releases/"), 403)
    for scope in ("read", "write", "review"):
        refused = is_problem(api(scene.ada, scope=scope).post("/tracks/digits/releases/"), 403)
        assert "scope maintain" in refused["next"]
        is_problem(api(scene.ada, scope=scope).post("/publications/", hub), 403)
        is_problem(api(scene.ada, scope=scope).post("/tracks/digits/releases/1/cancel/"), 403)
    maintains = api(scene.ada, scope="maintain")
    is_problem(maintains.post("/publications/", {**hub, "endpoint": "ftp://x"}), 400)
    is_problem(maintains.post("/repositories/", {"name": "tiny"}), 403)
    assert Release.objects.filter(track=scene.track).count() == 2


def test_publications_tell_their_steps(api, scene, is_problem):
    listed = api().get("/publications/").json()["results"]
    assert [step["name"] for step in listed[0]["steps"]][:2] == ["collect", "repository"]
    one = Publication.objects.get()
    assert api().get(f"/publications/{one.pk}/").json() == listed[0]
    is_problem(api().get("/publications/999999/"), 404)


@pytest.mark.parametrize(
    "path",
    [
        *("/tracks/", "/tracks/digits/", "/tracks/digits/leaderboard/", "/releases/"),
        *("/tracks/digits/releases/", "/tracks/digits/releases/1/", "/publications/"),
        *("/queue/", "/notifications/", "/reviews/", "/submissions/", "/repositories/", "/me/"),
        "/tokens/",
    ],
)
def test_every_list_costs_at_most_fifteen_queries(api, scene, path, django_assert_max_num_queries):
    caller = api(scene.ada)
    caller.get("/me/")
    with django_assert_max_num_queries(15):
        assert caller.get(path).status_code == 200
