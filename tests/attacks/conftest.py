"""The site and the browsers of tests/web, with everybody that an attacker might pose as."""

from __future__ import annotations

import copy

import pytest

from tests.web import conftest as web

_storage_of_its_own = web._storage_of_its_own
_quick_passwords = web._quick_passwords
_scene = web._scene
as_person = web.as_person
page_rules = web.page_rules


@pytest.fixture(autouse=True)
def _no_rate_limits(settings):
    """What they hold off is attacked in test_floods.py."""
    settings.API_RATE_ANONYMOUS = settings.API_RATE_USER = ""


@pytest.fixture
def scene(_scene, db):
    """With `vera`, who operates the site and has every role."""
    from registry.models import Role
    from registry.services import accounts

    made = copy.deepcopy(_scene)
    made.vera = accounts.ensure_user(name="vera", roles=list(Role))
    return made
