"""In a real browser: a log is followed, paused and searched, and the page around it stays put."""

from __future__ import annotations

import pytest

from contributions.models import Run, RunStatus, Submission, SubmissionStatus
from tests.browser import opened, sign_in

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture
def scene_of_site(live_db):
    from tests.web import scene

    return live_db, scene.make()


@pytest.fixture
def page(chromium):
    made = opened(chromium)
    yield made
    assert not made.complaints


def shows(page, words):
    page.locator("pre.log").filter(has_text=words).first.wait_for(timeout=10_000)


def grow(run, line):
    run.log += f"\n{line}"
    Run.objects.filter(pk=run.pk).update(log=run.log)


def test_a_log_is_followed_paused_and_followed_again(scene_of_site, page):
    site, s = scene_of_site
    page.goto(f"{site.url}/runs/{s.training.pk}")
    log = page.locator(f"#log-{s.training.pk}")
    grow(s.training, "the first new line")
    shows(page, "first new")
    page.get_by_role("button", name="Pause").click()
    grow(s.training, "the second new line")
    page.wait_for_timeout(4500)
    assert "second new" not in log.text_content()
    page.get_by_role("button", name="Follow").click()
    shows(page, "second new")
    assert log.text_content().count("first new line") == 1

    Run.objects.filter(pk=s.training.pk).update(
        status=RunStatus.SUCCEEDED, log=s.training.log + "\nthe end"
    )
    shows(page, "the end")
    page.wait_for_selector("button[data-follows]", state="hidden")
    assert page.locator(".log-next").count() == 0


def test_a_paused_log_stays_while_the_page_around_it_moves(scene_of_site, page):
    site, s = scene_of_site
    page.goto(f"{site.url}/submissions/{s.recipe.pk}")
    page.get_by_role("button", name="Pause").first.click()
    s.training.log += "\nnot to be seen"
    Run.objects.filter(pk=s.training.pk).update(
        progress={"step": 300, "of": 360, "stage": "train"}, log=s.training.log, attempt=3
    )
    page.wait_for_selector("progress[value='300']", timeout=8000)
    assert "not to be seen" not in page.locator(f"#log-{s.training.pk}").text_content()
    page.get_by_role("button", name="Follow").first.click()
    shows(page, "not to be seen")
    Submission.objects.filter(pk=s.recipe.pk).update(
        status=SubmissionStatus.IN_REVIEW, status_reason="Waits for the licence key."
    )
    Run.objects.filter(pk=s.training.pk).update(status=RunStatus.SUCCEEDED)
    page.wait_for_selector("text=It waits for people who turn its keys.", timeout=8000)


def test_a_log_is_searched_and_a_question_answered_by_keyboard(scene_of_site, page):
    site, s = scene_of_site
    page.goto(f"{site.url}/runs/{s.training.pk}")
    page.get_by_label("Search in this log").fill("step 200")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/*?q=step+200")
    assert page.locator("mark").first.text_content() == "step 200"
    sign_in(page, site, s.dora)
    page.goto(f"{site.url}/submissions/{s.recipe.pk}")
    page.get_by_label("Your comment").fill("Nearly there, *I think*.")
    page.wait_for_timeout(4500)
    assert page.get_by_label("Your comment").input_value() == "Nearly there, *I think*."
    page.get_by_role("button", name="Comment").click()
    page.wait_for_selector("em:text('I think')")
