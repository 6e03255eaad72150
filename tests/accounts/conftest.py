from __future__ import annotations

import pytest

from tests.accounts.people import PASSWORD
from tests.web.conftest import _scene, _storage_of_its_own, page_rules, scene  # noqa: F401


@pytest.fixture(autouse=True)
def _no_attempts_before(request):
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(autouse=True)
def _quick_passwords(request, settings):
    if "live_db" not in request.fixturenames:
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def berta(db):
    from registry.services import accounts

    return accounts.ensure_user(name="Berta", email="berta@example.org", password=PASSWORD)


@pytest.fixture
def signed_in(client, berta):
    """A browser in which berta has just signed in."""
    client.post("/login", {"login": "berta", "password": PASSWORD})
    return client


@pytest.fixture
def confirmed(signed_in):
    """The same after she has confirmed that it is her."""
    signed_in.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return signed_in
