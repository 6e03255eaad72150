from __future__ import annotations

import pytest

pytest_plugins = ["tests.web.conftest"]


@pytest.fixture
def cast(db):
    from tests.contributions.cast import Cast

    return Cast()
