"""Debian's Chromium for tests: windows that keep what their pages complain of."""

from __future__ import annotations

import contextlib

import pytest

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def chromium(monkeypatch):
    # Playwright's loop makes Django think that it runs inside async code.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    from django.db import connections

    with launched() as browser:
        yield browser
        # Inside playwright's loop Django has a connection of its own.
        connections.close_all()


@contextlib.contextmanager
def launched():
    """The browser, outside of pytest too."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield browser
        browser.close()


def opened(browser, **options):
    """A page that collects what the console and the network complain about."""
    page = browser.new_context(**options).new_page()
    page.complaints, page.requested, page.answers = [], [], []
    page.on("console", lambda said: _heard(page, said))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda request: page.requested.append(request.url))
    page.on("response", lambda response: page.answers.append((response.url, response.status)))
    return page


def _heard(page, said):
    if said.type in {"error", "warning"}:
        page.complaints.append(said.text)


def sign_in(page, site, user):
    """Without the form, which has tests of its own."""
    from django.test import Client

    cookies = Client()
    cookies.force_login(user)
    page.context.add_cookies(
        [{"name": "sessionid", "value": cookies.cookies["sessionid"].value, "url": site.url}]
    )
