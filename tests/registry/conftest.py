"""A small fixed cast: Ada owns, Berta belongs to Ada's organisation, Emil is a stranger.

Django is set up after this file is read, so its fixtures import what they need.
"""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _storage_of_its_own(request, tmp_path, settings):
    """Tests that serve pages share the site's storage; all others get an empty one."""
    if "live_db" not in request.fixturenames:
        blobs = {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "storage")},
        }
        settings.STORAGES = {**settings.STORAGES, "blobs": blobs}


@pytest.fixture
def ada(db):
    from registry.services import accounts

    return accounts.ensure_user(name="ada", email="ada@example.org", token="hf_ada_token_0000")


@pytest.fixture
def emil(db):
    from registry.services import accounts

    return accounts.ensure_user(name="emil", token="hf_emil_token_0000")


@pytest.fixture
def model(ada):
    from registry.services import repositories

    return repositories.create(actor=ada, namespace=ada.namespace, name="tiny", repo_type="model")
