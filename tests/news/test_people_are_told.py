"""Who hears of what, and who does not."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from contributions.models import (
    Decision,
    DiscussionEvent,
    Key,
    Notification,
    Review,
    ReviewItem,
    Submission,
    SubmissionStatus,
)
from contributions.services import (
    discussions,
    notification_trail,
    reviews,
    submissions,
)
from registry.models import Event, Repository, User
from registry.services import accounts, events, organisations


def happened(submission, after, *, before="benchmarking", reason=""):
    events.record(
        "submission.status",
        actor=None,
        repository=submission.repository,
        subject=f"submission:{submission.pk}",
        data={"from": before, "to": after, "reason": reason},
    )


def test_every_change_of_a_status_is_on_the_trail(scene):
    before = scene.waiting.status
    submissions.withdraw(scene.waiting, actor=scene.cyril)
    found = Event.objects.filter(verb="submission.status").latest("pk")
    assert found.subject == f"submission:{scene.waiting.pk}"
    assert found.repository_id == scene.model.pk
    assert found.data["from"] == before
    assert found.data["to"] == "withdrawn"
    count = Event.objects.filter(verb="submission.status").count()
    submissions.advance(scene.waiting)
    assert Event.objects.filter(verb="submission.status").count() == count


@pytest.mark.parametrize(
    ("after", "kind", "words"),
    [
        ("refused", "failed", "A check refused “Adapter with r = 16”"),
        ("failed", "failed", "“Adapter with r = 16” failed"),
        ("needs-track", "finished", "“Adapter with r = 16” is checked and needs a track"),
        ("in-review", "finished", "“Adapter with r = 16” is measured and waits for review"),
        ("approved", "finished", "“Adapter with r = 16” is approved"),
        ("released", "release", "“Adapter with r = 16” is part of a release"),
        ("not-admitted", "release", "A release did not admit “Adapter with r = 16”"),
        ("published", "publication", "A release with “Adapter with r = 16” is published"),
    ],
)
def test_a_contributor_hears_what_became_of_it(scene, news, after, kind, words):
    happened(scene.waiting, after, reason="Because.")
    [(told, title, text)] = news(scene.cyril)
    assert (told, title) == (kind, words)
    assert text.endswith("Because.")
    assert ("+0.0061" in text) == (after == "in-review")
    assert news(scene.ada) == news(scene.emil) == []


@pytest.mark.parametrize("after", ["queued", "training", "withdrawn", "cancelled", "draft"])
def test_what_needs_no_word_is_not_told(scene, news, after):
    happened(scene.waiting, after)
    happened(scene.waiting, "in-review", before="needs-info")
    assert news(scene.cyril) == []


def test_a_decision_reaches_the_contributor_with_its_reason(scene, news):
    reviews.review(
        scene.waiting,
        reviewer=scene.lena,
        key=Key.LICENCE,
        decision=Decision.REJECT,
        reason_code="licence-missing",
        text="The images are non-commercial.",
    )
    [(kind, title, text)] = news(scene.cyril)
    assert (kind, title) == ("decision", "Licence key: “Adapter with r = 16” is rejected")
    assert "The images are non-commercial." in text
    assert news(scene.lena) == []


def test_a_question_and_its_answer_reach_the_right_ones(scene, news):
    asked = reviews.review(
        scene.waiting,
        reviewer=scene.lena,
        key=Key.LICENCE,
        decision=Decision.INFO,
        reason_code="provenance-unclear",
        text="Where are the images from?",
    )
    [(kind, title, text)] = news(scene.cyril)
    assert (kind, title) == ("question", "Licence key: a question about “Adapter with r = 16”")
    assert "Where are the images from?" in text
    assert "Please answer by" in text
    reviews.answer(asked, author=scene.cyril, text="I drew them.")
    assert news(scene.lena)[0][:2] == ("answer", "“Adapter with r = 16”: your question is answered")
    assert all(kind != "answer" for kind, _title, _text in news(scene.cyril))


def test_whoever_takes_part_hears_of_a_comment_but_not_its_author(scene, news):
    thread = scene.weights.discussion  # by Berta; Ada has commented
    discussions.comment(thread, author=scene.emil, text="Is the seed fixed?")
    words = ("comment", "emil commented on “Longer training with augmentation”", "")
    assert news(scene.berta) == news(scene.ada) == [words]
    assert news(scene.emil) == news(scene.cyril) == []


def test_a_hidden_comment_is_not_told_even_when_it_was_already(scene, news):
    thread = scene.weights.discussion
    early = discussions.comment(thread, author=scene.emil, text="Bad words")
    discussions.hide_comment(early, actor=scene.ada)
    assert news(scene.berta) == []
    late = discussions.comment(thread, author=scene.emil, text="Worse words")
    assert len(news(scene.berta)) == 1
    discussions.hide_comment(DiscussionEvent.objects.get(pk=late.pk), actor=scene.ada)
    assert news(scene.berta) == []


def test_nobody_is_told_of_what_they_may_not_see(scene, news):
    discussions.comment(scene.weights.discussion, author=scene.ada, text="Between us.")
    happened(scene.weights, "failed")
    Repository.objects.filter(pk=scene.model.pk).update(private=True)
    assert news(scene.berta) == []


def test_a_reviewer_is_told_of_the_answer_though_the_repository_is_private(scene, news, as_person):
    Repository.objects.filter(pk=scene.model.pk).update(private=True)
    asked = reviews.review(
        scene.waiting,
        reviewer=scene.lena,
        key=Key.LICENCE,
        decision=Decision.INFO,
        reason_code="provenance-unclear",
        text="Who drew them?",
    )
    reviews.answer(asked, author=scene.cyril, text="I did.")
    assert news(scene.lena)[0][:2] == ("answer", "“Adapter with r = 16”: your question is answered")
    line = Notification.objects.get(user=scene.lena)
    page = as_person(scene.lena).get(f"/notifications/{line.pk}", follow=True)
    assert page.status_code == 200
    assert "I did." in page.content.decode()


def test_somebody_who_left_is_told_nothing(scene, news):
    User.objects.filter(pk=scene.cyril.pk).update(is_active=False)
    happened(scene.waiting, "failed")
    assert news(scene.cyril) == []


def test_an_invitation_is_told(scene, news):
    organisation = organisations.named("tinymodels")
    organisation.memberships.filter(user=scene.ada).update(role="maintainer")
    organisations.invite(organisation, whom="berta", role="write", actor=scene.ada)
    [(kind, title, _text)] = news(scene.berta)
    assert kind == "invitation"
    assert title == "ada invites you to the organisation tinymodels"


def test_the_day_before_an_answer_is_due_the_contributor_is_reminded_once(scene, news):
    Submission.objects.filter(pk=scene.waiting.pk).update(status=SubmissionStatus.NEEDS_INFO)
    for hours in (12, 60):
        Review.objects.create(
            submission=scene.waiting,
            key=Key.LICENCE if hours == 12 else Key.PRIVACY,
            decision=Decision.INFO,
            reviewer=scene.lena,
            revision=scene.waiting.head_revision,
            text="Where from?",
            answer_due_at=timezone.now() + dt.timedelta(hours=hours),
        )
    notification_trail.tell_deadlines()
    notification_trail.tell_deadlines()
    [(kind, title, text)] = news(scene.cyril)
    assert (kind, title) == ("deadline", "Your answer about “Adapter with r = 16” is due soon")
    assert "licence reviewer" in text


def test_a_reviewer_hears_that_a_claim_ends(scene, news):
    now = timezone.now()
    ReviewItem.objects.update_or_create(
        submission=scene.waiting,
        key=Key.LICENCE,
        defaults={
            "opened_at": now,
            "due_at": now + dt.timedelta(days=3),
            "claimed_by": scene.lena,
            "claimed_until": now + dt.timedelta(minutes=10),
            "closed_at": None,
        },
    )
    notification_trail.tell_deadlines()
    notification_trail.tell_deadlines()
    assert [line[0] for line in news(scene.lena)] == ["review-due"]


def test_news_about_what_is_gone_is_passed_by(scene, news):
    for data in ({"event": 10**15}, {"event": "x"}, {}):
        events.record("discussion.commented", actor=scene.ada, repository=scene.model, data=data)
    events.record("review.answered", actor=scene.ada, subject="submission:1", data={"review": "?"})
    events.record("submission.status", actor=None, subject="nonsense", data={"to": "failed"})
    events.record("organisation.invited", actor=scene.ada, subject="invitation:99999")
    happened(scene.waiting, "failed")
    assert len(news(scene.cyril)) == 1


def test_titles_are_one_plain_line(scene, news):
    Submission.objects.filter(pk=scene.waiting.pk).update(title="a\r\nBcc: x@example.org\x07 <b>")
    happened(scene.waiting, "failed")
    [(_kind, title, _text)] = news(scene.cyril)
    assert title == "“a Bcc: x@example.org <b>” failed"


def test_each_is_told_in_their_language(scene, news):
    User.objects.filter(pk=scene.cyril.pk).update(language="zh-hans")
    asked = reviews.review(
        scene.waiting,
        reviewer=scene.lena,
        key=Key.LICENCE,
        decision=Decision.INFO,
        reason_code="provenance-unclear",
        text="Where are the images from?",
    )
    [(_kind, _title, text)] = news(scene.cyril)
    assert f"{asked.answer_due_at.year}年{asked.answer_due_at.month}月" in text


def test_a_moment_is_told_the_british_way_in_english(scene, news):
    asked = reviews.review(
        scene.waiting,
        reviewer=scene.lena,
        key=Key.LICENCE,
        decision=Decision.INFO,
        reason_code="provenance-unclear",
        text="Where are the images from?",
    )
    [(_kind, _title, text)] = news(scene.cyril)
    due = asked.answer_due_at
    assert f"Please answer by {due.day} {due:%B %Y, %H:%M} (UTC)." in text


def test_old_stories_are_not_told_when_news_begin(scene):
    from contributions.models import NewsCursor

    accounts.ensure_user(name="zoe", password="correct horse battery")
    NewsCursor.objects.all().delete()
    notification_trail.sweep()
    assert Notification.objects.filter(created_at__lt=timezone.now()).exists()
    assert NewsCursor.objects.get(name="notifications").event_id == Event.objects.latest("pk").pk
