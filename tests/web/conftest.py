from __future__ import annotations

import copy

import pytest


@pytest.fixture(autouse=True)
def _storage_of_its_own(request, tmp_path, settings):
    """Tests that serve pages to a browser share the site's storage; all others get an empty one."""
    if "live_db" not in request.fixturenames:
        blobs = {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "storage")},
        }
        settings.STORAGES = {**settings.STORAGES, "blobs": blobs}


@pytest.fixture(autouse=True)
def _quick_passwords(request, settings):
    """Not where another process has to check what was hashed here."""
    if "live_db" in request.fixturenames:
        return
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="module")
def _scene(request, django_db_setup, django_db_blocker):
    """Made once for a module, in a transaction that is never committed."""
    from django.db import transaction
    from django.test import override_settings

    from tests.web import scene

    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(PASSWORD_HASHERS=hashers):
            made = scene.make()
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def scene(_scene, db):
    """The whole site of scene.py; what a test changes is undone after it."""
    return copy.deepcopy(_scene)


@pytest.fixture
def as_person(client):
    """`as_person(user)` is a browser of that person; None: of nobody."""

    from registry.services import sessions

    def browser(user):
        client.logout()
        if user is not None:
            client.force_login(user)
            # What follows is no browser's first page: that one notes where a person is signed in.
            sessions.was_seen(client.session.session_key)
        return client

    return browser


@pytest.fixture
def page_rules():
    """`page_rules(response, address)`: headers and HTML of any page of ours."""
    from tests.web.rules import faults

    def check(response, address):
        policy = response["Content-Security-Policy"]
        assert "default-src 'self'" in policy, address
        assert "unsafe" not in policy, address
        assert response["X-Frame-Options"] == "DENY", address
        found = faults(response.content.decode())
        assert not found, f"{address}: {found}"

    return check
