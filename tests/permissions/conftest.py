from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def matrix(django_db_setup, django_db_blocker, tmp_path_factory):
    """The scene and its callers, once for a module, in a transaction that is never committed."""
    from django.conf import settings
    from django.core.cache import cache
    from django.db import transaction
    from django.test import override_settings

    from tests.permissions import scene, world
    from tests.permissions.callers import Callers

    blobs = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(tmp_path_factory.mktemp("storage"))},
    }
    changed = {
        "STORAGES": {**settings.STORAGES, "blobs": blobs},
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "ACCOUNT_RATE_LIMITS": False,
        "ACCOUNT_REAUTHENTICATION_TIMEOUT": 86_400,
        "API_RATE_ANONYMOUS": "",
        "API_RATE_USER": "",
    }
    cache.clear()
    with django_db_blocker.unblock(), override_settings(**changed), transaction.atomic():
        made = scene.make()
        made.callers = Callers(made)
        made.before = world.state()
        yield made
        transaction.set_rollback(True)
