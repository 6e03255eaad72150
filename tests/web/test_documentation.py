"""The documentation answers, is complete and says what is so."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from contributions.web.docs import PAGES, document
from workers.training.recipe_fields import FIELDS


@pytest.mark.parametrize("path", ["/docs", *(f"/docs/{slug}" for slug in PAGES)])
def test_every_page_answers_to_anybody(db, path, page_rules):
    response = Client().get(path)
    assert response.status_code == 200
    page_rules(response, path)


def test_commands_hold_this_sites_address(db):
    said = Client().get("/docs/contribute", headers={"host": "localhost"}).content.decode()
    assert "HF_ENDPOINT=http://localhost" in said
    assert "SITE_URL" not in said


def test_an_unknown_page_is_not_found(db):
    assert Client().get("/docs/nothing").status_code == 404
    assert Client().get("/docs/..%2f..%2fREADME").status_code == 404


def test_the_recipe_reference_names_every_key_and_no_other():
    rows = re.findall(r"^\| `([a-z_.]+)` \|", document("recipes", "en").body, re.MULTILINE)
    nested = {name for name, field in FIELDS.items() if isinstance(field, dict)}
    keys = {name for name in FIELDS if name not in nested}
    keys |= {f"lora.{name}" for name in FIELDS["lora"]} | {"data.columns"}
    assert set(rows) == keys
    assert len(rows) == len(keys)


def test_links_of_the_documentation_lead_somewhere(db):
    for slug in PAGES:
        for address in set(re.findall(r"\]\((/[^)]*)\)", document(slug, "en").body)):
            status = Client().get(address).status_code
            assert status in {200, 302}, f"{slug} links to {address}: {status}"


def test_the_exit_codes_are_those_of_the_client():
    from commonweight.errors import Exit

    told = {int(code) for code in re.findall(r"^\| (\d) \|", document("ci", "en").body, re.M)}
    assert told == {code.value for code in Exit if code is not Exit.INTERRUPTED}


def test_the_commands_are_those_of_the_client():
    from commonweight.main import parser

    commands = set(re.findall(r"^\| `commonweight (\w+)", document("ci", "en").body, re.M))
    choices = parser()._subparsers._group_actions[0].choices
    assert commands == set(choices)
