"""The site and the browsers of tests/web, and what tells people the news here."""

from __future__ import annotations

import pytest

from tests.web import conftest as web

_storage_of_its_own = web._storage_of_its_own
_quick_passwords = web._quick_passwords
_scene = web._scene
scene = web.scene
as_person = web.as_person
page_rules = web.page_rules


@pytest.fixture
def news(scene):
    """`news(person)` after everything that happened was told: (kind, title, text) newest first."""
    from contributions.models import Notification
    from contributions.services import notification_trail

    notification_trail.sweep()
    Notification.objects.all().delete()

    def told(user):
        notification_trail.sweep()
        lines = Notification.objects.filter(user=user).order_by("-id")
        return [(line.kind, line.title, line.text) for line in lines]

    return told
