"""A release shows the way from its base to its loss, why each number, and how it is published."""

from __future__ import annotations

import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contributions.models import (
    HubToken,
    Publication,
    PublicationStatus,
    PublicationStep,
    ReleasePatch,
    Run,
)
from contributions.services import hub_tokens
from registry.models import Maintainer, MemberRole
from tests.web import scene as scenes

PAGE = "/tracks/digits/releases/1"
EVIL = "<script>alert(1)</script>"


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def told(scene):
    """What the programs of a real release say."""
    one, two = str(scene.weights.pk), str(scene.adapter.pk)
    scene.release.evidence |= {
        "merge": {
            "gate": {one: {"probability_gain": 0.021, "basis": "alone", "outcomes": [1, 0]}},
            "clusters": [[one, two]],
            "losses": {"V": {"base": 0.42, "merged": 0.3419}},
        },
        "attribute": {"base_loss": 0.42, "merged_loss": 0.3419, "outcomes": "closed"},
    }
    scene.release.save()
    return scene


def test_the_steps_from_the_base_add_up(told, client, page_rules):
    response = client.get(PAGE)
    page_rules(response, PAGE)
    words = text(response)
    assert "0.4200 of the base less 0.0781 of credit is 0.3419 of this release" in words
    assert "berta · 1" in words.replace(str(told.weights.pk), "1")
    assert "Rounding of the path" not in words
    told.release.evidence["attribute"]["merged_loss"] = 0.35
    told.release.save()
    assert "Rounding of the path +0.0081" in text(client.get(PAGE))


def test_without_losses_there_is_no_such_picture(scene, client):
    assert 'id="waterfall"' not in client.get(PAGE).content.decode()
    assert 'id="credit"' in client.get(PAGE).content.decode()


def test_each_number_has_its_reasons(told, client):
    words = text(client.get(PAGE))
    assert "with its weight of 0.710, the loss on V changes by +0.0452 nats for the better" in words
    assert "Right answers become more probable by +0.0210" in words
    assert "The straight-line guess at the base is +0.0719 nats" in words
    assert "Alone it would bring +0.0608; without it +0.0470 would be lost" in words
    assert "the others know part of the same" in words
    assert "they shared one start weight" in words
    assert "Formula path-integral-1" in words


def test_what_recomputes_it_is_json_without_outcomes_of_examples(told, client):
    response = client.get(f"{PAGE}/evidence.json")
    facts = json.loads(response.content)
    assert facts["evidence"]["attribute"]["base_loss"] == 0.42
    assert facts["formula"] == "path-integral-1"
    assert "outcomes" not in response.content.decode()
    assert response["Content-Disposition"].startswith("attachment")


def test_evidence_of_a_private_track_is_nobody_elses(told, as_person):
    type(told.model).objects.filter(pk=told.model.pk).update(private=True)
    for below in ("", "/live", "/evidence.json"):
        assert as_person(told.emil).get(PAGE + below).status_code == 404
        assert as_person(told.ada).get(PAGE + below).status_code == 200


@pytest.mark.parametrize("who", [None, "emil", "ada"])
def test_a_release_takes_at_most_fifteen_queries(told, as_person, who):
    browser = as_person(getattr(told, who) if who else None)

    def count():
        with CaptureQueriesContext(connection) as queries:
            browser.get(PAGE)
        return len(queries)

    browser.get(PAGE)
    before = count()
    for number in range(3):
        made = scenes.offer(told.model, told.emil, f"More {number}", {f"{number}.md": b"x"})
        ReleasePatch.objects.create(
            release=told.release,
            submission=made,
            artifact_revision=made.head_revision,
            admitted=False,
            reason=EVIL,
        )
    assert count() == before <= 15
    assert EVIL not in browser.get(PAGE).content.decode()


# --- publishing --------------------------------------------------------------------------------


def publish(browser, **data):
    form = {"endpoint": "https://hub.example", "repo_id": "ada/digits", **data}
    return browser.post(f"{PAGE}/publish", form)


def test_without_a_token_the_form_says_how_one_is_stored(scene, as_person, page_rules):
    browser = as_person(scene.ada)
    page_rules(browser.get(f"{PAGE}/publish"), "publish")
    ReleasePatch.objects.filter(release=scene.release).update(admitted=False)
    response = publish(browser)
    page_rules(response, "publish")
    assert response.status_code == 409
    words = text(response)
    assert "No token is stored for publishing ada to https://hub.example" in words
    assert "manage.py hub_token ada https://hub.example" in words


def store(browser, **data):
    form = {"endpoint": "https://hub.example", "token": "hf_written-once", **data}
    return browser.post(f"{PAGE}/publish/token", form, follow=True)


def test_the_token_of_a_hub_is_stored_in_the_browser_and_never_shown(
    scene, as_person, page_rules, hub_token_key
):
    browser = as_person(scene.ada)
    kept = store(browser)
    page_rules(kept, "publish, token kept")
    assert "The token is kept, sealed." in text(kept)
    stored = HubToken.objects.get(namespace=scene.model.namespace, endpoint="https://hub.example")
    assert b"hf_written-once" not in bytes(stored.ciphertext)
    revealed = hub_tokens.reveal(scene.model.namespace, endpoint="https://hub.example")
    assert (revealed, stored.created_by) == ("hf_written-once", scene.ada)
    for shown in (kept, browser.get(f"{PAGE}/publish"), store(browser, endpoint="")):
        assert "hf_written-once" not in shown.content.decode()
    assert store(browser, endpoint="").status_code == 400
    assert HubToken.objects.get().pk == stored.pk


def test_whoever_maintains_one_model_stores_no_token_of_the_whole_namespace(scene, as_person):
    """It would publish the others as well, and take the place of the one that is there."""
    Maintainer.objects.create(repository=scene.model, user=scene.emil, role=MemberRole.MAINTAINER)
    browser = as_person(scene.emil)
    page = text(browser.get(f"{PAGE}/publish"))
    assert "Keep the token" not in page
    assert "Whoever runs ada stores it on this page" in page
    assert "emil may not store tokens of ada" in text(store(browser))
    assert store(as_person(scene.dora)).status_code == 403
    assert not HubToken.objects.exists()


@pytest.mark.parametrize(
    "data", [{"repo_id": "no-slash"}, {"endpoint": "ftp://x"}, {"endpoint": ""}, {"repo_id": EVIL}]
)
def test_a_wrong_address_is_refused_beside_the_form(scene, as_person, page_rules, data):
    ReleasePatch.objects.filter(release=scene.release).update(admitted=False)
    response = publish(as_person(scene.ada), **data)
    page_rules(response, "publish")
    assert response.status_code in {400, 409, 422}
    assert EVIL not in response.content.decode()
    assert not Run.objects.filter(kind="publish").exists()


def test_the_plan_is_shown_before_anything_is_sent(scene, as_person, page_rules):
    ReleasePatch.objects.filter(release=scene.release).update(admitted=False)
    HubToken.objects.create(
        namespace=scene.model.namespace,
        endpoint="https://hub.example",
        ciphertext=b"x",
        created_by=scene.ada,
    )
    browser = as_person(scene.ada)
    response = publish(browser, do="plan")
    page_rules(response, "plan")
    words = text(response)
    assert "To ada/digits at https://hub.example" in words
    assert "credit.json" in words
    assert "model.safetensors" in words
    assert not Run.objects.filter(kind="publish").exists()
    publish(browser, do="publish")
    made = Publication.objects.get(endpoint="https://hub.example")
    assert made.status == PublicationStatus.QUEUED
    assert Run.objects.filter(kind="publish", publication=made).exists()
    html = browser.get(PAGE).content.decode()
    assert "hx-get" in html, "the steps are followed"


def test_a_failed_publication_says_where_and_goes_on(scene, as_person):
    made = Publication.objects.get()
    Publication.objects.update(status=PublicationStatus.FAILED, reason="The Hub said no.")
    PublicationStep.objects.filter(publication=made, name="verify").update(
        status="failed", detail={"error": f"404 {EVIL}"}
    )
    html = as_person(scene.ada).get(PAGE).content.decode()
    assert "Go on where it stopped" in html
    assert "The Hub said no." in html
    assert EVIL not in html
    assert "Go on where it stopped" not in as_person(scene.emil).get(PAGE).content.decode()
