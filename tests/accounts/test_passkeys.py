"""Passkeys in a real browser with an authenticator of its own."""

from __future__ import annotations

import pytest

from tests.accounts.people import PASSWORD
from tests.browser import opened

pytestmark = pytest.mark.slow
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def page(chromium):
    """A page with a device that knows passkeys; it collects what the console complains about."""
    page = opened(chromium)
    page.device = page.context.new_cdp_session(page)
    page.device.send("WebAuthn.enable")
    answer = page.device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    page.authenticator = answer["authenticatorId"]
    return page


@pytest.fixture
def site(live_db):
    """By name: browsers keep passkeys for no number."""
    return live_db.url.replace("127.0.0.1", "localhost")


def sign_in(page, site):
    page.goto(f"{site}/login?next=/settings/security")
    page.get_by_label("Username or e-mail address").fill("berta")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def add_passkey(page, site, *, alone):
    sign_in(page, site)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name", exact=True).fill("laptop")
    page.get_by_label("Also sign in with it alone").set_checked(alone)
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_selector("text=Recovery codes")
    page.goto(f"{site}/settings/security")
    assert page.get_by_role("rowheader", name="laptop").count() == 1


def sign_out(page):
    page.context.clear_cookies()


def test_a_passkey_alone_signs_in(site, page, berta):
    add_passkey(page, site, alone=True)
    sign_out(page)
    page.goto(f"{site}/login?next=/settings/security")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{site}/settings/security")
    assert page.locator("summary", has_text="Berta").count() == 1
    assert not page.complaints


def test_a_passkey_is_a_second_factor_and_confirms(site, page, berta):
    add_passkey(page, site, alone=False)
    sign_out(page)
    sign_in(page, site)
    assert "/accounts/2fa/authenticate/" in page.url
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{site}/settings/security")
    page.get_by_role("link", name="Rename laptop").click()
    page.get_by_role("link", name="Use a security key").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_label("Name").fill("old laptop")
    page.get_by_role("button", name="Rename").click()
    page.goto(f"{site}/settings/security")
    page.get_by_role("link", name="Remove old laptop").click()
    page.get_by_role("button", name="Remove it").click()
    page.wait_for_selector("text=None. A passkey on your phone")
    assert not page.complaints


def test_a_device_that_refuses_is_told_on_the_page(site, page, berta):
    page.device.send(
        "WebAuthn.setUserVerified", {"authenticatorId": page.authenticator, "isUserVerified": False}
    )
    page.goto(f"{site}/login")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_selector("text=The passkey was not accepted")
    assert page.url == f"{site}/login"
