"""Lists are cut by a cursor, which stays right while rows come."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext


@pytest.fixture
def many(cast):
    for number in range(7):
        cast.repository(f"r{number}", "model", owner=cast.ada)
    return cast


def follow(api, link):
    query = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    return api().get("/repositories/", **query).json()


@pytest.mark.parametrize("sort", ["updated", "created", "downloads"])
def test_pages_follow_each_other_and_back(api, many, sort):
    first = api().get("/repositories/", limit=3, sort=sort).json()
    assert first["previous"] is None
    second = follow(api, first["next"])
    third = follow(api, second["next"])
    assert third["next"] is None
    names = [row["id"] for page in (first, second, third) for row in page["results"]]
    assert len(names) == len(set(names)) == 7
    assert follow(api, third["previous"])["results"] == second["results"]
    back = follow(api, second["previous"])
    assert back["results"] == first["results"]
    assert back["previous"] is None
    assert follow(api, back["next"])["results"] == second["results"]


def test_a_row_that_comes_meanwhile_moves_no_page(api, many):
    first = api().get("/repositories/", limit=3, sort="created").json()
    many.repository("newest", "model", owner=many.ada)
    second = follow(api, first["next"])
    assert [row["id"] for row in second["results"]] == ["ada/r3", "ada/r2", "ada/r1"]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "nonsense",
        "x" * 5000,
        *(
            base64.urlsafe_b64encode(json.dumps(value).encode()).decode()
            for value in (
                1,
                [],
                ["n", []],
                ["n", ["a", "b"]],
                ["n", [True, 1]],
                ["x", ["2026-01-01T00:00:00+00:00", 1]],
                ["n", ["2026-01-01T00:00:00+00:00", 10**30]],
                ["n", ["\x00", 1]],
                ["n", [None, 1]],
                ["n", [{"a": 1}, 1]],
            )
        ),
    ],
)
def test_a_cursor_that_is_none_is_refused(api, db, is_problem, cursor):
    assert is_problem(api().get("/repositories/", cursor=cursor), 400)["where"] == "cursor"


@pytest.mark.parametrize("limit", ["0", "-1", "101", "many", "1.5", "", "9" * 40])
def test_a_limit_that_is_none_is_refused(api, db, is_problem, limit):
    assert is_problem(api().get("/repositories/", limit=limit), 400)["where"] == "limit"


def test_a_list_costs_the_same_with_one_row_and_with_many(api, cast):
    def cost():
        ada = api(cast.ada)
        ada.get("/repositories/")
        with CaptureQueriesContext(connection) as queries:
            assert ada.get("/repositories/").status_code == 200
        return len(queries)

    cast.repository("first", "model", owner=cast.ada)
    one = cost()
    for number in range(5):
        cast.repository(f"r{number}", "model", owner=cast.ada)
    assert cost() == one <= 5
