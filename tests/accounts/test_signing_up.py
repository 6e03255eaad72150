"""Making an account: names, addresses, and who may."""

from __future__ import annotations

import pytest
from django.core import mail

from registry.models import Namespace, NamespaceKind, User
from registry.services import accounts
from tests.accounts.people import PASSWORD, link_in_mail, who


def filled(**other):
    return {
        "username": "dora",
        "email": "dora@example.org",
        "password1": PASSWORD,
        "password2": PASSWORD,
        **other,
    }


def test_somebody_signs_up_and_is_signed_in_with_a_namespace(client, db, page_rules):
    page_rules(client.get("/signup"), "/signup")
    response = client.post("/signup", filled(next="/tracks"))
    assert response["Location"] == "/tracks"
    assert who(client) == "dora"
    dora = User.objects.get(username="dora")
    assert dora.namespace.kind == NamespaceKind.USER
    assert dora.email == "dora@example.org"


def test_the_address_is_confirmed_by_the_link_of_a_mail(client, db, page_rules):
    client.post("/signup", filled())
    path = link_in_mail()
    page_rules(client.get(path), "confirm")
    client.post(path)
    page = client.get("/accounts/email/")
    page_rules(page, "/accounts/email/")
    assert "dora@example.org" in page.content.decode()
    assert "not confirmed" not in page.content.decode()


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"username": "admin"}, "reserved"),
        ({"username": "no spaces"}, "not a valid name"),
        ({"username": "a--b"}, "not a valid name"),
        ({"username": "BERTA"}, "is taken"),
        ({"username": "Lab"}, "is taken"),
        ({"username": "x" * 97}, "at most 96"),
        ({"username": "do\x00ra"}, "Null"),
        ({"email": "berta@example.org"}, "already"),
        ({"email": "not an address"}, "valid email"),
        ({"email": ""}, "required"),
        ({"password2": "something else"}, "same password"),
        ({"password1": "123", "password2": "123"}, "too short"),
    ],
)
def test_what_is_wrong_is_said_beside_the_form(client, berta, page_rules, other, words):
    accounts.create_organisation(name="lab", actor=None)
    response = client.post("/signup", filled(**other))
    assert response.status_code == 200
    page_rules(response, "/signup")
    assert words in response.content.decode()
    assert User.objects.count() == 1
    assert Namespace.objects.count() == 2


def test_a_closed_site_says_so_and_makes_nobody(client, db, settings, page_rules):
    for rule in ("closed", "invite"):
        settings.SIGNUP = rule
        response = client.get("/signup")
        page_rules(response, "/signup")
        assert "Signing up is closed" in response.content.decode()
        client.post("/signup", filled())
        assert not User.objects.exists()


def test_where_addresses_must_be_confirmed_nobody_comes_in_before(client, db, settings, page_rules):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    response = client.post("/signup", filled(), follow=True)
    page_rules(response, "verification sent")
    assert who(client) is None
    client.post(link_in_mail())
    client.post("/login", {"login": "dora", "password": PASSWORD})
    assert who(client) == "dora"


def test_signing_up_is_throttled(client, db, page_rules):
    for _ in range(10):
        assert client.post("/signup", filled(username="admin")).status_code == 200
    response = client.post("/signup", filled())
    assert response.status_code == 429
    page_rules(response, "/signup")
    assert not User.objects.exists()


def test_nobody_gets_more_than_the_form_asks_for(client, db):
    client.post("/signup", filled(is_superuser="on", is_staff="on", is_bot="on", role="operator"))
    dora = User.objects.get()
    more = [dora.is_superuser, dora.is_staff, dora.is_bot, dora.is_operator]
    assert more == [False] * 4


def test_a_mail_server_that_is_down_loses_no_account(client, db, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    response = client.post("/signup", filled(), follow=True)
    assert "could not be sent" in response.content.decode()
    assert who(client) == "dora"
    assert not mail.outbox
