"""Odd addresses are refused in words; none is a fault of the site."""

from __future__ import annotations

import pytest
from django.test import Client

ODD = ["/submissions?kind=%00", "/models?search=%00", "/submissions?by=a%00", "/tracks/%00"]


@pytest.mark.django_db
@pytest.mark.parametrize("address", ODD)
def test_a_nul_is_refused(address):
    assert Client().get(address).status_code == 400


def test_the_address_of_a_form_says_where_to_go(scene, as_person, page_rules):
    """Who had to sign in before a form was sent comes back to its address."""
    address = f"/submissions/{scene.weights.pk}/comment"
    response = as_person(scene.berta).get(address)
    assert (response.status_code, response["Allow"]) == (405, "POST")
    page_rules(response, address)
    assert "send it again" in response.content.decode()
