from __future__ import annotations

import copy

import pytest


@pytest.fixture(autouse=True)
def _quick(tmp_path, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    blobs = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(tmp_path / "storage")},
    }
    settings.STORAGES = {**settings.STORAGES, "blobs": blobs}


@pytest.fixture(scope="module")
def _scene(django_db_setup, django_db_blocker):
    """Made once for a module, in a transaction that is never committed."""
    from django.db import transaction
    from django.test import override_settings

    from contributions.services import review_queue
    from registry.models import Role
    from registry.services import accounts
    from tests.web import scene

    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(PASSWORD_HASHERS=hashers):
            made = scene.make()
            made.olga = accounts.ensure_user(name="olga", roles=[Role.OPERATOR])
            made.luis = accounts.ensure_user(name="luis", roles=[Role.LICENCE_REVIEWER])
            made.tina = accounts.ensure_user(name="tina", roles=[Role.TECHNICAL_REVIEWER])
            made.robot = accounts.ensure_user(name="robot", bot=True, roles=[Role.OPERATOR])
            # The scene's statuses are written by hand, and its queue is too.
            review_queue.sync(made.waiting, missing_keys=["licence", "privacy"])
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def scene(_scene, db):
    return copy.deepcopy(_scene)


@pytest.fixture
def as_person(client):
    """`as_person(user)` is a browser of that person; None: of nobody."""

    def browser(user):
        client.logout()
        if user is not None:
            client.force_login(user)
        return client

    return browser
