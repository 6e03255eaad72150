"""Signing in with a second factor: codes of an app, recovery codes."""

from __future__ import annotations

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from tests.accounts.people import PASSWORD, who


def code_of(secret):
    """What an authenticator app shows."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.fixture
def protected(confirmed, berta, page_rules):
    """Berta's app: its secret, after it was set up over HTTP."""
    page = confirmed.get("/accounts/2fa/totp/activate/")
    page_rules(page, "activate")
    secret = re.search(r'readonly value="([A-Z2-7]+)"', page.content.decode())[1]
    wrong = confirmed.post("/accounts/2fa/totp/activate/", {"code": "000000"})
    page_rules(wrong, "activate")
    assert not Authenticator.objects.exists()
    response = confirmed.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})
    assert response["Location"] == "/accounts/2fa/recovery-codes/"
    return secret


def half_signed_in():
    client = Client()
    response = client.post("/login", {"login": "berta", "password": PASSWORD, "next": "/tracks"})
    assert response["Location"].startswith("/accounts/2fa/authenticate/")
    assert who(client) is None
    return client


def forget_used_codes():
    """A code opens once; the next is half a minute away."""
    from django.core.cache import cache

    cache.clear()


def test_the_password_alone_opens_nothing_any_more(protected, page_rules):
    forget_used_codes()
    client = half_signed_in()
    page_rules(client.get("/accounts/2fa/authenticate/"), "authenticate")
    wrong = client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    page_rules(wrong, "authenticate")
    assert who(client) is None
    response = client.post("/accounts/2fa/authenticate/", {"code": code_of(protected)})
    assert response["Location"] == "/tracks"
    assert who(client) == "Berta"


def test_codes_cannot_be_guessed(protected):
    forget_used_codes()
    client = half_signed_in()
    for _ in range(5):
        client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    client.post("/accounts/2fa/authenticate/", {"code": code_of(protected)})
    assert who(client) is None


def test_a_recovery_code_opens_once(protected, confirmed, page_rules):
    page = confirmed.get("/accounts/2fa/recovery-codes/")
    page_rules(page, "recovery codes")
    codes = re.search(r'<pre class="copy"><code>([^<]+)', page.content.decode())[1].split()
    assert len(codes) == 10
    assert codes[0] in confirmed.get("/accounts/2fa/recovery-codes/download/").content.decode()
    client = half_signed_in()
    client.post("/accounts/2fa/authenticate/", {"code": codes[0]})
    assert who(client) == "Berta"
    again = half_signed_in()
    again.post("/accounts/2fa/authenticate/", {"code": codes[0]})
    assert who(again) is None


def test_recovery_codes_are_shown_only_after_asking_once_more(protected, berta):
    client = Client()
    client.force_login(berta)
    for page in ("", "download/"):
        response = client.get(f"/accounts/2fa/recovery-codes/{page}")
        assert "/reauthenticate/" in response["Location"]


def test_the_database_alone_makes_no_codes(protected):
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert protected not in kept


def test_a_new_secret_key_still_reads_what_the_old_one_wrote(protected, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-" + "0123456789" * 5
    forget_used_codes()
    client = half_signed_in()
    client.post("/accounts/2fa/authenticate/", {"code": code_of(protected)})
    assert who(client) == "Berta"


def test_it_is_switched_off_after_a_question(protected, confirmed, page_rules):
    page_rules(confirmed.get("/settings/security"), "/settings/security")
    page = confirmed.get("/accounts/2fa/totp/deactivate/")
    page_rules(page, "deactivate")
    confirmed.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(type="totp").exists()
    client = Client()
    client.post("/login", {"login": "berta", "password": PASSWORD})
    assert who(client) == "Berta"


def test_the_addresses_of_the_library_lead_to_the_settings(signed_in):
    for address in ("/accounts/2fa/", "/accounts/2fa/webauthn/"):
        assert signed_in.get(address)["Location"] == "/settings/security"
