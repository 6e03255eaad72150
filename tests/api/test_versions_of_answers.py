"""Who has an answer already is told so, instead of being sent it again."""

from __future__ import annotations


def test_an_answer_has_a_version(api, cast):
    cast.repository("one", "model")
    first = api().get("/repositories/")
    again = api().get("/repositories/", headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert again["ETag"] == first["ETag"]
    cast.repository("two", "model")
    changed = api().get("/repositories/", headers={"if-none-match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


def test_answers_belong_to_who_asked(api, cast):
    answer = api(cast.ada).get("/me/")
    assert answer["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= set(answer["Vary"].split(", "))
