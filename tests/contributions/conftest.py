"""The cast: Berta owns the models, Ada contributes, Lena holds the licence key, Paul the privacy
key, Emil is a stranger. Django is set up after this file is read, so fixtures import late."""

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
def cast(db):
    from tests.contributions import cast

    return cast.Cast()
