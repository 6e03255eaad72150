"""Buttons of the pages: who may press them, and that the page says what came of it."""

from __future__ import annotations

import pytest
from django.test import Client

from contributions.models import (
    Decision,
    Discussion,
    Review,
    Run,
    RunKind,
    RunStatus,
    Submission,
    SubmissionStatus,
)
from registry.services import commits
from tests.web import scene as scenes


def review_form(submission, decision="approve", key="licence", **more):
    return {"key": key, "decision": decision, "head": submission.head_revision, **more}


def test_a_reviewer_turns_a_key(scene, as_person):
    browser = as_person(scene.lena)
    address = f"/submissions/{scene.waiting.pk}"
    page = browser.get(address).content.decode()
    assert "Turn a key" in page
    assert '<option value="" selected>choose one</option>' in page, "nothing is decided beforehand"
    browser.post(f"{address}/review", review_form(scene.waiting, decision=""))
    assert not Review.objects.filter(submission=scene.waiting).exists()
    response = browser.post(f"{address}/review", review_form(scene.waiting), follow=True)
    assert "Your decision is recorded." in response.content.decode()
    review = Review.objects.get(submission=scene.waiting)
    assert (review.key, review.decision, review.reviewer) == ("licence", "approve", scene.lena)


def test_a_key_of_another_role_cannot_be_turned(scene, as_person):
    response = as_person(scene.lena).post(
        f"/submissions/{scene.waiting.pk}/review", review_form(scene.waiting, key="privacy")
    )
    assert response.status_code == 400
    assert "Select a valid choice" in response.content.decode()
    assert not Review.objects.filter(submission=scene.waiting).exists()


def test_a_contributor_has_no_key(scene, as_person):
    browser = as_person(scene.cyril)
    address = f"/submissions/{scene.waiting.pk}"
    assert "Turn a key" not in browser.get(address).content.decode()
    assert browser.post(f"{address}/review", review_form(scene.waiting)).status_code == 400
    assert not Review.objects.filter(submission=scene.waiting).exists()


def test_a_refusal_without_words_is_not_recorded(scene, as_person):
    response = as_person(scene.lena).post(
        f"/submissions/{scene.waiting.pk}/review",
        review_form(scene.waiting, Decision.REJECT.value),
        follow=True,
    )
    assert "needs a reason" in response.content.decode()
    assert not Review.objects.filter(submission=scene.waiting).exists()


def test_a_decision_on_an_older_head_is_not_recorded(scene, as_person):
    form = {**review_form(scene.waiting), "head": "0" * 40}
    as_person(scene.lena).post(f"/submissions/{scene.waiting.pk}/review", form)
    assert not Review.objects.filter(submission=scene.waiting).exists()


def test_the_author_cancels_the_runs(scene, as_person):
    queued = scenes.run(scene.recipe, RunKind.BENCHMARK, RunStatus.QUEUED)
    browser = as_person(scene.dora)
    address = f"/submissions/{scene.recipe.pk}"
    assert "Cancel the runs" in browser.get(address).content.decode()
    browser.post(f"{address}/cancel")
    statuses = dict(Run.objects.filter(submission=scene.recipe).values_list("pk", "status"))
    assert statuses[queued.pk] == RunStatus.CANCELLED
    assert statuses[scene.training.pk] in {RunStatus.CANCELLING, RunStatus.CANCELLED}


def test_one_run_is_cancelled_on_its_page(scene, as_person):
    browser = as_person(scene.dora)
    assert "Cancel this run" in browser.get(f"/runs/{scene.training.pk}").content.decode()
    browser.post(f"/runs/{scene.training.pk}/cancel")
    scene.training.refresh_from_db()
    assert scene.training.status in {RunStatus.CANCELLING, RunStatus.CANCELLED}


def test_the_author_withdraws(scene, as_person):
    as_person(scene.cyril).post(f"/submissions/{scene.waiting.pk}/withdraw")
    scene.waiting.refresh_from_db()
    assert scene.waiting.status == SubmissionStatus.WITHDRAWN
    assert Discussion.objects.get(pk=scene.waiting.discussion_id).status == "closed"


def test_the_author_opens_a_draft(scene, as_person):
    browser = as_person(scene.berta)
    address = f"/submissions/{scene.draft.pk}"
    assert "Open the pull request" in browser.get(address).content.decode()
    browser.post(f"{address}/open")
    assert Discussion.objects.get(pk=scene.draft.discussion_id).status == "open"


def test_a_failed_run_is_run_again(scene, as_person):
    address = f"/submissions/{scene.rows.pk}"
    response = as_person(scene.berta).post(f"{address}/rerun", follow=True)
    assert "It will be run again." in response.content.decode()
    assert Run.objects.filter(submission=scene.rows, status=RunStatus.QUEUED).exists()


def test_a_refused_action_says_why(scene, as_person):
    response = as_person(scene.berta).post(f"/submissions/{scene.weights.pk}/rerun", follow=True)
    assert 'class="note error"' in response.content.decode()


@pytest.mark.parametrize("verb", ["cancel", "withdraw", "open", "rerun", "evaluate", "track"])
def test_strangers_and_visitors_change_nothing(scene, as_person, verb):
    before = list(Submission.objects.values_list("pk", "status", "withdrawn_at"))
    address = f"/submissions/{scene.recipe.pk}/{verb}"
    assert as_person(scene.emil).post(address).status_code == 403
    response = as_person(None).post(address)
    assert response.status_code == 302
    assert response["Location"].startswith("/login?next=")
    assert as_person(scene.dora).get(address).status_code == 405
    assert list(Submission.objects.values_list("pk", "status", "withdrawn_at")) == before


def test_a_form_from_elsewhere_is_refused_with_help(scene, page_rules):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(scene.dora)
    response = browser.post(f"/submissions/{scene.recipe.pk}/withdraw")
    assert response.status_code == 403
    assert "The form was too old" in response.content.decode()
    page_rules(response, "csrf")


def test_people_talk_on_a_pull_request(scene, as_person):
    address = f"{scene.model.get_absolute_url()}/discussions/1"
    assert 'name="comment"' not in as_person(None).get(address).content.decode()
    response = as_person(scene.emil).post(
        f"{address}/answer", {"do": "comment", "comment": "Which **seed**?"}, follow=True
    )
    assert "Which <strong>seed</strong>?" in response.content.decode()


def test_a_stranger_cannot_close_a_pull_request(scene, as_person):
    address = f"{scene.model.get_absolute_url()}/discussions/1/answer"
    assert as_person(scene.emil).post(address, {"do": "close"}).status_code == 403
    assert Discussion.objects.get(pk=scene.weights.discussion_id).status == "open"


def test_a_pull_request_to_a_protected_main_cannot_be_merged(scene, as_person):
    browser = as_person(scene.ada)
    address = f"{scene.model.get_absolute_url()}/discussions/1"
    assert "Merge into main" not in browser.get(address).content.decode()
    response = browser.post(f"{address}/answer", {"do": "merge"})
    assert response.status_code == 400
    scene.model.refresh_from_db()
    assert commits.resolve(scene.model).oid == scene.head.oid


def test_a_pull_request_leads_to_its_submission(scene, client):
    html = client.get(f"{scene.model.get_absolute_url()}/discussions/1").content.decode()
    assert f'href="/submissions/{scene.weights.pk}"' in html


def test_a_discussion_is_started(scene, as_person):
    address = f"{scene.plain.get_absolute_url()}/discussions"
    browser = as_person(scene.emil)
    response = browser.post(f"{address}/new", {"title": "A question", "description": "Why?"})
    assert response["Location"] == f"{address}/1"
    assert browser.post(f"{address}/new", {"title": ""}).status_code == 400
    assert as_person(None).post(f"{address}/new", {"title": "x"}).status_code == 302
