"""One contribution on its whole way, by the hands of everybody who has a part in it."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import expect

from contributions.models import Publication, Submission
from registry.models import Role
from registry.services import accounts
from tests.journeys.conftest import HUB_TOKEN
from tests.journeys.people import Contributor, Maintainer, Reviewer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
TITLE = "Trained on all public sentences"
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}


@pytest.fixture
def better(town, tmp_path):
    """A folder as somebody has it on their disk: the weights and a note."""
    folder = tmp_path / "mine"
    folder.mkdir()
    shutil.copy(town.people.materials.better / "model.safetensors", folder)
    return folder


def test_a_patch_travels_from_sign_up_to_the_hub(town, better):
    nora = Contributor(town.browser, town.site, "nora", **PHONE)
    nora.signs_up()
    nora.finds_the_track("What customers want")
    number = nora.submits(better, title=TITLE)
    nora.watches_until("checking")
    nora.watches_until("benchmark")
    nora.watches_until("in review")

    paul = Reviewer(town.browser, town.site, "paul")
    paul.signs_in("/admin/")
    paul.takes_from_the_queue("privacy", TITLE)
    paul.looks_at("Changes", "model.safetensors")
    paul.asks("consent of the people in it is unclear", "Whose sentences are they?")

    nora.opens_the_news("a question about")
    nora.reads("Whose sentences are they?")
    nora.answers("A program put them together; they are about nobody.")
    paul.takes_from_the_queue("privacy", TITLE)
    paul.reads("they are about nobody")
    paul.approves()

    lena = Reviewer(town.browser, town.site, "lena")
    lena.signs_in("/admin/")
    lena.takes_from_the_queue("licence", TITLE)
    lena.looks_at("Scores", "95 %")
    lena.approves()
    nora.goes_to(f"/submissions/{number}")
    nora.reads("approved")
    accounts.ensure_user(name="nora", roles=[Role.LICENCE_REVIEWER])
    nora.goes_to(f"/admin/reviews/{number}/?key=licence")
    expect(nora.page.get_by_role("note")).to_contain_text("it is your own")
    assert nora.page.get_by_role("button", name="Decide").count() == 0

    berta = Maintainer(town.browser, town.site, "berta")
    berta.signs_in(f"/tracks/{town.track.name}")
    berta.makes_a_release(town.track.name)
    berta.sees_it_made()
    hub = town.hub.result()
    town.publisher()
    berta.publishes_to(hub.url, "mirror/requests", token=HUB_TOKEN)
    assert Publication.objects.get().status == "published"

    nora.opens_the_news("published")
    nora.goes_to(f"/tracks/{town.track.name}/releases/1")
    credit = nora.page.get_by_role("table", name="credit")
    expect(credit).to_contain_text("nora")
    nora.goes_to("/nora")
    nora.reads(TITLE)
    nora.reads("nats")
    assert Submission.objects.get(pk=number).status == "published"

    for person in (nora, paul, lena, berta):
        person.has_nothing_to_complain_of()
