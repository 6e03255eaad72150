"""Fixtures with a real tiny model, trained once for all tests of a process. Imports wait for
Django."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="session")
def materials(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from tests.workers.community import Materials

    return Materials(tmp_path_factory.mktemp("materials"))


@pytest.fixture
def people(live_db: Any, materials: Any) -> Any:
    from tests.workers.community import Community

    return Community(materials)
