"""Whatever goes wrong, a program reads it in the same way (RFC 9457)."""

from __future__ import annotations

import pytest


def test_an_unknown_address_is_a_problem(api, db, is_problem):
    body = is_problem(api().get("/nowhere/"), 404)
    assert body["instance"] == "/api/v1/nowhere/"
    assert "docs" in body["next"]
    is_problem(api().get("/nowhere"), 404)
    is_problem(api().get("/"), 404)


def test_an_address_without_its_slash_answers_too(api, cast):
    assert api(cast.ada).get("/me").json()["name"] == "ada"


def test_a_method_that_is_not_there_is_a_problem(api, db, is_problem):
    answer = api().raw("PUT", "/repositories/")
    is_problem(answer, 405)
    assert set(answer["Allow"].split(", ")) >= {"GET", "POST"}
    is_problem(api().raw("OPTIONS", "/me/"), 405)


def test_a_body_that_is_no_json_is_a_problem(api, cast, is_problem):
    ada = api(cast.ada)
    sent = ada.raw("POST", "/repositories/", data="{", content_type="application/json")
    is_problem(sent, 400)
    sent = ada.raw("POST", "/repositories/", data='{"name": NaN}', content_type="application/json")
    is_problem(sent, 400)
    sent = ada.raw("POST", "/repositories/", data="[1]", content_type="application/json")
    is_problem(sent, 400)
    deep = "[" * 100_000
    is_problem(ada.raw("POST", "/repositories/", data=deep, content_type="application/json"), 400)


def test_another_type_of_body_is_a_problem(api, cast, is_problem):
    sent = api(cast.ada).raw("POST", "/repositories/", data="name=x", content_type="text/plain")
    is_problem(sent, 415)


def test_a_body_that_is_too_long_is_a_problem(api, cast, is_problem):
    is_problem(api(cast.ada).post("/repositories/", {"name": "x" * 3_000_000}), 413)
    key = {"Idempotency-Key": "long"}
    is_problem(api(cast.ada).post("/repositories/", {"name": "x" * 6_000_000}, headers=key), 413)


def test_unknown_fields_are_refused_by_name(api, cast, is_problem):
    sent = {"name": "tiny", "created_by": 1, "downloads": 10**6}
    body = is_problem(api(cast.ada).post("/repositories/", sent), 400)
    assert {error["field"] for error in body["errors"]} == {"created_by", "downloads"}


@pytest.mark.parametrize(
    ("path", "sent", "count"),
    [
        ("/repositories/", {"name": "tiny", **{f"f{n}": 1 for n in range(100_000)}}, 99_980),
        ("/notifications/read/", {"ids": ["x"] * 100_000}, 99_979),
    ],
)
def test_a_body_of_faults_is_answered_shortly(api, cast, is_problem, path, sent, count):
    answer = api(cast.ada).post(path, sent)
    body = is_problem(answer, 400)
    assert len(answer.content) < 10_000
    assert f"{count} more" in body["errors"][-1]["message"]


def test_every_fault_of_a_body_is_told_at_once(api, cast, is_problem):
    body = is_problem(api(cast.ada).post("/repositories/", {"repo_type": "space"}), 400)
    assert {error["field"] for error in body["errors"]} == {"name", "repo_type"}


def test_a_token_that_is_not_valid_is_refused_even_beside_a_session(api, cast, is_problem):
    answer = api(cast.ada, session=True, token="hf_nothing").get("/me/")
    is_problem(answer, 401)
    assert answer["WWW-Authenticate"].startswith("Bearer")
    is_problem(api().get("/me/", headers={"authorization": "Basic YTpi"}), 401)
    is_problem(api().get("/me/"), 401)


def test_a_session_without_its_form_token_may_not_write(api, cast, is_problem):
    browser = api(cast.ada, session=True, csrf=False)
    body = is_problem(browser.post("/repositories/", {"name": "forged"}), 403)
    assert "CSRF" in body["detail"]
    assert browser.get("/me/").status_code == 200


@pytest.mark.parametrize("path", ["/repositories/?search=%00", "/repositories/?x=a%00b"])
def test_a_nul_in_the_address_is_refused(api, db, is_problem, path):
    is_problem(api().get(path), 400)


def test_a_nul_in_a_path_or_a_body_is_refused(api, cast, is_problem):
    is_problem(api().get("/repositories/model/ada/%00/"), 400)
    is_problem(api(cast.ada).post("/repositories/", {"name": "a\x00b"}), 400)
    is_problem(api(cast.ada).post("/repositories/", {"name": "\ud800"}), 400)


def test_a_fault_of_ours_tells_no_more_than_that(api, cast, is_problem, monkeypatch):
    from registry.api import people

    def broken(*_):
        raise RuntimeError("the password is 12345")

    monkeypatch.setattr(people, "known", broken)
    body = is_problem(api(cast.ada).get("/me/"), 500)
    assert "12345" not in str(body)


def test_the_language_of_a_browser_changes_nothing(api, cast):
    chinese = {"accept-language": "zh-hans"}
    plain = api().get("/repositories/?limit=0").json()
    assert api().get("/repositories/?limit=0", headers=chinese).json() == plain
    assert api(cast.ada).post("/repositories/", {}, headers=chinese).json()["errors"] == [
        {"field": "name", "message": "This field is required."}
    ]
