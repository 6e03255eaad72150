"""Everybody has so many requests in a window, and is told what is left."""

from __future__ import annotations

import pytest

from registry.api import limits
from registry.config import broker


@pytest.fixture(autouse=True)
def _few(settings, db):
    settings.API_RATE_ANONYMOUS, settings.API_RATE_USER = "3/minute", "5/hour"
    broker.client().flushdb()
    yield
    broker.client().flushdb()


def test_headers_tell_what_is_left(api):
    answer = api().get("/repositories/")
    assert answer["RateLimit-Policy"] == '"anonymous";q=3;w=60'
    assert answer["RateLimit"] == '"anonymous";r=2;t=60'
    assert (answer["RateLimit-Limit"], answer["RateLimit-Remaining"]) == ("3", "2")


def test_one_request_too_many_is_refused(api, is_problem):
    answers = [api().get("/repositories/") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    is_problem(answers[-1], 429)
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    assert answers[-1]["RateLimit"].startswith('"anonymous";r=0;')


def test_all_tokens_of_a_person_count_together(api, cast):
    one, other = api(cast.ada), api(cast.ada, scope="read")
    for caller in (one, other, one, other, one):
        assert caller.get("/me/").status_code == 200
    assert other.get("/me/").status_code == 429
    assert api(cast.berta).get("/me/").status_code == 200
    assert api().get("/repositories/").status_code == 200


def test_tokens_that_are_not_valid_count_for_their_address(api):
    bad = api(token="hf_nothing_at_all")
    assert [bad.get("/me/").status_code for _ in range(4)] == [401, 401, 401, 429]


def test_an_address_is_what_the_own_proxy_says(api, settings):
    forwarded = {"x-forwarded-for": "203.0.113.9"}
    for _ in range(3):
        api().get("/repositories/", headers=forwarded)
    assert api().get("/repositories/").status_code == 429  # the header alone counts for nothing
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert api().get("/repositories/", headers=forwarded).status_code == 200


def test_nobody_is_refused_when_redis_is_away(api, settings, monkeypatch):
    monkeypatch.setattr(limits, "_away_until", 0.0)
    here, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:9/0"
    broker.client.cache_clear()
    limits._script.cache_clear()
    try:
        answers = [api().get("/repositories/") for _ in range(5)]
    finally:
        settings.REDIS_URL = here
        broker.client.cache_clear()
        limits._script.cache_clear()
        monkeypatch.setattr(limits, "_away_until", 0.0)
    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit" not in answers[-1]
