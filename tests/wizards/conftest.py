from __future__ import annotations

import pytest

from tests.web.conftest import (  # noqa: F401
    _quick_passwords,
    _scene,
    _storage_of_its_own,
    as_person,
    page_rules,
    scene,
)


@pytest.fixture
def cast(db):
    from tests.contributions.cast import Cast

    return Cast()
