"""Pages for people with a keyboard, a phone, dark glasses or a screen reader."""

from __future__ import annotations

import pytest

from tests.browser import opened, sign_in
from tests.journeys.accessibility import faults, tabbed
from tests.web import gallery

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
WINDOWS = [("light", 1280), ("dark", 390)]
PAGES = [
    (None, "/ /models /tracks /tracks/digits /tracks/digits/releases/1 /submissions"
     " /submissions/{weights} /submissions/{recipe} /submissions/{pickle} /runs/{training}"
     " /search?q=digits /queue /docs/credit {model} {model}/tree/main {model}/commit/{head}"
     " {model}/discussions/1 {model}/scores {model}/lineage /berta /login /signup /no-such-person"),
    ("berta", "/ /notifications /submissions/mine /settings /settings/tokens /settings/security"
     " /settings/notifications /submit/{offer}/what /submit/{offer}/licence /submit/{offer}/recipe"
     " {model}/edit/main/README.md /new"),
    ("cyril", "/submissions/{asked}"),
    ("lena", "/admin/ /admin/contributions/reviewitem/?key=licence /admin/contributions/review/"
     " /admin/reviews/{waiting}/ /admin/reviews/{waiting}/?show=changes"
     " /admin/reviews/{weights}/?show=scores /admin/reviews/{waiting}/?show=lineage"
     " /admin/reviews/{waiting}/?show=history"),
    ("olga", "/admin/ /admin/operation/ /admin/contributions/track/{track}/"
     " /admin/contributions/publication/{publication}/ /admin/registry/user/"
     " /admin/registry/user/{berta}/ /admin/registry/user/{berta}/keep-out/"
     " /admin/registry/event/?q=berta /admin/contributions/cannedreply/do/write/"),
    ("ada", "/tracks/digits /tracks/digits/releases/1/publish /tracks/new {model}/settings"),
]  # fmt: skip


@pytest.fixture
def shown(live_db):
    return live_db, gallery.full()


def test_texts_have_contrast_fields_have_names_and_nothing_overflows(shown, chromium):
    site, s = shown
    found, windows = [], {}
    for who, address in gallery.addresses(PAGES, s):
        if who not in windows:
            windows[who] = opened(chromium)
            if who:
                sign_in(windows[who], site, getattr(s, who))
        page = windows[who]
        for scheme, width in WINDOWS:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(site.url + address)
            found += [f"{who} {address} {scheme} {width}: {fault}" for fault in faults(page)]
    assert found == []


def test_everything_is_reached_by_tab_and_shows_where_one_is(shown, chromium):
    site, s = shown
    page = opened(chromium)
    sign_in(page, site, s.berta)
    for address in ("/", "/tracks/digits", f"/submissions/{s.rows.pk}", "/settings/tokens"):
        page.goto(site.url + address)
        stops = tabbed(page)
        assert stops[0]["href"] == "#content", address
        assert [stop["name"] for stop in stops if not stop["visible"]] == [], address
        reached = {stop["href"] for stop in stops if stop["href"]}
        links = page.evaluate(
            "[...document.querySelectorAll('main a[href]')].filter((a) => a.checkVisibility())"
            ".map((a) => a.getAttribute('href'))"
        )
        assert set(links) <= reached, address
        fields = "main :is(input, select, textarea, button, summary)"
        wanted = page.locator(f"{fields}:visible:not(:disabled)").count()
        assert len(stops) >= wanted, address
    _menus_open_by_keyboard(site, page)
    assert not page.complaints


def _menus_open_by_keyboard(site, page):
    page.goto(f"{site.url}/tracks")
    page.locator("details.menu > summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site.url}/berta")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
