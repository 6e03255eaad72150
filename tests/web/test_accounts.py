"""Signing in and out, the operator's link, tokens, and how the site looks."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from registry.models import AccessToken, Role, SetupLink, User
from registry.services import accounts, tokens
from tests.web.scene import PASSWORD


@pytest.fixture
def berta(db):
    return accounts.ensure_user(name="berta", password=PASSWORD)


def test_a_person_signs_in_comes_back_and_signs_out(client, berta):
    response = client.post(
        "/login", {"login": "Berta", "password": PASSWORD, "next": "/settings/tokens"}
    )
    assert response["Location"] == "/settings/tokens"
    assert client.get("/settings/tokens").status_code == 200
    assert client.post("/logout")["Location"] == "/"
    assert client.get("/settings/tokens").status_code == 302


def test_a_wrong_password_is_told_and_nothing_more(client, berta, page_rules):
    response = client.post("/login", {"login": "berta", "password": "guess"})
    assert response.status_code == 200
    assert "correct" in response.content.decode()
    page_rules(response, "/login")


def test_signing_in_never_leads_to_another_site(client, berta):
    response = client.post(
        "/login", {"login": "berta", "password": PASSWORD, "next": "https://evil.example/"}
    )
    assert response["Location"] == "/"


def test_the_first_operator_follows_the_link(client, db, page_rules):
    address = accounts.first_operator_link()
    path = "/setup/" + address.rsplit("/", 1)[1]
    page = client.get(path)
    assert page.status_code == 200
    assert page["Referrer-Policy"] == "same-origin"
    page_rules(page, path)
    response = client.post(path, {"name": "olga", "password": PASSWORD, "again": PASSWORD})
    assert response["Location"] == "/"
    olga = User.objects.get(username="olga")
    assert olga.has_role(Role.OPERATOR)
    assert client.get("/settings/tokens").status_code == 200
    assert client.get(path).status_code == 403
    assert "not valid any more" in client.get(path).content.decode()


def test_a_set_up_that_fails_leaves_the_link_and_no_account(client, db):
    accounts.ensure_user(name="taken")
    path = "/setup/" + accounts.first_operator_link().rsplit("/", 1)[1]
    for name, password, again, words in (
        ("taken", PASSWORD, PASSWORD, "is taken"),
        ("admin", PASSWORD, PASSWORD, "reserved"),
        ("olga", PASSWORD, "something else", "differ"),
        ("olga", "123", "123", "too short"),
    ):
        response = client.post(path, {"name": name, "password": password, "again": again})
        assert response.status_code == 200
        assert words in response.content.decode()
    assert not User.objects.filter(username="olga").exists()
    assert SetupLink.objects.get().used_at is None


def test_a_token_is_shown_once_and_works(client, berta, page_rules):
    client.force_login(berta)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    response = client.post("/settings/tokens", {"name": "laptop", "scope": "write", "days": "30"})
    html = response.content.decode()
    page_rules(response, "/settings/tokens")
    secret = html.split('class="secret">')[1].split("<")[0]
    token = tokens.authenticate(secret)
    assert token.user == berta
    assert token.may_write
    assert dt.timedelta(days=29) < token.expires_at - timezone.now() < dt.timedelta(days=31)
    assert "no-store" in response["Cache-Control"]
    again = client.get("/settings/tokens").content.decode()
    assert secret not in again
    assert token.hint in again


def test_a_second_token_of_the_same_name_is_refused(client, berta):
    client.force_login(berta)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    tokens.issue(berta, name="laptop", scope="read")
    response = client.post("/settings/tokens", {"name": "laptop", "scope": "write", "days": ""})
    assert "already have a token named laptop" in response.content.decode()
    assert AccessToken.objects.count() == 1


def test_a_token_is_revoked_by_its_owner_only(client, berta, page_rules):
    token, secret = tokens.issue(berta, name="laptop", scope="read")
    client.force_login(accounts.ensure_user(name="emil"))
    assert client.post(f"/settings/tokens/{token.pk}/revoke").status_code == 404
    assert tokens.authenticate(secret)
    client.force_login(berta)
    page = client.get(f"/settings/tokens/{token.pk}/revoke")
    page_rules(page, "/settings/tokens/…/revoke")
    assert "stops working at once" in page.content.decode()
    assert tokens.authenticate(secret), "nothing happens before it is confirmed"
    client.post(f"/settings/tokens/{token.pk}/revoke")
    assert tokens.authenticate(secret) is None


def test_the_look_of_the_site_is_chosen_and_kept(client, db):
    assert "data-theme" not in client.get("/").content.decode()
    response = client.post("/settings/theme", {"theme": "dark", "next": "/tracks"})
    assert response["Location"] == "/tracks"
    assert '<html lang="en" data-theme="dark">' in client.get("/").content.decode()
    client.post("/settings/theme", {"theme": "system", "next": "//evil.example"})
    assert "data-theme" not in client.get("/").content.decode()
    response = client.post("/settings/theme", {"theme": "light", "next": "https://evil.example/"})
    assert response["Location"] == "/"
