"""The site and the browsers of tests/web, and what tells people the news here."""

from __future__ import annotations

import pytest

from tests.news.mailbox import Mailbox
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


@pytest.fixture
def mailbox(settings):
    """A mail server that the site uses during the test."""
    server = Mailbox()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    yield server
    server.shutdown()
    server.server_close()
