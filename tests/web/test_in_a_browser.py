"""In a real browser: pages follow what happens, nothing is blocked, nothing overflows."""

from __future__ import annotations

import pytest

from contributions.models import Run, RunStatus, Submission, SubmissionStatus
from tests.browser import PHONE, opened, sign_in

pytestmark = pytest.mark.slow
CAPTIONS_STAND_STILL = """() => [...document.querySelectorAll(".scroll")].every((place) => {
  place.scrollLeft = 10000;
  const caption = place.querySelector("caption");
  const [outer, inner] = [place, caption].map((e) => e.getBoundingClientRect());
  return inner.left >= outer.left && inner.right <= outer.right + 1;
})"""


@pytest.fixture
def site_scene(live_db):
    from tests.web import scene

    return live_db, scene.make()


def test_a_person_watches_a_run_end(site_scene, chromium):
    site, s = site_scene
    page = opened(chromium)
    page.goto(f"{site.url}/submissions/{s.recipe.pk}")
    assert page.locator("progress").get_attribute("value") == "220"
    live = f"{site.url}/submissions/{s.recipe.pk}/live"
    page.wait_for_event("response", lambda answer: answer.url == live and answer.status == 304)
    assert page.locator("progress").count() == 1, "304 must leave the page as it is"

    details = page.locator("details.run").last
    details.locator("summary").click()
    log = s.training.log + "\nstep 250 of 360, loss 0.2011"
    Run.objects.filter(pk=s.training.pk).update(
        progress={"step": 250, "of": 360, "stage": "train"}, log=log, attempt=3
    )
    page.wait_for_selector("progress[value='250']", timeout=8000)
    assert "loss 0.2011" in page.locator("pre.log").first.text_content()
    at_end = page.evaluate(
        "(() => { const l = document.querySelector('pre.log');"
        " return l.scrollHeight - l.scrollTop - l.clientHeight; })()"
    )
    assert at_end < 30, "the log follows its end"
    assert details.get_attribute("open") is not None, "what was opened stays open"

    Run.objects.filter(pk=s.training.pk).update(status=RunStatus.SUCCEEDED)
    Submission.objects.filter(pk=s.recipe.pk).update(
        status=SubmissionStatus.IN_REVIEW, status_reason="Waits for the licence key."
    )
    page.wait_for_selector("text=Waits for the licence key.", timeout=8000)
    page.wait_for_timeout(2500)
    asked = len(page.requested)
    page.wait_for_timeout(2500)
    assert len(page.requested) == asked, "nothing is asked for any more"
    assert not page.complaints


def test_pages_load_nothing_from_elsewhere_and_nothing_is_blocked(site_scene, chromium):
    site, s = site_scene
    page = opened(chromium)
    sign_in(page, site, s.lena)
    model = s.model.get_absolute_url()
    for address in (
        "/",
        "/tracks/digits",
        "/tracks/digits/releases/1",
        f"/submissions/{s.waiting.pk}",
        f"{model}/tree/main",
        model,
        "/settings/tokens",
    ):
        page.goto(site.url + address)
        assert page.locator("h1").count() == 1
    assert all(url.startswith(site.url) for url in page.requested)
    assert not page.complaints
    assert all(status < 400 for _, status in page.answers)


def test_no_page_is_wider_than_a_phone(site_scene, chromium):
    site, s = site_scene
    page = opened(chromium, viewport=PHONE)
    model = s.model.get_absolute_url()
    for address in (
        "/",
        "/tracks",
        "/tracks/digits",
        "/tracks/digits/releases/1",
        "/submissions",
        f"/submissions/{s.weights.pk}",
        f"/submissions/{s.recipe.pk}",
        f"/runs/{s.training.pk}",
        model,
        f"{model}/tree/main",
        f"{model}/blob/main/README.md",
        f"{model}/discussions/1",
        "/berta",
        "/login",
    ):
        page.goto(site.url + address)
        assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"], address
        assert page.evaluate(CAPTIONS_STAND_STILL), f"{address}: a caption scrolls away"


def test_the_skip_link_comes_first_and_the_theme_is_kept(site_scene, chromium):
    site, _ = site_scene
    page = opened(chromium, color_scheme="light")
    page.goto(f"{site.url}/tracks")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"

    def paper():
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    light = paper()
    page.select_option("#theme-choice", "dark")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    assert page.url == f"{site.url}/tracks"
    assert paper() != light
    page.goto(f"{site.url}/models")
    assert paper() != light


def test_a_person_signs_in_and_makes_a_token(live_db, chromium):
    from registry.services import accounts, tokens

    accounts.ensure_user(name="berta", password="correct horse battery")
    page = opened(chromium)
    page.goto(f"{live_db.url}/settings/tokens")
    page.get_by_label("Username").fill("berta")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Name").fill("laptop")
    page.get_by_role("button", name="Make the token").click()
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Confirm").click()
    secret = page.locator("code.secret").text_content()
    assert tokens.authenticate(secret).user.username == "berta"
    assert not page.complaints


def test_the_set_up_link_makes_an_operator(live_db, chromium):
    from registry.models import Role, User
    from registry.services import accounts

    path = "/setup/" + accounts.first_operator_link().rsplit("/", 1)[1]
    page = opened(chromium)
    page.goto(live_db.url + path)
    page.get_by_label("Name").fill("olga")
    page.get_by_label("Password", exact=False).first.fill("correct horse battery")
    page.get_by_label("The same password again").fill("correct horse battery")
    page.get_by_role("button", name="Become the operator").click()
    page.wait_for_selector("text=You are olga, the operator of this site.")
    assert User.objects.get(username="olga").has_role(Role.OPERATOR)
    assert not page.complaints
