"""Everybody's submissions by filters; one's own by what needs one first."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contributions.models import OfferDraft, PatchKind, Submission, SubmissionStatus
from registry.models import Repository
from tests.web import scene as scenes

EVIL = "<script>alert(1)</script>"


def titles(response):
    return re.findall(
        r'<th scope="row" class="what"><a href="[^"]+">([^<]+)</a>', response.content.decode()
    )


def test_titles_are_searched_by_words(scene, client, page_rules):
    response = client.get("/submissions?q=schedule+WARM")
    page_rules(response, "q")
    assert titles(response) == ["Warm-up and cosine schedule"]
    assert titles(client.get("/submissions?q=100%25")) == []
    assert "No submission fits." in client.get("/submissions?q=nothing").content.decode()


def test_filters_combine_and_stay(scene, client):
    response = client.get("/submissions?track=digits&status=released&by=BERTA&sort=oldest")
    assert titles(response) == ["Longer training with augmentation"]
    html = response.content.decode()
    assert '<input type="hidden" name="status" value="released">' in html
    assert titles(client.get("/submissions?repository=ada/digits-data")) == [
        "300 more handwritten rows"
    ]
    assert titles(client.get("/submissions?repository=digits-data&kind=data")) == [
        "300 more handwritten rows"
    ]
    oldest = titles(client.get("/submissions?sort=oldest"))
    assert oldest == titles(client.get("/submissions"))[::-1]


def test_private_submissions_are_found_by_no_filter(scene, client):
    Repository.objects.filter(pk=scene.data.pk).update(private=True)
    for query in ("q=handwritten", "repository=ada/digits-data", "by=berta", "kind=data"):
        assert "300 more" not in client.get(f"/submissions?{query}").content.decode()


def test_hostile_filters_stay_text(scene, client, page_rules):
    for key in ("q", "by", "repository", "kind", "track", "status", "sort", "page"):
        response = client.get("/submissions", {key: f'"><script>alert(1)</script>{EVIL}'})
        assert response.status_code == 200
        assert EVIL not in response.content.decode()
        page_rules(response, key)


def test_one_s_own_need_a_sign_in(client, db):
    assert client.get("/submissions/mine")["Location"] == "/login?next=/submissions/mine"


def test_what_needs_one_comes_first(scene, as_person, page_rules):
    scenes.put(
        scene.weights, SubmissionStatus.NEEDS_INFO, kind=PatchKind.WEIGHTS, track=scene.track
    )
    response = as_person(scene.berta).get("/submissions/mine")
    page_rules(response, "mine")
    html = response.content.decode()
    assert titles(response) == [
        "Longer training with augmentation",
        "300 more handwritten rows",
        "Half an idea",
    ]
    assert "Needs you" in html
    assert "With the answer the review goes on." in html
    assert "My labels" not in html


def test_what_is_at_work_and_what_is_settled_follow(scene, as_person):
    html = as_person(scene.cyril).get("/submissions/mine").content.decode()
    assert html.index("Nothing: no question waits") < html.index("Adapter with r = 16")
    assert html.index("Adapter with r = 16") < html.index("LoRA adapter for slanted sevens")


def test_drafts_of_the_wizard_are_gone_on_with(scene, as_person, page_rules):
    draft = OfferDraft.objects.create(author=scene.emil, repository=scene.model, title=EVIL)
    OfferDraft.objects.create(author=scene.berta, title="somebody else's")
    response = as_person(scene.emil).get("/submissions/mine")
    page_rules(response, "drafts")
    html = response.content.decode()
    assert f'href="/submit/{draft.pk}"' in html
    assert EVIL not in html
    assert "somebody else" not in html


def test_nothing_of_one_s_own_leads_to_the_wizard(scene, as_person, page_rules):
    response = as_person(scene.lena).get("/submissions/mine")
    page_rules(response, "empty")
    assert 'href="/submit"' in response.content.decode()
    assert "You have not offered anything yet." in response.content.decode()


@pytest.mark.parametrize(
    "address", ["/submissions/mine", "/submissions", "/submissions?q=a&by=berta"]
)
def test_lists_take_at_most_fifteen_queries_and_no_more_with_more_rows(scene, as_person, address):
    browser = as_person(scene.berta)

    def count():
        browser.get(address)
        with CaptureQueriesContext(connection) as queries:
            browser.get(address)
        return len(queries)

    before = count()
    for number in range(3):
        made = scenes.offer(scene.model, scene.berta, f"Again {number}", {f"a-{number}": b"x"})
        scenes.put(made, SubmissionStatus.FAILED, kind=PatchKind.WEIGHTS, track=scene.track)
    assert count() <= before <= 15
    assert Submission.objects.filter(contributor=scene.berta).count() == 6
