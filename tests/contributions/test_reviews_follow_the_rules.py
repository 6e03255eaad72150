from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from contributions.models import Decision, DiscussionStatus, Review, SubmissionStatus
from contributions.services import discussions, pull_requests, reviews
from registry.models import Event, Maintainer, MemberRole, Membership, Role
from registry.services import accounts, repositories
from registry.services.commits import AddFile
from registry.services.errors import Conflict, Forbidden, Invalid
from tests.contributions.cast import adds

S = SubmissionStatus


@pytest.fixture
def ready(cast):
    _ = cast.track
    cast.settle_first_revisions()
    return cast


@pytest.fixture
def measured(ready):
    return ready.measured(ready.offer())


def test_both_keys_on_the_measured_head_approve_it(ready, measured):
    ready.review(measured, "licence")
    ready.review(measured, "privacy")
    measured.refresh_from_db()
    assert measured.status == S.APPROVED
    assert reviews.missing_keys(measured, head=measured.head_revision) == ()
    assert (
        Event.objects.filter(verb="review.given", subject=f"submission:{measured.pk}").count() == 2
    )


def test_keys_turned_before_the_measurement_do_not_approve_it_yet(ready):
    submission = ready.check(ready.offer())
    ready.review(submission, "licence")
    ready.review(submission, "privacy")
    submission.refresh_from_db()
    assert submission.status == S.QUEUED
    assert ready.benchmark(submission).status == S.APPROVED


def test_a_track_may_ask_for_a_technical_key(cast):
    cast.open_track("strict", policy={"keys": ["licence", "privacy", "technical"]})
    cast.settle_first_revisions()
    submission = cast.measured(cast.offer())
    accounts.grant_role(cast.emil, Role.TECHNICAL_REVIEWER, granted_by=None)
    cast.review(submission, "licence")
    cast.review(submission, "privacy")
    submission.refresh_from_db()
    assert submission.status_reason == "Waits for the technical key."
    cast.review(submission, "technical", by=cast.emil)
    submission.refresh_from_db()
    assert submission.status == S.APPROVED


@pytest.mark.parametrize(
    ("decision", "status"),
    [("reject", S.REJECTED), ("changes", S.CHANGES_REQUESTED), ("info", S.NEEDS_INFO)],
)
def test_a_reviewer_may_refuse_or_ask_and_must_say_why(ready, measured, decision, status):
    with pytest.raises(Invalid, match="needs a reason"):
        ready.review(measured, "licence", decision)
    ready.review(measured, "licence", decision, reason_code="licence-missing", text="Add LICENSE.")
    measured.refresh_from_db()
    assert measured.status == status
    assert "licence or its text is missing – Add LICENSE." in measured.status_reason


def test_a_question_that_was_answered_is_followed_by_the_key(ready, measured):
    ready.review(
        measured, "licence", "info", reason_code="provenance-unclear", text="Whose photos?"
    )
    ready.review(measured, "licence")
    measured.refresh_from_db()
    assert measured.status_reason == "Waits for the privacy key."


def test_the_same_decision_twice_is_one_review(ready, measured):
    assert ready.review(measured, "licence") == ready.review(measured, "licence")
    assert Review.objects.count() == 1


# --- who may not ------------------------------------------------------------------------------


def refused(ready, submission, by, key="licence"):
    accounts.grant_role(by, Role(f"{key}-reviewer"), granted_by=None)
    with pytest.raises(Forbidden) as refusal:
        ready.review(submission, key, by=by)
    return str(refusal.value)


def test_it_takes_the_role_of_the_key(ready, measured):
    with pytest.raises(Forbidden, match="is no licence reviewer"):
        ready.review(measured, "licence", by=ready.paul)
    with pytest.raises(Forbidden, match="is no licence reviewer"):
        ready.review(measured, "licence", by=ready.olga)


def test_nobody_reviews_their_own_submission(ready, measured):
    words = "ada may not review this submission, because it is their own. Ask another reviewer."
    assert refused(ready, measured, ready.ada) == words


def test_whoever_uploaded_a_commit_of_it_may_not_review_it(ready):
    discussion = ready.propose()
    pull_requests.push(discussion, actor=ready.emil, operations=adds(note="1"), title="Help")
    pull_requests.push(discussion, actor=ready.ada, operations=adds(note="2"), title="Mine")
    submission = ready.measured(discussion.submission)
    assert "uploaded or co-wrote" in refused(ready, submission, ready.emil)


def test_a_co_author_named_in_a_commit_may_not_review_it(ready):
    discussion = ready.propose()
    _ = ready.emil
    trailer = "Thanks.\n\nCo-authored-by: Emil E. <emil@example.org>"
    pull_requests.push(
        discussion, actor=ready.ada, operations=adds(note="1"), title="Both", message=trailer
    )
    submission = ready.measured(discussion.submission)
    assert "co-wrote" in refused(ready, submission, ready.emil)


def test_a_co_author_named_in_the_description_may_not_review_it(ready):
    _ = ready.emil
    submission = ready.measured(ready.offer(description="Co-authored-by: @emil"))
    assert "co-wrote" in refused(ready, submission, ready.emil)


@pytest.mark.parametrize("taking_back", ["edit", "hide"])
def test_taking_the_name_back_makes_no_fit_reviewer(ready, taking_back):
    _ = ready.emil
    submission = ready.measured(ready.offer(description="Co-authored-by: @emil"))
    opening = submission.discussion.events.order_by("pk").first()
    if taking_back == "edit":
        discussions.edit_comment(opening, editor=ready.ada, text="By me alone.")
    else:
        discussions.hide_comment(opening, actor=ready.ada)
    assert "co-wrote" in refused(ready, submission, ready.emil)


def test_the_author_of_another_pull_request_may_review_it(ready, measured):
    """Only commits that the pull request brings count, not those of others."""
    ready.propose(by=ready.emil)
    assert reviews.interest_of(ready.emil, measured) is None


def test_the_owner_of_the_base_may_not_review_it(ready, measured):
    assert "own the model" in refused(ready, measured, ready.berta)


def test_a_maintainer_of_the_base_may_not_review_it(ready, measured):
    Maintainer.objects.create(repository=ready.model, user=ready.emil, role=MemberRole.MAINTAINER)
    assert "own the model" in refused(ready, measured, ready.emil)


def test_the_owner_of_the_training_data_may_not_review_it(ready, measured):
    data = repositories.create(
        actor=ready.emil, namespace=ready.emil.namespace, name="data", repo_type="dataset"
    )
    ready.track.training_data.create(dataset=data, revision="0" * 40)
    assert "own training data" in refused(ready, measured, ready.emil, key="privacy")


def test_the_maintainer_of_an_organisation_owns_what_it_holds(ready, measured):
    organisation = accounts.create_organisation(name="lab", actor=ready.emil)
    data = repositories.create(
        actor=ready.emil, namespace=organisation.namespace, name="data", repo_type="dataset"
    )
    ready.track.training_data.create(dataset=data, revision="0" * 40)
    assert "own training data" in refused(ready, measured, ready.emil)
    Membership.objects.create(organisation=organisation, user=ready.lena, role=MemberRole.WRITE)
    assert ready.review(measured, "licence", by=ready.lena)


def test_the_same_organisation_counts_only_where_the_site_says_so(ready, measured, settings):
    organisation = accounts.create_organisation(name="lab", actor=ready.ada)
    Membership.objects.create(organisation=organisation, user=ready.lena, role=MemberRole.WRITE)
    settings.REVIEW_REFUSE_SAME_ORGANISATION = True
    assert "organisation" in refused(ready, measured, ready.lena)
    settings.REVIEW_REFUSE_SAME_ORGANISATION = False
    assert ready.review(measured, "licence", by=ready.lena)


def test_one_person_turns_one_key(ready, measured):
    accounts.grant_role(ready.lena, Role.PRIVACY_REVIEWER, granted_by=None)
    ready.review(measured, "licence")
    with pytest.raises(Forbidden, match="one key per submission"):
        ready.review(measured, "privacy", by=ready.lena)


# --- when not ----------------------------------------------------------------------------------


def test_a_key_is_turned_only_after_the_check(ready):
    with pytest.raises(Conflict, match="cannot be turned yet"):
        ready.review(ready.offer(), "licence")


def test_a_refused_submission_cannot_be_approved(ready):
    finding = {"rule": "r", "severity": "block", "message": "A pickle.", "fix": ""}
    submission = ready.check(ready.offer(), findings=[finding])
    with pytest.raises(Conflict, match="A pickle"):
        ready.review(submission, "licence")


def test_a_decision_on_an_older_head_is_refused(ready, measured):
    with pytest.raises(Conflict, match="you looked at"):
        ready.review(measured, "licence", head="0" * 40)


def test_a_closed_pull_request_has_nothing_to_decide(ready, measured):
    discussions.set_status(measured.discussion, actor=ready.ada, status=DiscussionStatus.CLOSED)
    with pytest.raises(Conflict, match="nothing to decide"):
        ready.review(measured, "licence")


def test_a_turned_key_is_taken_back_by_a_second_person_only(ready, measured):
    ready.review(measured, "licence")
    with pytest.raises(Conflict, match="take that back first"):
        ready.review(measured, "licence", "reject", reason_code="other", text="no", by=ready.luis)
    with pytest.raises(Forbidden, match="second person"):
        ready.review(measured, "licence", "reverse", reason_code="mistake")
    ready.review(
        measured,
        "licence",
        "reverse",
        reason_code="licence-missing",
        text="The text is missing.",
        by=ready.luis,
    )
    measured.refresh_from_db()
    assert measured.status_reason == "Waits for the licence key and the privacy key."
    ready.review(measured, "licence", "reject", reason_code="other", text="no", by=ready.luis)
    measured.refresh_from_db()
    assert measured.status == S.REJECTED


def test_what_was_not_turned_cannot_be_taken_back(ready, measured):
    with pytest.raises(Conflict, match="nothing to take back"):
        ready.review(measured, "licence", "reverse", reason_code="mistake", text="x")


def test_a_rejected_submission_may_come_back_with_a_new_head(ready, measured):
    ready.review(
        measured, "licence", "reject", reason_code="licence-missing", text="No licence file."
    )
    pull_requests.push(
        measured.discussion,
        actor=ready.ada,
        operations=[AddFile("LICENSE", b"MIT")],
        title="Add the licence",
    )
    measured.refresh_from_db()
    assert measured.status == S.CHECKING


def test_the_database_keeps_every_review_as_it_was(ready, measured):
    given = ready.review(measured, "licence")
    for change in (given.delete, given.save):
        with pytest.raises(Exception, match=r"append_only|Cannot"), transaction.atomic():
            change()
    assert Review.objects.get().decision == Decision.APPROVE


# --- the command -------------------------------------------------------------------------------


def test_the_command_turns_a_key_by_the_same_rules(ready, measured):
    said = io.StringIO()
    _ = ready.lena
    licence = (measured.pk, "--as", "lena", "--key", "licence", "--approve")
    privacy = (measured.pk, "--as", "lena", "--key", "privacy", "--approve")
    head = ("--head", measured.head_revision[:10])
    with pytest.raises(CommandError, match="names the revision that was looked at"):
        call_command("review", *licence)
    with pytest.raises(CommandError, match="you looked at"):
        call_command("review", *licence, "--head", measured.head_revision[:3])
    call_command("review", *licence, *head, stdout=said)
    assert "licence key approved by lena" in said.getvalue()
    assert "Waits for the privacy key" in said.getvalue()
    with pytest.raises(CommandError, match="is no privacy reviewer"):
        call_command("review", *privacy, *head)
    with pytest.raises(CommandError, match="nobody called"):
        call_command("review", *(("zoe" if part == "lena" else part) for part in privacy), *head)
    with pytest.raises(CommandError, match="no submission 999"):
        call_command("review", 999999, *licence[1:], *head)
