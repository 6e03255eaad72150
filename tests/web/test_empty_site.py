"""The first pages of a site that nobody has put anything on."""

from __future__ import annotations

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _nothing_remembered(db):
    cache.clear()
    yield
    cache.clear()


def test_home_says_how_it_begins(client, page_rules):
    response = client.get("/")
    page_rules(response, "/")
    html = response.content.decode()
    for address in ("/new", "/tracks/new", "/docs"):
        assert f'href="{address}"' in html
    assert "Nothing has been offered yet" in html
    assert "No release yet" in html


def test_lists_say_what_to_do(client, page_rules):
    for address in ("/models", "/datasets"):
        html = client.get(address).content.decode()
        page_rules(client.get(address), address)
        assert "Make the first one here" in html
        assert "hf upload" in html
    html = client.get("/models?search=x").content.decode()
    assert "Nothing fits" in html
    assert 'href="/models"' in html
