"""Two reviewers, or two windows of one, at the same submission: who comes second is told why, and
has what they wrote."""

from __future__ import annotations

import pytest

from contributions.models import Decision, Key, Review, ReviewItem, RunKind
from contributions.services import reviews, submissions
from tests.web import scene as scenes

WRITTEN = "The text of the licence is missing in the folder adapters."


@pytest.fixture
def at(scene):
    scenes.run(scene.waiting, RunKind.CHECK)
    return f"/admin/reviews/{scene.waiting.pk}/"


def text(answer):
    return answer.content.decode()


def asks_for_changes(browser, at, scene, head=""):
    form = {"key": "licence", "decision": "changes", "reason_code": "licence-missing"}
    form |= {"text": WRITTEN, "head": head or scene.waiting.head_revision}
    return browser.post(f"{at}decide/?show=changes", form)


def refused(answer, *, because):
    page = text(answer)
    assert answer.status_code in {403, 409}
    assert because in page
    assert WRITTEN in page, "what was typed is still there"
    assert 'value="licence-missing" selected' in page
    assert 'role="alert"' in page
    return page


def test_somebody_else_claimed_it_meanwhile(scene, as_person, at):
    as_person(scene.luis).post(f"{at}claim/", {"key": "licence"})
    answer = asks_for_changes(as_person(scene.lena), at, scene)
    page = refused(answer, because="luis looks at it until")
    assert "adapter_model.safetensors" in page, "the evidence that was open stays open"
    assert not Review.objects.filter(submission=scene.waiting).exists()
    taken = as_person(scene.lena).post(f"{at}claim/", {"key": "licence"}, follow=True)
    assert "luis looks at it until" in text(taken)
    assert ReviewItem.objects.get(submission=scene.waiting, key="licence").claimed_by == scene.luis


def test_somebody_else_decided_meanwhile(scene, as_person, at):
    reviews.review(
        scene.waiting, reviewer=scene.luis, key=Key.LICENCE, decision=Decision.APPROVE,
        head=scene.waiting.head_revision,
    )  # fmt: skip
    page = refused(asks_for_changes(as_person(scene.lena), at, scene), because="luis")
    assert "Approved" in page


def test_a_second_window_of_one_s_own(scene, as_person, at):
    browser = as_person(scene.lena)
    browser.post(f"{at}claim/", {"key": "licence"})
    head = scene.waiting.head_revision
    browser.post(f"{at}decide/", {"key": "licence", "decision": "approve", "head": head})
    refused(asks_for_changes(browser, at, scene), because="your decision")


def test_it_was_withdrawn_meanwhile(scene, as_person, at):
    browser = as_person(scene.lena)
    browser.post(f"{at}claim/", {"key": "licence"})
    submissions.withdraw(scene.waiting, actor=scene.cyril)
    refused(asks_for_changes(browser, at, scene), because="withdrawn")


def test_it_has_a_newer_revision(scene, as_person, at):
    browser = as_person(scene.lena)
    browser.post(f"{at}claim/", {"key": "licence"})
    refused(asks_for_changes(browser, at, scene, head="0" * 40), because="you looked at")


def test_one_s_own_work(scene, as_person, at):
    from registry.models import Role
    from registry.services import accounts

    accounts.grant_role(scene.cyril, Role.LICENCE_REVIEWER, granted_by=None)
    refused(asks_for_changes(as_person(scene.cyril), at, scene), because="own")
