"""A reviewer takes the next, looks at the evidence, decides; nobody decides on their own."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from contributions.models import (
    CannedReply,
    Finding,
    PatchKind,
    Review,
    ReviewItem,
    RunKind,
    SubmissionStatus,
)
from contributions.services import review_queue, submissions
from registry.models import Repository, Role, RoleGrant
from registry.services import accounts
from tests.web import scene as scenes


@pytest.fixture
def ready(scene):
    """Its facts as well as its status: checked and measured, so that decisions are projected."""
    scenes.run(scene.waiting, RunKind.CHECK)
    return scene


def address(submission, verb="", key="licence"):
    path = f"/admin/reviews/{submission.pk}/"
    return f"{path}{verb}/" if verb else f"{path}?key={key}"


def text(answer):
    return answer.content.decode()


def claim(browser, submission, key="licence"):
    return browser.post(address(submission, "claim"), {"key": key}, follow=True)


def decide(browser, submission, decision, *, key="licence", **more):
    form = {"key": key, "decision": decision, "head": submission.head_revision, **more}
    return browser.post(address(submission, "decide"), form, follow=True)


def test_the_queue_shows_what_is_urgent_and_why(ready, as_person):
    ReviewItem.objects.filter(submission=ready.waiting).update(
        due_at=timezone.now() - dt.timedelta(days=1), risk=2, risk_reasons=["changes code"]
    )
    page = text(as_person(ready.lena).get("/admin/contributions/reviewitem/?key=licence"))
    for words in ("Adapter with r = 16", "overdue", "raised", "changes code", "Take the next"):
        assert words in page
    assert "Adapter with r = 16" in text(as_person(ready.lena).get("/admin/"))


def test_filters_and_search_of_the_queue(ready, as_person):
    browser = as_person(ready.lena)
    queue = "/admin/contributions/reviewitem/"
    for query, found in (
        ("q=cyril", True),
        ("q=berta", False),
        ("q=CYRIL", True),
        ("q=r+%3D+16", True),
        ("q=digits", True),
        ("q=999999", False),
        ("risk=0", True),
        ("risk=3", False),
        ("claim=free", True),
        ("claim=mine", False),
        ("key=privacy", False),
        ("claim=nonsense&risk=9", True),
    ):
        page = text(browser.get(f"{queue}?{query}"))
        assert ("Adapter with r = 16" in page) is found, query


def test_a_reviewer_takes_the_next_and_decides(ready, as_person):
    browser = as_person(ready.lena)
    page = text(browser.post("/admin/reviews/next/", {"key": "licence"}, follow=True))
    assert "Yours until" in page
    assert "Decide and take the next" in page
    answer = decide(browser, ready.waiting, "approve", next="1")
    assert "is recorded" in text(answer)
    assert "Nothing waits for you" in text(answer)
    review = Review.objects.get(submission=ready.waiting)
    assert (review.key, review.decision, review.reviewer) == ("licence", "approve", ready.lena)


def test_the_form_is_there_for_whoever_claimed(ready, as_person):
    browser = as_person(ready.lena)
    assert "Claim it" in text(browser.get(address(ready.waiting)))
    assert "Decide and" in text(claim(browser, ready.waiting))
    other = text(as_person(ready.luis).get(address(ready.waiting)))
    assert "lena looks at it until" in other
    assert "Claim it" not in other
    refused = decide(as_person(ready.luis), ready.waiting, "approve")
    assert refused.status_code == 409
    assert "lena looks at it" in text(refused)
    as_person(ready.lena).post(address(ready.waiting, "give-back"), {"key": "licence"})
    assert "Claim it" in text(as_person(ready.luis).get(address(ready.waiting)))


def test_an_operator_who_reviews_takes_a_claim_over(ready, as_person):
    claim(as_person(ready.lena), ready.waiting)
    accounts.grant_role(ready.olga, Role.LICENCE_REVIEWER, granted_by=None)
    browser = as_person(ready.olga)
    assert "Take it over" in text(browser.get(address(ready.waiting)))
    assert "Decide" in text(claim(browser, ready.waiting))
    assert ReviewItem.objects.get(submission=ready.waiting, key="licence").claimed_by == ready.olga


@pytest.mark.parametrize(
    ("who", "why"),
    [("cyril", "because it is your own."), ("ada", "because you own the model that it changes (")],
)
def test_nobody_reviews_what_they_have_an_interest_in(ready, as_person, who, why):
    reviewer = getattr(ready, who)
    accounts.grant_role(reviewer, Role.LICENCE_REVIEWER, granted_by=None)
    browser = as_person(reviewer)
    assert "Adapter with r = 16" not in text(browser.get("/admin/contributions/reviewitem/"))
    page = text(browser.get(address(ready.waiting)))
    assert "Conflict of interest" in page
    assert why in page
    assert 'name="decision"' not in page
    assert why in text(claim(browser, ready.waiting))
    assert decide(browser, ready.waiting, "approve").status_code == 403
    assert not Review.objects.filter(submission=ready.waiting).exists()


def test_the_role_is_that_of_the_key(ready, as_person):
    browser = as_person(ready.paul)
    page = text(browser.get(address(ready.waiting)))
    assert "Only a licence reviewer decides here" in page
    assert 'name="decision"' not in page
    assert decide(browser, ready.waiting, "approve").status_code == 403
    operator = as_person(ready.olga)
    assert 'name="decision"' not in text(operator.get(address(ready.waiting)))
    assert decide(operator, ready.waiting, "approve").status_code == 403


def test_a_refusal_needs_a_reason_and_keeps_what_was_written(ready, as_person):
    browser = as_person(ready.lena)
    claim(browser, ready.waiting)
    answer = decide(browser, ready.waiting, "reject", text="Not <b>yours</b>.")
    assert answer.status_code == 400
    assert "needs a reason" in text(answer)
    assert "Not &lt;b&gt;yours" in text(answer)
    decide(browser, ready.waiting, "reject", text="No.", reason_code="licence-missing")
    ready.waiting.refresh_from_db()
    assert ready.waiting.status == SubmissionStatus.REJECTED


def test_a_canned_reply_fills_the_form(ready, as_person):
    browser = as_person(ready.lena)
    form = {
        "title": "Text missing",
        "key": "licence",
        "decision": "changes",
        "reason_code": "licence-missing",
        "text": "Please add LICENSE.",
    }
    browser.post("/admin/contributions/cannedreply/do/write/", form)
    reply = CannedReply.objects.get()
    assert reply.created_by == ready.lena
    claim(browser, ready.waiting)
    assert "Text missing" in text(browser.get(f"{address(ready.waiting)}&replies=1"))
    page = text(browser.get(f"{address(ready.waiting)}&reply={reply.pk}"))
    assert "Please add LICENSE." in page
    assert 'value="licence-missing" selected' in page
    assert browser.get(f"{address(ready.waiting)}&reply=99999999999999").status_code == 200
    changed = {**form, "text": "Please add the file LICENSE."}
    browser.post(f"/admin/contributions/cannedreply/{reply.pk}/change/", changed)
    reply.refresh_from_db()
    assert reply.text == "Please add the file LICENSE."
    wrong = browser.post(
        "/admin/contributions/cannedreply/do/write/",
        {**form, "title": "Other", "reason_code": "personal-data"},
    )
    assert "does not fit" in text(wrong)
    browser.post(f"/admin/contributions/cannedreply/{reply.pk}/delete/")
    assert not CannedReply.objects.exists()


def test_a_second_person_takes_a_decision_back(ready, as_person):
    browser = as_person(ready.lena)
    claim(browser, ready.waiting)
    decide(browser, ready.waiting, "approve")
    own = text(browser.get(address(ready.waiting)))
    assert "a second person may take it back" in own
    assert 'name="decision"' not in own
    again = decide(browser, ready.waiting, "reverse", reason_code="mistake")
    assert again.status_code == 403
    page = text(as_person(ready.luis).get(address(ready.waiting)))
    assert "Take the earlier decision back" in page
    assert "Approve: turn the key" not in page
    decide(as_person(ready.luis), ready.waiting, "reverse", reason_code="licence-missing")
    assert Review.objects.filter(submission=ready.waiting).last().decision == "reverse"
    assert ReviewItem.objects.get(submission=ready.waiting, key="licence").closed_at is None


def test_a_decision_on_an_older_head_is_refused(ready, as_person):
    browser = as_person(ready.lena)
    claim(browser, ready.waiting)
    answer = decide(browser, ready.waiting, "approve", head="0" * 40)
    assert answer.status_code == 409
    assert "you looked at" in text(answer)


def test_the_evidence_is_there_and_harmless(ready, as_person):
    check = ready.waiting.runs.filter(kind=RunKind.CHECK).last()
    Finding.objects.create(
        submission=ready.waiting,
        run=check,
        rule="licence-text",
        severity="warn",
        path="README.md",
        line=2,
        message="<script>alert(1)</script> x",
    )
    ready.waiting.title = '<img src=x onerror="alert(1)" x-data>'
    ready.waiting.save()
    browser = as_person(ready.lena)
    pages = {
        name: text(browser.get(f"{address(ready.waiting)}&show={name}"))
        for name in ("findings", "changes", "scores", "lineage", "history", "nonsense")
    }
    for page in pages.values():
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert "license: apache-2.0" in pages["findings"], "the lines that it is about"
    assert "adapter_model.safetensors" in pages["changes"]
    assert "training data" in pages["lineage"]
    assert "apache-2.0" in pages["lineage"]
    assert "review.claimed" not in pages["history"]


def test_scores_show_intervals_and_no_outcomes(ready, as_person):
    page = text(as_person(ready.olga).get(f"{address(ready.weights)}&show=scores"))
    assert "95 %" in page
    assert "interval better" in page


def test_a_private_repository_is_open_to_the_reviewers_it_waits_for_only(ready, as_person):
    Repository.objects.filter(pk=ready.model.pk).update(private=True)
    assert as_person(ready.lena).get(address(ready.waiting)).status_code == 200
    changes = as_person(ready.lena).get(f"{address(ready.waiting)}&show=changes")
    assert "adapter_model" in text(changes)
    assert as_person(ready.tina).get(address(ready.waiting)).status_code == 404
    assert as_person(ready.lena).get(address(ready.recipe)).status_code == 404
    assert as_person(ready.olga).get(address(ready.recipe)).status_code == 200


def test_it_closes_with_what_was_to_be_decided(ready, as_person):
    """Withdrawn, decided for good or on another revision: who has no part in it sees no more."""
    Repository.objects.filter(pk=ready.model.pk).update(private=True)
    lena, luis = ready.lena, ready.luis
    claim(as_person(lena), ready.waiting)
    decide(as_person(lena), ready.waiting, "approve")
    assert "Take the earlier decision back" in text(as_person(luis).get(address(ready.waiting)))
    submissions.withdraw(ready.waiting, actor=ready.cyril)
    for person, status in ((lena, 200), (luis, 404), (ready.paul, 404), (ready.olga, 200)):
        browser = as_person(person)
        assert browser.get(address(ready.waiting)).status_code == status, person
        listed = "Adapter with r = 16" in text(browser.get("/admin/contributions/review/"))
        assert listed is (status == 200), person
    RoleGrant.objects.filter(user=lena).exclude(role=Role.PRIVACY_REVIEWER).delete()
    accounts.grant_role(lena, Role.PRIVACY_REVIEWER, granted_by=None)
    assert as_person(lena).get(address(ready.waiting)).status_code == 404


def test_decided_items_are_found_again(ready, as_person):
    browser = as_person(ready.lena)
    decisions = "/admin/contributions/review/"
    page = text(browser.get(f"{decisions}?q=augmentation&key=licence"))
    assert "Longer training with augmentation" in page
    assert "LoRA adapter" not in page
    assert "Longer training" not in text(browser.get(f"{decisions}?decision__exact=reject"))


def test_an_overdue_question_is_shown_as_overdue(ready, as_person, settings):
    settings.REVIEW_ANSWER_DAYS = -1
    browser = as_person(ready.lena)
    claim(browser, ready.waiting)
    decide(browser, ready.waiting, "info", reason_code="provenance-unclear", text="Whose?")
    assert "overdue" in text(browser.get(address(ready.waiting)))
    assert "late" in text(browser.get("/admin/contributions/review/?answer=missing"))


def test_nothing_is_done_by_looking(ready, as_person):
    browser = as_person(ready.lena)
    for verb in ("claim", "give-back", "decide"):
        assert browser.get(address(ready.waiting, verb)).status_code == 405
    assert browser.get("/admin/reviews/next/").status_code == 405
    assert browser.post(address(ready.waiting)).status_code == 405
    assert not ReviewItem.objects.claimed().exists()


def test_a_page_asks_as_few_questions_for_a_thousand_items(
    ready, as_person, django_assert_max_num_queries
):
    made = [
        scenes.Submission(
            repository=ready.model,
            contributor=ready.berta,
            title=f"Patch {n}",
            kind=PatchKind.ADAPTER,
            head_revision=ready.waiting.head_revision,
            status=SubmissionStatus.IN_REVIEW,
        )
        for n in range(300)
    ]
    for each in made:
        each.discussion = None
    discussions = [
        scenes.discussions.threads.start(ready.model, author=ready.berta, title=f"Patch {n}")
        for n in range(300)
    ]
    for each, discussion in zip(made, discussions, strict=True):
        each.discussion = discussion
    scenes.Submission.objects.bulk_create(made)
    now = timezone.now()
    ReviewItem.objects.bulk_create(
        ReviewItem(submission=each, key="licence", opened_at=now, due_at=now) for each in made
    )
    browser = as_person(ready.lena)
    for page in (
        "/admin/",
        "/admin/contributions/reviewitem/?key=licence&p=2",
        "/admin/contributions/review/",
        address(ready.waiting),
        *(f"{address(ready.waiting)}&show={n}" for n in ("changes", "scores", "lineage")),
    ):
        with django_assert_max_num_queries(15):
            assert browser.get(page).status_code == 200, page
    assert review_queue.waiting("licence").count() == 301
