"""What waits for a key is in that key's queue; a claim keeps two people from the same work."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from contributions.models import Finding, Key, ReasonCode, ReviewItem, SubmissionStatus
from contributions.services import review_queue, reviews
from registry.models import Event, Role
from registry.services import accounts, repositories
from registry.services.errors import Conflict, Forbidden, Invalid

S = SubmissionStatus


@pytest.fixture
def ready(cast):
    _ = cast.track
    cast.settle_first_revisions()
    return cast


@pytest.fixture
def measured(ready):
    return ready.measured(ready.offer())


def item(submission, key="licence"):
    return ReviewItem.objects.get(submission=submission, key=key)


def keys(submission):
    return set(
        ReviewItem.objects.filter(submission=submission).waiting().values_list("key", flat=True)
    )


def test_what_is_in_review_waits_for_each_missing_key(ready, measured, settings):
    assert keys(measured) == {"licence", "privacy"}
    due = item(measured).due_at - item(measured).opened_at
    assert due == dt.timedelta(days=settings.REVIEW_DUE_DAYS)
    ready.review(measured, "licence")
    assert keys(measured) == {"privacy"}
    ready.review(measured, "privacy")
    assert keys(measured) == set()


def test_what_waits_for_the_contributor_is_in_no_queue(ready, measured):
    ready.review(measured, "licence", "info", reason_code="provenance-unclear", text="Whose?")
    assert keys(measured) == set()
    reviews.answer(reviews.open_question(measured), author=ready.ada, text="Mine.")
    assert keys(measured) == {"licence", "privacy"}


def test_the_risk_says_why(ready, measured):
    assert item(measured).risk_reasons == ["nothing of this contributor has passed before"]
    run = measured.runs.get(kind="check")
    Finding.objects.create(
        submission=measured, run=run, rule="personal-names", severity="warn", message="Names."
    )
    ready.review(measured, "licence", "info", reason_code="other", text="Whose?")
    reviews.answer(reviews.open_question(measured), author=ready.ada, text="Mine.")
    assert item(measured).risk == 3
    assert "a finding about people's data" in item(measured).risk_reasons


def test_the_queue_is_sorted_by_due_date_and_leaves_out_what_is_not_for_them(ready, measured):
    later = ready.measured(ready.offer(by=ready.emil))
    accounts.grant_role(ready.emil, Role.LICENCE_REVIEWER, granted_by=None)
    accounts.grant_role(ready.berta, Role.LICENCE_REVIEWER, granted_by=None)
    waiting = [
        line.submission
        for line in review_queue.waiting(Key.LICENCE)
        if line.submission.discussion is not None
    ]
    assert waiting == [measured, later]
    for_emil = review_queue.for_keys([Key.LICENCE], reviewer=ready.emil)
    assert later not in [line.submission for line in for_emil]
    assert measured in [line.submission for line in for_emil]
    assert not review_queue.for_keys([Key.LICENCE], reviewer=ready.berta).exists(), (
        "she owns the base"
    )


def test_whoever_decides_on_one_key_does_not_see_the_other(ready, measured):
    accounts.grant_role(ready.lena, Role.PRIVACY_REVIEWER, granted_by=None)
    ready.review(measured, "licence")
    for_lena = review_queue.for_keys([Key.PRIVACY], reviewer=ready.lena)
    assert measured not in [line.submission for line in for_lena]


# --- claims ---------------------------------------------------------------------------------------


def test_a_claim_is_refused_to_others_until_it_is_given_back(ready, measured):
    review_queue.claim(item(measured), reviewer=ready.lena)
    with pytest.raises(Conflict, match="lena looks at it until"):
        review_queue.claim(item(measured), reviewer=ready.luis)
    with pytest.raises(Conflict, match="lena looks at it until"):
        ready.review(measured, "licence", by=ready.luis)
    with pytest.raises(Forbidden, match="lena has claimed it"):
        review_queue.give_back(item(measured), reviewer=ready.luis)
    review_queue.give_back(item(measured), reviewer=ready.lena)
    assert ready.review(measured, "licence", by=ready.luis)
    verbs = Event.objects.filter(verb__startswith="review.").values_list("verb", flat=True)
    assert list(verbs.order_by("id")) == ["review.claimed", "review.given-back", "review.given"]


def test_a_claim_ends_by_itself_and_with_the_decision(ready, measured):
    review_queue.claim(item(measured), reviewer=ready.lena)
    past = timezone.now() - dt.timedelta(seconds=1)
    ReviewItem.objects.filter(submission=measured).update(claimed_until=past)
    review_queue.claim(item(measured), reviewer=ready.luis)
    ready.review(measured, "licence", by=ready.luis)
    done = item(measured)
    assert (done.claimed_by, done.claimed_until) == (None, None)
    assert done.closed_at is not None
    with pytest.raises(Conflict, match="does not wait"):
        review_queue.claim(done, reviewer=ready.lena)


def test_an_operator_who_reviews_may_take_a_claim_over(ready, measured):
    review_queue.claim(item(measured), reviewer=ready.lena)
    with pytest.raises(Forbidden, match="is no licence reviewer"):
        review_queue.claim(item(measured), reviewer=ready.olga)
    accounts.grant_role(ready.olga, Role.LICENCE_REVIEWER, granted_by=None)
    assert review_queue.claim(item(measured), reviewer=ready.olga).claimed_by == ready.olga


def test_nobody_claims_what_they_have_an_interest_in(ready, measured):
    accounts.grant_role(ready.ada, Role.LICENCE_REVIEWER, granted_by=None)
    with pytest.raises(Forbidden, match="their own"):
        review_queue.claim(item(measured), reviewer=ready.ada)


def test_the_owner_of_training_data_is_left_out(ready, measured):
    data = repositories.create(
        actor=ready.emil, namespace=ready.emil.namespace, name="data", repo_type="dataset"
    )
    ready.track.training_data.create(dataset=data, revision="0" * 40)
    for_emil = review_queue.for_keys([Key.LICENCE], reviewer=ready.emil)
    assert measured not in [line.submission for line in for_emil]


def test_a_queue_that_lost_a_line_is_found_and_mended(ready, measured):
    ReviewItem.objects.filter(submission=measured, key="privacy").delete()
    with pytest.raises(CommandError, match="--fix"):
        call_command("recompute_status", stdout=io.StringIO())
    call_command("recompute_status", fix=True, stdout=io.StringIO())
    assert keys(measured) == {"licence", "privacy"}


# --- questions and reasons ------------------------------------------------------------------------


def test_a_question_has_a_deadline_and_an_answer_reopens_the_review(ready, measured, settings):
    asked = ready.review(measured, "licence", "info", reason_code="other", text="Whose photos?")
    days = asked.answer_due_at - asked.created_at
    assert round(days.total_seconds() / 86400) == settings.REVIEW_ANSWER_DAYS
    assert reviews.open_question(measured) == asked
    with pytest.raises(Forbidden, match="Only whoever offered"):
        reviews.answer(asked, author=ready.emil, text="Mine.")
    with pytest.raises(Invalid, match="empty"):
        reviews.answer(asked, author=ready.ada, text=" ")
    reviews.answer(asked, author=ready.ada, text="My own.")
    measured.refresh_from_db()
    assert measured.status == S.IN_REVIEW
    assert reviews.open_question(measured) is None
    with pytest.raises(Conflict, match="answered already"):
        reviews.answer(asked, author=ready.ada, text="Again.")
    again = ready.review(measured, "licence", "info", reason_code="other", text="Whose photos?")
    assert again != asked, "the same question may be asked again"


def test_a_request_for_changes_wants_a_new_revision(ready, measured):
    asked = ready.review(measured, "licence", "changes", reason_code="licence-missing")
    assert reviews.open_question(measured) == asked
    with pytest.raises(Conflict, match="not for an answer"):
        reviews.answer(asked, author=ready.ada, text="No.")


def test_a_reason_is_one_of_the_known_and_fits_the_key(ready, measured):
    with pytest.raises(Invalid, match="is no reason for"):
        ready.review(measured, "licence", "reject", reason_code="because", text="x")
    with pytest.raises(Invalid, match="is no reason for"):
        ready.review(measured, "licence", "reject", reason_code="personal-data", text="x")
    with pytest.raises(Invalid, match="is no reason for"):
        ready.review(measured, "licence", "approve", reason_code="mistake")
    with pytest.raises(Invalid, match="needs a text"):
        ready.review(measured, "licence", "reject", reason_code="other")
    assert ready.review(measured, "licence", "reject", reason_code=ReasonCode.QUALITY)
