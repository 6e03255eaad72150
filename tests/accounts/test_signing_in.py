"""Signing in and out: by name or address, never to another site, not too often."""

from __future__ import annotations

import datetime as dt
import logging

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from registry.models import User
from registry.services import accounts, tokens
from tests.accounts.people import PASSWORD, link_in_mail, who


@pytest.mark.parametrize("login", ["berta", "BERTA", "berta@example.org", "Berta@Example.org"])
def test_a_person_signs_in_by_name_or_address_in_any_case(client, berta, login):
    response = client.post("/login", {"login": login, "password": PASSWORD})
    assert response["Location"] == "/"
    assert who(client) == "Berta"


def test_the_page_says_no_more_than_that_it_was_wrong(client, berta, page_rules):
    known = client.post("/login", {"login": "berta", "password": "guess"})
    page_rules(known, "/login")
    unknown = client.post("/login", {"login": "nobody", "password": "guess"})
    for response in (known, unknown):
        assert response.status_code == 200
        assert "not correct" in response.content.decode()


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/tracks?status=open", "/tracks?status=open"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("http://localhost/", "/"),
    ],
)
def test_signing_in_leads_back_to_this_site_only(client, berta, target, expected):
    response = client.post("/login", {"login": "berta", "password": PASSWORD, "next": target})
    assert response["Location"] == expected


def test_the_addresses_of_the_library_lead_to_ours(client, db):
    for theirs, ours in (("login", "/login"), ("signup", "/signup"), ("logout", "/logout")):
        response = client.get(f"/accounts/{theirs}/?next=/tracks")
        assert response["Location"] == f"{ours}?next=/tracks"


def test_a_bot_cannot_sign_in(client, db, page_rules):
    accounts.ensure_user(name="nightly", password=PASSWORD, bot=True)
    response = client.post("/login", {"login": "nightly", "password": PASSWORD}, follow=True)
    page_rules(response, "/login")
    assert "cannot sign in" in response.content.decode()
    assert who(client) is None


def test_an_inactive_person_cannot_sign_in(client, berta):
    User.objects.filter(pk=berta.pk).update(is_active=False)
    response = client.post("/login", {"login": "berta", "password": PASSWORD}, follow=True)
    assert "cannot sign in" in response.content.decode()
    assert who(client) is None


def test_signing_out_asks_where_somebody_only_follows_a_link(signed_in, page_rules):
    page = signed_in.get("/logout")
    page_rules(page, "/logout")
    assert who(signed_in) == "Berta"
    assert signed_in.post("/logout")["Location"] == "/"
    assert who(signed_in) is None


def test_guessing_is_stopped_for_the_account_by_whichever_name(client, berta, page_rules):
    for attempt in range(5):
        login = "berta" if attempt % 2 else "berta@example.org"
        assert client.post("/login", {"login": login, "password": "guess"}).status_code == 200
    response = client.post("/login", {"login": "berta", "password": PASSWORD})
    assert response.status_code == 429
    page_rules(response, "/login")
    assert "Wait a few minutes" in response.content.decode()
    assert who(client) is None


def test_guessing_at_many_accounts_is_stopped_for_the_address_it_comes_from(client, berta):
    for number in range(20):
        client.post("/login", {"login": f"somebody{number}", "password": "guess"})
    assert client.post("/login", {"login": "berta", "password": PASSWORD}).status_code == 429
    elsewhere = Client(REMOTE_ADDR="203.0.113.7")
    assert elsewhere.post("/login", {"login": "berta", "password": PASSWORD}).status_code == 302


def test_nobody_chooses_the_address_they_come_from(client, berta):
    for number in range(20):
        client.post(
            "/login",
            {"login": f"somebody{number}", "password": "guess"},
            headers={"X-Forwarded-For": f"198.51.100.{number}"},
        )
    assert client.post("/login", {"login": "berta", "password": PASSWORD}).status_code == 429


def test_a_proxy_that_is_configured_tells_the_address(client, berta, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(20):
        response = client.post(
            "/login",
            {"login": f"somebody{number}", "password": "guess"},
            headers={"X-Forwarded-For": f"6.6.6.6, 198.51.100.{number}"},
        )
        assert response.status_code == 200
    # One who comes past the proxy is counted by their own address, and gets an answer.
    assert client.post("/login", {"login": "berta", "password": PASSWORD}).status_code == 302


def test_a_lost_password_is_replaced_by_a_link_that_works_once(client, berta, page_rules):
    page_rules(client.get("/accounts/password/reset/"), "reset")
    sent = client.post("/accounts/password/reset/", {"email": "berta@example.org"}, follow=True)
    page_rules(sent, "reset/done")
    message = mail.outbox[-1]
    assert message.to == ["berta@example.org"]
    assert message.subject.startswith("[Commonweight] ")
    path = link_in_mail(message)
    form = client.get(path, follow=True)
    page_rules(form, "reset/key")
    new = {"password1": "another horse battery", "password2": "another horse battery"}
    done = client.post(form.redirect_chain[-1][0], new, follow=True)
    page_rules(done, "reset/key/done")
    assert client.post("/login", {"login": "berta", "password": PASSWORD}).status_code == 200
    assert "not valid any more" in Client().get(path, follow=True).content.decode()
    client.post("/login", {"login": "berta", "password": "another horse battery"})
    assert who(client) == "Berta"


def test_whoever_gets_a_new_password_reads_which_tokens_still_work(client, berta):
    tokens.issue(berta, name="not-mine", scope="write")
    gone = timezone.now() - dt.timedelta(days=1)
    tokens.issue(berta, name="long-gone", scope="write", expires_at=gone)
    client.post("/accounts/password/reset/", {"email": "berta@example.org"})
    form = client.get(link_in_mail(), follow=True)
    new = {"password1": "another horse battery", "password2": "another horse battery"}
    client.post(form.redirect_chain[-1][0], new, follow=True)
    said = mail.outbox[-1].body
    assert "These access tokens still work." in said
    assert "- not-mine (write)" in said
    assert "long-gone" not in said


def test_a_reset_does_not_tell_who_has_an_account(client, berta):
    known = client.post("/accounts/password/reset/", {"email": "berta@example.org"}, follow=True)
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@example.org"}, follow=True)
    assert known.redirect_chain == unknown.redirect_chain
    assert "no account here has it" in mail.outbox[-1].body


def test_resets_are_not_sent_without_end(client, berta):
    answers = [
        client.post("/accounts/password/reset/", {"email": "berta@example.org"}).status_code
        for _ in range(6)
    ]
    assert answers == [302] * 5 + [429]


def test_links_that_open_something_are_not_logged(db, caplog, settings):
    from registry.config.logs import without_secrets

    path = "/setup/" + accounts.first_operator_link().rsplit("/", 1)[1]
    with caplog.at_level(logging.WARNING):
        response = Client(enforce_csrf_checks=True).post(path, {"name": "olga"})
    assert response.status_code == 403
    secret = path.rsplit("/", 1)[1]
    written = [without_secrets(record.getMessage()) for record in caplog.records]
    assert any("/setup/***" in line for line in written)
    assert not any(secret in line for line in written)
