"""Access tokens through the API: only a person makes one, and its value is shown once."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone


def test_a_person_makes_a_token_and_sees_its_value_once(api, cast):
    browser = api(cast.ada, session=True)
    made = browser.post("/tokens/", {"name": "ci", "scope": "write"})
    assert made.status_code == 201
    secret = made.json()["secret"]
    assert made["Cache-Control"] == "no-store"
    listed = browser.get("/tokens/")
    assert secret not in listed.content.decode()
    assert "ci" in {token["name"] for token in listed.json()["results"]}
    bot = api(token=secret)
    assert bot.get("/me/").json()["scope"] == "write"


def test_a_token_makes_no_other_token(api, cast, is_problem):
    body = is_problem(api(cast.ada).post("/tokens/", {"name": "ci", "scope": "write"}), 403)
    assert "access token" in body["detail"]
    assert "/settings/tokens" in body["next"]


def test_secrets_are_kept_for_no_repetition(api, cast, is_problem):
    from registry.models import AccessToken, IdempotentRequest

    key = {"Idempotency-Key": "one"}
    browser = api(cast.ada, session=True)
    is_problem(browser.post("/tokens/", {"name": "ci"}, headers=key), 400)
    assert not IdempotentRequest.objects.exists()
    assert not AccessToken.objects.filter(name="ci").exists()


def test_an_expiry_lies_in_the_future(api, cast, is_problem):
    browser = api(cast.ada, session=True)
    past = (timezone.now() - dt.timedelta(days=1)).isoformat()
    body = is_problem(browser.post("/tokens/", {"name": "ci", "expires_at": past}), 400)
    assert body["errors"][0]["field"] == "expires_at"


def test_somebody_elses_token_is_absent(api, cast, is_problem):
    token = cast.berta.access_tokens.get()
    is_problem(api(cast.ada, session=True).delete(f"/tokens/{token.pk}/"), 404)
    assert cast.berta.access_tokens.exists()


def test_a_token_may_only_remove_itself(api, cast, is_problem):
    bot = api(cast.ada)
    own = cast.ada.access_tokens.get(name="api-write")
    other = cast.ada.access_tokens.exclude(pk=own.pk).get()
    is_problem(bot.delete(f"/tokens/{other.pk}/"), 403)
    assert bot.delete(f"/tokens/{own.pk}/").status_code == 204
    is_problem(bot.get("/me/"), 401)


def test_a_read_token_reads_and_no_more(api, cast, is_problem):
    reader = api(cast.ada, scope="read")
    assert reader.get("/me/").json()["scope"] == "read"
    is_problem(reader.post("/repositories/", {"name": "tiny"}), 403)
