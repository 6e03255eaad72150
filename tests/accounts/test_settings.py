"""The settings pages: profile, tokens, security."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from registry.models import AccessToken, TokenScope, User
from registry.services import tokens
from tests.accounts.people import PASSWORD, link_in_mail, who

PAGES = [
    "/settings",
    "/settings/security",
    "/settings/sessions",
    "/settings/tokens",
    "/settings/organisations",
    "/settings/account",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/3rdparty/",
]


@pytest.mark.parametrize("address", PAGES)
def test_every_page_has_the_side_navigation_and_few_queries(
    confirmed, page_rules, address, django_assert_max_num_queries
):
    confirmed.get(address)
    with django_assert_max_num_queries(15):
        response = confirmed.get(address)
    assert response.status_code == 200
    page_rules(response, address)
    assert 'class="side-nav"' in response.content.decode()


@pytest.mark.parametrize(
    "address", [*PAGES, "/settings/account/delete", "/settings/account/export"]
)
def test_a_stranger_is_asked_to_sign_in_and_comes_back(client, db, address):
    response = client.get(address)
    assert response.status_code == 302
    assert response["Location"] == f"/login?next={address}"


def test_a_person_describes_themselves(signed_in, berta):
    given = {
        "fullname": "Berta Beispiel",
        "about": "I <b>train</b> small models.\nOften.",
        "website": "berta.example.org",
        "language": "zh-hans",
    }
    assert signed_in.post("/settings", given)["Location"] == "/settings"
    berta.refresh_from_db()
    assert berta.fullname == "Berta Beispiel"
    assert berta.website == "https://berta.example.org"
    assert "I &lt;b&gt;train&lt;/b&gt;" in signed_in.get("/settings").content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"fullname": "Berta\nBcc: all@example.org"},
        {"fullname": "x" * 201},
        {"about": "x" * 1001},
        {"website": "javascript:alert(1)"},
        {"website": "ftp://example.org/"},
        {"language": "tlh"},
        {"about": "a\x00b"},
    ],
)
def test_a_profile_that_would_do_harm_is_refused(signed_in, berta, page_rules, wrong):
    response = signed_in.post("/settings", wrong)
    assert response.status_code == 200
    page_rules(response, "/settings")
    assert "errorlist" in response.content.decode()
    before = User.objects.get()
    assert (before.fullname, before.about, before.website) == ("", "", "")


def test_nobody_gives_themselves_more_through_the_profile(signed_in, berta):
    signed_in.post(
        "/settings", {"username": "root", "is_superuser": "on", "email": "x@example.org"}
    )
    now = User.objects.get()
    assert now.username == "Berta"
    assert now.email == "berta@example.org"
    assert now.is_superuser is False


def test_an_open_browser_alone_makes_no_token(signed_in, berta, page_rules):
    """What was typed is kept, and sent again once it is known who types."""
    wanted = {"name": "desk", "scope": "write", "days": "30"}
    assert signed_in.get("/settings/tokens").status_code == 200
    asked = signed_in.post("/settings/tokens", wanted)
    assert asked["Location"].startswith("/accounts/reauthenticate/?next=%2Fsettings%2Ftokens")
    signed_in.post(asked["Location"], {"password": "guess"})
    assert not AccessToken.objects.exists()
    made = signed_in.post(asked["Location"], {"password": PASSWORD})
    page_rules(made, "/settings/tokens after a password")
    secret = made.content.decode().split('class="secret">')[1].split("<")[0]
    assert tokens.authenticate(secret).name == "desk"


def test_a_program_in_an_open_browser_makes_no_token_either(signed_in, berta):
    wanted = {"name": "desk", "scope": "write"}

    def ask():
        return signed_in.post("/api/v1/tokens/", wanted, content_type="application/json")

    refused = ask()
    assert refused.status_code == 403
    assert "/accounts/reauthenticate/" in refused.json()["next"]
    assert not AccessToken.objects.exists()
    signed_in.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert ask().status_code == 201


def test_a_token_for_reviews_neither_uploads_nor_lasts_for_ever(confirmed, berta):
    page = confirmed.post("/settings/tokens", {"name": "desk", "scope": "review", "days": "30"})
    secret = page.content.decode().split('class="secret">')[1].split("<")[0]
    token = tokens.authenticate(secret)
    assert token.scope == TokenScope.REVIEW
    assert token.may_review
    assert not token.may_write
    assert AccessToken.objects.get().expires_at is not None


def test_the_password_changes_only_with_the_old_one_and_ends_other_browsers(signed_in, berta):
    other = Client()
    other.post("/login", {"login": "berta", "password": PASSWORD})
    new = {"password1": "another horse battery", "password2": "another horse battery"}
    signed_in.post("/accounts/password/change/", {"oldpassword": "guess", **new})
    assert who(other) == "Berta"
    signed_in.post("/accounts/password/change/", {"oldpassword": PASSWORD, **new})
    assert who(signed_in) == "Berta"
    assert who(other) is None


def test_addresses_are_added_confirmed_and_removed(confirmed, berta, page_rules):
    confirmed.post("/accounts/email/", {"action_add": "", "email": "new@example.org"})
    page = confirmed.get("/accounts/email/")
    page_rules(page, "/accounts/email/")
    assert "new@example.org" in page.content.decode()
    confirmed.post(link_in_mail())
    confirmed.post("/accounts/email/", {"action_primary": "", "email": "new@example.org"})
    berta.refresh_from_db()
    assert berta.email == "new@example.org"
    confirmed.post("/accounts/email/", {"action_remove": "", "email": "berta@example.org"})
    left = EmailAddress.objects.filter(user=berta).values_list("email", flat=True)
    assert list(left) == ["new@example.org"]


def test_what_opens_the_account_is_changed_only_after_asking_once_more(signed_in, page_rules):
    for address in ("/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/"):
        response = signed_in.get(address)
        assert response["Location"].startswith("/accounts/reauthenticate/")
    page = signed_in.get("/accounts/reauthenticate/")
    page_rules(page, "/accounts/reauthenticate/")
    wrong = signed_in.post("/accounts/reauthenticate/", {"password": "guess"})
    page_rules(wrong, "/accounts/reauthenticate/")
    signed_in.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert signed_in.get("/accounts/2fa/totp/activate/").status_code == 200
