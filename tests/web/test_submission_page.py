"""The page of a submission answers what happens, what comes next and whose turn it is."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contributions.models import (
    Decision,
    Discussion,
    DiscussionStatus,
    Finding,
    Key,
    PatchKind,
    Review,
    ReviewAnswer,
    Run,
    RunKind,
    RunStatus,
    Severity,
    Submission,
    SubmissionStatus,
)
from contributions.services import discussions, status
from registry.models import Event, Repository, Role
from registry.services import accounts
from tests.web import scene as scenes

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def address(submission):
    return f"/submissions/{submission.pk}"


def ask(scene, decision=Decision.INFO, said="Where do the digits come from?"):
    made = Review.objects.create(
        submission=scene.waiting,
        key=Key.LICENCE,
        decision=decision,
        reviewer=scene.lena,
        revision=scene.waiting.head_revision,
        text=said,
        answer_due_at=timezone.now() + dt.timedelta(days=3),
    )
    wanted = {
        Decision.INFO: SubmissionStatus.NEEDS_INFO,
        Decision.CHANGES: SubmissionStatus.CHANGES_REQUESTED,
    }
    scenes.put(
        scene.waiting, wanted[decision], kind=PatchKind.ADAPTER, track=scene.track, reason=said
    )
    return made


@pytest.mark.parametrize("state", list(SubmissionStatus))
def test_every_status_has_one_answer_and_a_turn(scene, client, page_rules, state):
    scenes.put(scene.waiting, state, kind=PatchKind.ADAPTER, track=scene.track)
    response = client.get(address(scene.waiting))
    page_rules(response, state)
    words = text(response)
    assert "Whose turn" in words
    answer = re.search(r'<p class="answer"><strong>(.+?)</strong>', response.content.decode())
    assert answer
    assert answer[1].endswith(".")


def test_the_way_is_told_in_words_and_not_by_colour_alone(scene, client):
    words = text(client.get(address(scene.recipe)))
    assert "Check done Train at work Measure to come" in words
    assert "Licence key to come Privacy key to come Release to come" in words
    words = text(client.get(address(scene.weights)))
    assert "Check done Train not needed Measure done Licence key done" in words
    assert "Release done Published to come" in words
    words = text(client.get(address(scene.pickle)))
    assert "Check stopped here" in words


def test_a_finding_shows_the_lines_around_it(scene, client):
    html = client.get(address(scene.recipe)).content.decode()
    assert '<li class="meant"><span class="at">▸ 3</span><code>epochs: 12</code>' in html
    assert f"/blob/{scene.recipe.head_revision}/recipe.yaml#L3" in html


def test_lines_of_a_gated_file_stay_closed(scene, as_person):
    Repository.objects.filter(pk=scene.model.pk).update(gated="manual")
    assert "epochs: 12" not in as_person(None).get(address(scene.recipe)).content.decode()
    assert "epochs: 12" in as_person(scene.ada).get(address(scene.recipe)).content.decode()


def test_a_line_beyond_the_file_or_of_a_weights_file_shows_nothing(scene, client):
    found = Finding.objects.filter(submission=scene.recipe)
    for path, line in (("recipe.yaml", 4000), ("model.safetensors", 1), ("no/such/file", 2)):
        found.update(path=path, line=line)
        response = client.get(address(scene.recipe))
        assert response.status_code == 200
        assert 'class="excerpt"' not in response.content.decode()


def test_many_findings_cost_no_more_queries_and_are_bounded(scene, client):
    run = scene.recipe.runs.get(kind=RunKind.CHECK)

    def count():
        client.get(address(scene.recipe))
        with CaptureQueriesContext(connection) as queries:
            response = client.get(address(scene.recipe))
        return len(queries), response

    before, _ = count()
    for number in range(150):
        Finding.objects.create(
            submission=scene.recipe,
            run=run,
            rule="r",
            severity=Severity.WARN,
            path=f"file-{number % 20}.txt" if number % 2 else "recipe.yaml",
            line=number % 5 + 1,
            message=f"fault {number}",
        )
    after, response = count()
    assert after == before
    assert "the first hundred are shown" in text(response)
    assert len(response.content) < 200_000


@pytest.mark.parametrize("who", [None, "berta", "cyril", "ada", "lena"])
def test_every_state_of_the_page_takes_at_most_fifteen_queries(scene, as_person, who):
    s = scene
    ask(s)
    browser = as_person(getattr(s, who) if who else None)
    for submission in (s.weights, s.wrong, s.recipe, s.pickle, s.rows, s.draft):
        browser.get(address(submission))
        with CaptureQueriesContext(connection) as queries:
            browser.get(address(submission))
        assert len(queries) <= 15, (submission.title, [q["sql"][:90] for q in queries])


def test_a_live_part_that_did_not_change_costs_two_queries_more_than_the_session(scene, as_person):
    for who, most in ((None, 2), (scene.dora, 4)):
        browser = as_person(who)
        live = f"{address(scene.recipe)}/live"
        etag = browser.get(live)["ETag"]
        with CaptureQueriesContext(connection) as queries:
            answer = browser.get(live, headers={"If-None-Match": etag})
        assert answer.status_code == 304
        assert len(queries) <= most, [q["sql"][:90] for q in queries]


def test_gains_are_said_in_words(scene, client):
    words = text(client.get(address(scene.weights)))
    assert "Loss : better by 0.0612 nats, 95 % interval 0.0402 to 0.0822: certain" in words
    words = text(client.get(address(scene.wrong)))
    assert "worse by 0.0871 nats, 95 % interval 0.0571 to 0.1171: certain" in words
    words = text(client.get(address(scene.waiting)))
    assert "0.0061 nats, but the 95 % interval −0.0059 to 0.0181 holds zero: not certain" in words


def test_a_waiting_run_says_that_no_worker_serves_it(scene, client):
    scenes.put(scene.recipe, SubmissionStatus.QUEUED, kind=PatchKind.RECIPE, track=scene.track)
    Run.objects.filter(pk=scene.training.pk).update(status=RunStatus.QUEUED, curve=[], log="")
    words = text(client.get(address(scene.recipe)))
    assert "No worker serves its queue" in words


# --- questions, comments, titles ---------------------------------------------------------------


def test_the_contributor_answers_a_question_on_the_page(scene, as_person):
    asked = ask(scene)
    browser = as_person(scene.cyril)
    html = browser.get(address(scene.waiting)).content.decode()
    assert "Where do the digits come from?" in html
    assert "answer due by" in html
    response = browser.post(
        f"{address(scene.waiting)}/answer", {"text": "From my own hand."}, follow=True
    )
    assert "Your answer is sent" in response.content.decode()
    assert ReviewAnswer.objects.get(review=asked).author == scene.cyril
    assert "cyril answered: From my own hand." in text(response)
    assert 'id="question"' not in response.content.decode()


@pytest.mark.parametrize("who", ["emil", "lena", "berta"])
def test_nobody_else_answers(scene, as_person, who):
    ask(scene)
    browser = as_person(getattr(scene, who))
    assert "Send the answer" not in browser.get(address(scene.waiting)).content.decode()
    browser.post(f"{address(scene.waiting)}/answer", {"text": "I do."})
    assert not ReviewAnswer.objects.exists()


def test_an_empty_answer_and_an_answer_to_nothing_are_refused_in_words(scene, as_person):
    browser = as_person(scene.cyril)
    response = browser.post(f"{address(scene.waiting)}/answer", {"text": "x"}, follow=True)
    assert "No question waits for an answer" in response.content.decode()
    ask(scene)
    response = browser.post(f"{address(scene.waiting)}/answer", {"text": " "}, follow=True)
    assert 'class="note error"' in response.content.decode()


def test_a_request_for_changes_asks_for_a_commit(scene, as_person):
    ask(scene, Decision.CHANGES, "Add the licence text.")
    html = as_person(scene.cyril).get(address(scene.waiting)).content.decode()
    assert "Add the licence text." in html
    assert "Push a commit with the changes" in html
    assert "Send the answer" not in html


def test_the_discussion_is_there_with_a_reply_box(scene, as_person):
    page = as_person(None).get(address(scene.weights))
    assert "Which <em>augmentation</em> was it?" in page.content.decode()
    assert 'name="comment"' not in page.content.decode()
    response = as_person(scene.emil).post(
        f"{address(scene.weights)}/comment", {"comment": f"Is it **this**? {EVIL}"}, follow=True
    )
    html = response.content.decode()
    assert "Is it <strong>this</strong>?" in html
    assert "<script>alert" not in html
    assert "<img src=x" not in html


def test_only_the_last_comments_are_shown(scene, client):
    for number in range(14):
        discussions.comment(scene.weights.discussion, author=scene.emil, text=f"number {number}.")
    html = client.get(address(scene.weights)).content.decode()
    assert "Earlier comments are in the pull request" in html
    assert "<p>number 13.</p>" in html
    assert "<p>number 2.</p>" not in html


def test_a_title_is_changed_by_those_who_may(scene, as_person):
    as_person(scene.emil).post(f"{address(scene.waiting)}/title", {"title": "Mine now"})
    assert Submission.objects.get(pk=scene.waiting.pk).title == "Adapter with r = 16"
    response = as_person(scene.cyril).post(
        f"{address(scene.waiting)}/title", {"title": "Adapter, rank 16"}, follow=True
    )
    assert "<h1>Adapter, rank 16</h1>" in response.content.decode()
    response = as_person(scene.cyril).post(
        f"{address(scene.waiting)}/title", {"title": ""}, follow=True
    )
    assert 'class="note error"' in response.content.decode()


# --- what cannot be undone, what can, and one step again ---------------------------------------


def test_withdrawing_is_asked_for_on_a_page_of_its_own(scene, as_person, page_rules):
    browser = as_person(scene.cyril)
    confirm = f"{address(scene.waiting)}/confirm/withdraw"
    assert confirm in browser.get(address(scene.waiting)).content.decode()
    response = browser.get(confirm)
    page_rules(response, confirm)
    assert "This cannot be undone" in response.content.decode()
    assert as_person(scene.emil).get(confirm).status_code == 403
    assert as_person(None).get(confirm)["Location"].startswith("/login?next=")


def test_a_closed_pull_request_is_opened_again(scene, as_person):
    discussions.set_status(
        scene.waiting.discussion, actor=scene.cyril, status=DiscussionStatus.CLOSED
    )
    browser = as_person(scene.cyril)
    assert "Open the pull request again" in browser.get(address(scene.waiting)).content.decode()
    browser.post(f"{address(scene.waiting)}/open")
    assert Discussion.objects.get(pk=scene.waiting.discussion_id).status == "open"


def test_one_step_is_run_again(scene, as_person):
    failed = scene.rows.runs.get(kind=RunKind.FINETUNE)
    other = scenes.run(scene.rows, RunKind.CHECK, RunStatus.CANCELLED)
    browser = as_person(scene.berta)
    assert "Run only this again" in browser.get(address(scene.rows)).content.decode()
    response = browser.post(f"/runs/{failed.pk}/again", {"next": address(scene.rows)}, follow=True)
    assert response.redirect_chain[0][0] == address(scene.rows)
    queued = Run.objects.filter(submission=scene.rows, status=RunStatus.QUEUED)
    assert [run.kind for run in queued] == [failed.kind]
    assert not queued.filter(kind=other.kind).exists()


@pytest.mark.parametrize("verb", ["again", "cancel"])
def test_runs_of_others_are_left_alone_and_no_button_leads_away(scene, as_person, verb):
    run = scene.training
    assert as_person(scene.emil).post(f"/runs/{run.pk}/{verb}").status_code == 403
    assert as_person(None).post(f"/runs/{run.pk}/{verb}").status_code == 302
    for evil in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        response = as_person(scene.dora).post(f"/runs/{run.pk}/{verb}", {"next": evil})
        assert response["Location"] == f"/runs/{run.pk}"


def test_strangers_see_no_button_and_every_refused_post_changes_nothing(scene, as_person):
    before = list(Submission.objects.values_list("pk", "title", "status", "track"))
    html = as_person(scene.emil).get(address(scene.recipe)).content.decode()
    for words in ("Cancel the runs", "Withdraw …", "Change the title", "Cancel this run"):
        assert words not in html
    for verb in ("title", "cancel", "withdraw", "open", "rerun", "evaluate", "track"):
        assert as_person(scene.emil).post(f"{address(scene.recipe)}/{verb}").status_code == 403
        assert as_person(None).post(f"{address(scene.recipe)}/{verb}").status_code == 302
    assert list(Submission.objects.values_list("pk", "title", "status", "track")) == before


# --- the timeline ------------------------------------------------------------------------------


def test_the_timeline_tells_statuses_and_turns_around(scene, client):
    Event.objects.create(
        verb="submission.status",
        actor=None,
        subject=f"submission:{scene.weights.pk}",
        data={"from": "queued", "to": "benchmarking", "reason": f"A worker measures it. {EVIL}"},
    )
    html = client.get(address(scene.weights)).content.decode()
    assert "Now benchmarking" in html
    assert "<script>alert" not in html
    assert "Merged by release digits 1" in html
    shown = html[html.index('class="timeline"') :]
    assert shown.index("Check finished") < shown.index("Merged by release")
    html = client.get(f"{address(scene.weights)}?order=oldest").content.decode()
    shown = html[html.index('class="timeline"') :]
    assert shown.index("Merged by release") < shown.index("Check finished")


def test_a_long_timeline_has_pages(scene, client):
    for number in range(40):
        discussions.comment(scene.weights.discussion, author=scene.emil, text=f"word {number}")
    first = client.get(address(scene.weights)).content.decode()
    assert '<a href="?moments=2#history">' in first
    second = client.get(f"{address(scene.weights)}?moments=2").content.decode()
    assert 'class="timeline"' in second
    for odd in ("0", "-1", "99999999999999999999", "x", "²"):
        assert client.get(f"{address(scene.weights)}?moments={odd}").status_code == 200


def test_projecting_a_status_writes_the_timeline(scene, client):
    status.project(scene.rows)
    scene.rows.refresh_from_db()
    label = scene.rows.get_status_display()
    assert f"Now {label}" in client.get(address(scene.rows)).content.decode()


def test_a_reviewer_reads_in_their_language_why_this_one_is_not_for_them(scene, as_person):
    accounts.grant_role(scene.cyril, Role.LICENCE_REVIEWER, granted_by=None)
    browser, address = as_person(scene.cyril), scene.waiting.get_absolute_url()
    said = browser.get(address).content.decode()
    assert "You may not review this one, because it is your own." in said
    chinese = browser.get(address, headers={"accept-language": "zh-hans"}).content.decode()
    assert "您不能审核此投稿，因为这是您自己的投稿。" in chinese
