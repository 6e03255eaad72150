"""Discussions: written with a preview, edited with a history, hidden, renamed, closed."""

from __future__ import annotations

import pytest

from contributions.models import Discussion, DiscussionStatus
from contributions.services import discussions

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def thread(scene):
    """Emil asks something; its first comment is the description."""
    made = discussions.open_discussion(
        scene.model, author=scene.emil, title="A question", description="Why 8 × 8?"
    )
    made.first = made.events.get()
    return made


def at(thread, rest=""):
    return f"{thread.get_absolute_url()}{rest}"


def test_a_preview_is_shown_and_nothing_is_written(thread, scene, as_person, page_rules):
    browser = as_person(scene.dora)
    sent = browser.post(at(thread, "/answer"), {"do": "preview", "comment": f"*so* {EVIL}"})
    page_rules(sent, "preview")
    assert "<em>so</em>" in sent.text
    assert "<script>alert" not in sent.text
    assert "*so*" in sent.text
    assert thread.events.count() == 1
    new = f"{scene.model.get_absolute_url()}/discussions/new"
    sent = browser.post(new, {"do": "preview", "title": "T", "description": "**b**"})
    page_rules(sent, "preview")
    assert "<strong>b</strong>" in sent.text
    assert 'value="T"' in sent.text


def test_what_was_typed_stays_when_it_is_refused(thread, scene, as_person, page_rules):
    browser = as_person(scene.emil)
    long = "word " * 14_000
    sent = browser.post(at(thread, "/answer"), {"do": "comment", "comment": long})
    assert sent.status_code == 400
    page_rules(sent, "refused")
    assert long[:1000] in sent.text
    sent = browser.post(at(thread, "/answer"), {"do": "comment", "comment": " "})
    assert sent.status_code == 400
    discussions.set_status(thread, actor=scene.ada, status=DiscussionStatus.CLOSED)
    Discussion.objects.filter(pk=thread.pk).update(status=DiscussionStatus.MERGED)
    sent = browser.post(at(thread, "/answer"), {"do": "open", "comment": "keep me"})
    assert sent.status_code == 400
    assert "keep me" in sent.text
    assert browser.post(at(thread, "/answer"), {"do": "explode"}).status_code == 400


def test_a_comment_is_edited_and_its_history_stays(thread, scene, as_person, page_rules):
    page = at(thread, f"/comments/{thread.first.pk}")
    browser = as_person(scene.emil)
    page_rules(browser.get(page), page)
    shown = browser.post(f"{page}/edit", {"do": "preview", "comment": "Why **9** × 9?"})
    assert "<strong>9</strong>" in shown.text
    assert browser.post(f"{page}/edit", {"comment": f"Why 9 × 9? {EVIL}"}).status_code == 302
    for person in (None, scene.emil):
        after = as_person(person).get(page)
        page_rules(after, page)
        assert "Why 8 × 8?" in after.text
        assert "<script>alert" not in after.text
    assert "edited" in as_person(None).get(at(thread)).text


def test_only_its_author_edits_a_comment(thread, scene, as_person):
    page = at(thread, f"/comments/{thread.first.pk}")
    for person, status in ((scene.ada, 403), (scene.dora, 403), (None, 302)):
        sent = as_person(person).post(f"{page}/edit", {"comment": "mine now"})
        assert sent.status_code == status
    thread.first.refresh_from_db()
    assert thread.first.text == "Why 8 × 8?"


def test_a_comment_is_hidden_by_its_author_or_a_maintainer(thread, scene, as_person):
    page = at(thread, f"/comments/{thread.first.pk}")
    assert as_person(scene.dora).post(f"{page}/hide").status_code == 403
    assert as_person(scene.ada).post(f"{page}/hide").status_code == 302
    assert "Why 8 × 8?" not in as_person(scene.emil).get(page).text
    assert "This comment is hidden" in as_person(None).get(at(thread)).text
    refused = as_person(scene.emil).post(f"{page}/edit", {"comment": "back"})
    assert refused.status_code in (200, 400)
    assert "back" not in as_person(None).get(at(thread)).text.split("Thread")[1]


def test_a_title_is_changed_by_its_author_or_a_maintainer(thread, scene, as_person, page_rules):
    sent = {"title": f"A better question {EVIL}"}
    assert as_person(scene.dora).post(at(thread, "/title"), sent).status_code == 403
    assert as_person(scene.emil).post(at(thread, "/title"), sent).status_code == 302
    response = as_person(None).get(at(thread))
    page_rules(response, "renamed")
    assert "A better question &lt;script&gt;" in response.text
    assert "<script>alert" not in response.text
    browser = as_person(scene.ada)
    assert browser.post(at(thread, "/title"), {"title": " "}, follow=True).status_code == 200
    thread.refresh_from_db()
    assert thread.title.startswith("A better question")


def test_people_and_numbers_become_links_if_they_are_there(thread, scene, as_person):
    text = "@ada, @nobody, #1, #999, a@ada.org, [@ada](http://x.example) `@ada` @ADA. @ada/x"
    discussions.comment(thread, author=scene.emil, text=text)
    words = as_person(None).get(at(thread)).text.split('<div class="prose">')[-1].split("</div>")[0]
    assert '<a href="/ada" rel="nofollow noopener noreferrer">@ada</a>,' in words
    assert "@nobody" in words
    assert 'href="/nobody"' not in words
    assert 'href="/ada/digits/discussions/1"' in words
    assert "discussions/999" not in words
    assert "a@ada.org" in words
    assert "<code>@ada</code>" in words
    assert '<a href="/ada" rel="nofollow noopener noreferrer">@ADA</a>.' in words


def test_a_draft_is_opened_and_links_to_its_submission(scene, as_person):
    draft = scene.model.discussions.get(status=DiscussionStatus.DRAFT)
    browser = as_person(scene.berta)
    assert "Open for evaluation" in browser.get(at(draft)).text
    assert browser.post(at(draft, "/answer"), {"do": "open", "comment": ""}).status_code == 302
    draft.refresh_from_db()
    assert draft.status == DiscussionStatus.OPEN
    assert f"/submissions/{draft.submission.pk}" in browser.get(at(draft)).text


def test_the_list_is_filtered_by_status_and_kind(thread, scene, as_person, page_rules):
    browser, base = as_person(scene.ada), f"{scene.model.get_absolute_url()}/discussions"
    everything = browser.get(f"{base}?status=all").text
    assert "A question" in everything
    assert "Half an idea" in everything
    pulls, talks = (browser.get(f"{base}?kind={kind}").text for kind in ("pull", "talk"))
    assert "A question" not in pulls
    assert "Half an idea" in pulls
    assert "A question" in talks
    assert "Half an idea" not in talks
    empty = browser.get(f"{base}?status=merged&kind=talk")
    page_rules(empty, "none")
    assert "None here" in empty.text
    assert browser.get(f"{base}?status=x&kind=y&page=z").status_code == 200


def test_a_long_thread_is_leafed_through_and_stays_small(thread, scene, as_person):
    for n in range(130):
        discussions.comment(thread, author=scene.emil, text=f"comment {n} " + "<&>" * 2000)
    browser = as_person(scene.ada)
    first = browser.get(at(thread))
    assert len(first.content) < 200_000
    assert "comment 0 " in first.text
    assert "Read the whole comment" in first.text
    assert "comment 129 " in browser.get(at(thread, "?page=3")).text
    sent = browser.post(at(thread, "/answer"), {"do": "comment", "comment": "last"})
    assert sent["Location"].endswith("?page=3#answer")
