"""A request that is sent twice with one Idempotency-Key is done once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from registry.models import IdempotentRequest, Repository
from registry.services import requests

KEY = {"Idempotency-Key": "a1b2"}


def test_the_first_answer_is_given_again(api, cast):
    ada = api(cast.ada)
    first = ada.post("/repositories/", {"name": "tiny"}, headers=KEY)
    again = ada.post("/repositories/", {"name": "tiny"}, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["Location"] == first["Location"]
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert Repository.objects.count() == 1


def test_the_key_of_another_request_is_refused(api, cast, is_problem):
    ada = api(cast.ada)
    ada.post("/repositories/", {"name": "tiny"}, headers=KEY)
    is_problem(ada.post("/repositories/", {"name": "other"}, headers=KEY), 422)


def test_a_request_under_way_is_not_begun_again(api, cast, is_problem):
    ada = api(cast.ada)
    ada.post("/repositories/", {"name": "tiny"}, headers=KEY)
    IdempotentRequest.objects.update(status=None, body=None)
    is_problem(ada.post("/repositories/", {"name": "tiny"}, headers=KEY), 409)


def test_what_a_dead_process_began_may_be_begun_again(api, cast):
    ada = api(cast.ada)
    row, known = requests.begin(user=cast.ada, key="a1b2", fingerprint="0" * 64)
    assert not known
    long_ago = timezone.now() - dt.timedelta(minutes=10)
    IdempotentRequest.objects.filter(pk=row.pk).update(created_at=long_ago)
    assert ada.post("/repositories/", {"name": "tiny"}, headers=KEY).status_code == 201


def test_a_refusal_is_not_kept(api, cast, is_problem):
    ada = api(cast.ada)
    is_problem(ada.post("/repositories/", {"name": "-"}, headers=KEY), 400)
    assert not IdempotentRequest.objects.exists()
    assert ada.post("/repositories/", {"name": "good"}, headers=KEY).status_code == 201


@pytest.mark.parametrize("other", [{"scope": "read"}, {"scope": "review"}, {"session": True}])
def test_an_answer_to_one_token_is_given_to_no_other(api, cast, is_problem, other):
    made = api(cast.ada).post("/repositories/", {"name": "tiny", "private": True}, headers=KEY)
    assert made.status_code == 201
    refused = api(cast.ada, **other).post(
        "/repositories/", {"name": "tiny", "private": True}, headers=KEY
    )
    assert "tiny" not in is_problem(refused, 422)["detail"]


def test_people_do_not_share_keys(api, cast):
    for person in (cast.ada, cast.berta):
        made = api(person).post("/repositories/", {"name": "tiny"}, headers=KEY)
        assert made.status_code == 201
        assert "Idempotency-Replayed" not in made


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_a_key_that_is_none_is_refused(api, cast, is_problem, key):
    sent = api(cast.ada).post("/repositories/", {"name": "t"}, headers={"Idempotency-Key": key})
    assert is_problem(sent, 400)["where"] == "Idempotency-Key"


def test_old_answers_are_removed(cast):
    for age in (1, 30):
        row, _ = requests.begin(user=cast.ada, key=f"k{age}", fingerprint="0" * 64)
        requests.complete(row, status=200, body={})
        before = timezone.now() - dt.timedelta(hours=age)
        IdempotentRequest.objects.filter(pk=row.pk).update(created_at=before)
    assert requests.clean_up() == 1
    assert IdempotentRequest.objects.get().key == "k1"
