"""A browser that runs no script: everything but live parts and charts works."""

from __future__ import annotations

import re

import pytest

from contributions.models import Review
from tests.journeys.people import Contributor, Reviewer
from tests.web import gallery

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def test_people_offer_talk_answer_and_review_without_scripts(live_db, chromium):
    s = gallery.full()
    cyril = Contributor(chromium, live_db, "cyril", java_script_enabled=False)
    cyril.signs_in("/ada/digits")
    cyril.follows("Edit the card")
    text = cyril.page.get_by_label("Text of README.md")
    text.fill(text.input_value().replace("Reads handwritten", "Reads, quickly, handwritten"))
    cyril.page.get_by_label("What you change").fill("Say that it is quick")
    cyril.presses("Preview")
    cyril.reads("+Reads, quickly, handwritten digits")
    cyril.presses("Open a pull request")
    cyril.page.wait_for_url(re.compile(r"/submissions/\d+$|/discussions/\d+$"))
    cyril.reads("Say that it is quick")

    cyril.goes_to(f"/submissions/{s.asked.pk}")
    cyril.page.get_by_label("Your comment").fill("Written by *me*.")
    cyril.presses("Comment")
    assert cyril.page.locator("em", has_text="me").count() == 1
    cyril.answers("I wrote them, and I agree.")
    cyril.reads("I wrote them, and I agree.")

    lena = Reviewer(chromium, live_db, "lena", java_script_enabled=False)
    lena.signs_in(f"/admin/reviews/{s.waiting.pk}/?key=licence")
    lena.presses("Claim it")
    lena.approves()
    paul = Reviewer(chromium, live_db, "paul", java_script_enabled=False)
    paul.signs_in(f"/submissions/{s.waiting.pk}")
    paul.page.get_by_label("Decision").select_option("approve")
    paul.presses("Record the decision")
    given = Review.objects.filter(submission=s.waiting).values_list("key", "decision")
    assert sorted(given) == [("licence", "approve"), ("privacy", "approve")]
    for person in (cyril, lena, paul):
        person.has_nothing_to_complain_of()
