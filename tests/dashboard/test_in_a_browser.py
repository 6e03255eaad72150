"""In a real browser: the dashboard's policy blocks nothing, and a review needs no mouse."""

from __future__ import annotations

import pytest

from contributions.models import Review, RunKind
from contributions.services import review_queue
from tests.browser import opened, sign_in
from tests.web import scene as scenes

pytestmark = pytest.mark.slow


@pytest.fixture
def page(live_db, chromium):
    made = scenes.make()
    scenes.run(made.waiting, RunKind.CHECK)
    review_queue.sync(made.waiting, missing_keys=["licence", "privacy"])
    page = opened(chromium, viewport={"width": 1280, "height": 900})
    sign_in(page, live_db, made.lena)
    page.site, page.scene = live_db.url, made
    return page


def test_a_reviewer_decides_with_the_keyboard_alone(page):
    page.goto(f"{page.site}/admin/contributions/reviewitem/?key=licence")
    page.get_by_role("button", name="Take the next").press("Enter")
    page.get_by_role("heading", name="The licence key").wait_for()
    page.get_by_role("link", name="Changes").press("Enter")
    page.get_by_text("adapters/wide/adapter_model.safetensors").first.wait_for()
    page.get_by_label("Approve: turn the key").press("Space")
    page.get_by_role("button", name="Decide", exact=True).press("Enter")
    page.get_by_text("is recorded").wait_for()
    review = Review.objects.get(submission=page.scene.waiting)
    assert (review.key, review.decision) == ("licence", "approve")
    assert page.complaints == []
    assert all(url.startswith((page.site, "data:")) for url in page.requested)


def test_pages_fit_a_phone_and_charts_are_drawn(page):
    page.set_viewport_size({"width": 390, "height": 844})
    for address in (
        "/admin/",
        "/admin/contributions/reviewitem/",
        f"/admin/reviews/{page.scene.waiting.pk}/?show=scores",
    ):
        page.goto(f"{page.site}{address}")
        page.wait_for_load_state("networkidle")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, address
    page.goto(f"{page.site}/admin/")
    assert page.complaints == []
