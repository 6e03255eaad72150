"""Where one is signed in: listed with device and address, ended one by one or all others."""

from __future__ import annotations

import datetime as dt

import pytest
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from registry.services import accounts
from registry.web.devices import device
from tests.accounts.people import PASSWORD, who

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)
LAPTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def browser(agent, address="192.0.2.7", name="berta"):
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
    client.post("/login", {"login": name, "password": PASSWORD})
    return client


@pytest.fixture
def laptop(berta):
    return browser(LAPTOP)


@pytest.fixture
def phone(berta):
    return browser(PHONE, "2001:db8::7")


def page(client):
    return client.get("/settings/sessions").content.decode()


def test_every_browser_is_listed_with_device_address_and_use(laptop, phone, page_rules):
    page_rules(laptop.get("/settings/sessions"), "/settings/sessions")
    shown = page(laptop)
    assert "Firefox on Linux" in shown
    assert "192.0.2.7" in shown
    assert "Safari on iPhone" in shown
    assert "2001:db8::7" in shown
    assert shown.count("this browser") == 1


def test_one_browser_is_signed_out(laptop, phone):
    phones = UserSession.objects.get(user_agent=PHONE)
    laptop.post(f"/settings/sessions/{phones.pk}/end")
    assert who(phone) is None
    assert who(laptop) == "Berta"
    assert "iPhone" not in page(laptop)


def test_all_others_are_signed_out(laptop, phone):
    third = browser(PHONE, "192.0.2.9")
    said = laptop.post("/settings/sessions", follow=True).content.decode()
    assert "2 browsers are signed out." in said
    assert (who(phone), who(third), who(laptop)) == (None, None, "Berta")
    assert "Sign out all others" not in page(laptop)


def test_ending_this_one_signs_out(laptop):
    own = UserSession.objects.get()
    assert laptop.post(f"/settings/sessions/{own.pk}/end")["Location"] == "/"
    assert who(laptop) is None


def test_nobody_ends_or_sees_the_sessions_of_another(laptop, db):
    accounts.ensure_user(name="emil", password=PASSWORD)
    emil = browser(PHONE, "192.0.2.99", "emil")
    laptops = UserSession.objects.get(user_agent=LAPTOP)
    assert emil.post(f"/settings/sessions/{laptops.pk}/end").status_code == 404
    emil.post("/settings/sessions")
    assert who(laptop) == "Berta"
    assert "192.0.2.7" not in page(emil)


def test_a_changed_password_ends_the_others_and_the_list_says_so(laptop, phone):
    words = {
        "oldpassword": PASSWORD,
        "password1": "another horse 7",
        "password2": "another horse 7",
    }
    laptop.post("/accounts/reauthenticate/", {"password": PASSWORD})
    laptop.post("/accounts/password/change/", words)
    assert who(phone) is None
    assert "iPhone" not in page(laptop)


def test_the_security_page_offers_to_end_the_others(laptop, phone):
    shown = laptop.get("/settings/security").content.decode()
    assert "1 other browser is signed in" in shown
    assert '<form method="post" action="/settings/sessions"' in shown
    laptop.post("/settings/sessions")
    assert "You are signed in nowhere else." in laptop.get("/settings/security").content.decode()


def test_what_is_used_is_told_without_a_write_for_every_page(laptop, django_assert_max_num_queries):
    long_ago = timezone.now() - dt.timedelta(days=1)
    UserSession.objects.update(last_seen_at=long_ago)
    page(laptop)
    assert UserSession.objects.get().last_seen_at == long_ago, "looked at a moment before"
    cache.clear()
    laptop.get("/about", REMOTE_ADDR="192.0.2.8")
    used = UserSession.objects.get()
    assert used.last_seen_at > long_ago
    assert used.ip == "192.0.2.8"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (PHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("curl/8", "curl/8"),
        ("", "unknown"),
    ],
)
def test_a_browser_is_named_as_its_owner_would(agent, name):
    assert device(agent) == name
