"""A NUL in an address is a refusal, not a fault of the site."""

from __future__ import annotations

import pytest
from django.test import Client

ODD = ["/submissions?kind=%00", "/models?search=%00", "/submissions?by=a%00", "/tracks/%00"]


@pytest.mark.django_db
@pytest.mark.parametrize("address", ODD)
def test_a_nul_is_refused(address):
    assert Client().get(address).status_code == 400
