"""Search over everything: what is found, by whom, and that no input breaks it."""

from __future__ import annotations

import re

import pytest
from django.core.management import call_command

from contributions.models import Submission, Track
from contributions.services import (
    discussions,
    erasure,
    moves,
    search_index,
    track_changes,
    tracks,
)
from registry.models import SearchEntry
from registry.services import accounts, commits, profiles, repositories, search
from registry.services.commits import AddFile
from tests.web.test_search_words import HOSTILE


def titles(browser, asked, **more):
    response = browser.get("/search", {"q": asked, **more})
    assert response.status_code == 200
    html = response.content.decode()
    return [
        re.sub(r"<.*?>", "", title)
        for title in re.findall(r'result-title"><a [^>]*>(.*?)</a>', html)
    ]


@pytest.fixture
def indexed(scene):
    search_index.rebuild()
    return scene


@pytest.mark.parametrize(
    ("asked", "kind", "title"),
    [
        ("digits", "model", "ada/digits"),
        ("digits-data", "dataset", "ada/digits-data"),
        ("apache-2.0", "model", "ada/digits"),
        ("handwritten pixels", "model", "ada/digits"),  # words of the card
        ("handwr", "track", "Handwritten digits"),
        ("berta", "person", "berta"),
        ("tinymodels", "organisation", "tinymodels"),
        ("slanted sevens", "submission", "LoRA adapter for slanted sevens"),
        ("cyril lora", "submission", "LoRA adapter for slanted sevens"),
        ("release 1", "release", "Handwritten digits, release 1"),
    ],
)
def test_everything_is_found(indexed, as_person, asked, kind, title):
    browser = as_person(None)
    assert title in titles(browser, asked)
    assert title in titles(browser, asked, kind=kind)
    other = "discussion" if kind != "discussion" else "track"
    assert title not in titles(browser, asked, kind=other)


def test_what_is_named_just_so_comes_first(indexed, as_person):
    assert titles(as_person(None), "digits")[0] == "ada/digits"
    assert titles(as_person(None), "berta")[0] == "berta"


@pytest.mark.parametrize("name", ["nobody", "emil", "lena"])
def test_what_is_private_is_found_by_nobody_else(indexed, as_person, name):
    person = None if name == "nobody" else getattr(indexed, name)
    assert "ada/held-out" not in titles(as_person(person), "held-out")
    assert "ada/held-out" in titles(as_person(indexed.ada), "held-out")


def test_what_becomes_private_or_disabled_is_gone_at_once(indexed, as_person):
    browser = as_person(None)
    repositories.update_settings(indexed.model, actor=indexed.ada, private=True)
    assert titles(browser, "slanted sevens") == []
    assert titles(browser, "digits", kind="model") == []
    repositories.update_settings(indexed.model, actor=indexed.ada, private=False)
    assert titles(browser, "slanted sevens")
    type(indexed.model).objects.filter(pk=indexed.model.pk).update(disabled=True)
    assert titles(browser, "slanted sevens") == []


def test_pages_and_hits_hold_to_the_rules(indexed, as_person, page_rules):
    for address in (
        "/search",
        "/search?q=",
        "/search?q=digits",
        "/search?q=digits&kind=model",
        "/search?q=digits&kind=no-such-kind",
        "/search?q=nothing-is-called-so",
        "/search?q=nothing-is-called-so&kind=track",
        "/search?q=digits&page=99",
        "/search?q=digits&page=x",
    ):
        response = as_person(None).get(address)
        assert response.status_code == 200, address
        page_rules(response, address)
    for hit in re.findall(r'result-title"><a href="([^"]+)"', response.content.decode()):
        assert as_person(None).get(hit).status_code == 200, hit


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_words_break_the_page(indexed, client, page_rules, text):
    response = client.get("/search", {"q": text.encode("utf-8", "replace")[:4000]})
    assert response.status_code in (200, 400)
    page_rules(response, text[:40])


def test_hits_are_escaped_and_what_was_asked_for_is_marked(indexed, client):
    discussions.rename(
        indexed.weights.discussion, actor=indexed.ada, title="<img src=x onerror=alert(1)> sevens"
    )
    html = client.get("/search?q=sevens").content.decode()
    assert "<img src=x" not in html
    assert "&lt;img src=x onerror=alert(1)&gt; <mark>sevens</mark>" in html
    html = client.get("/search?q=<script>alert(1)</script>").content.decode()
    assert "<script>alert" not in html


# --- what changes is found by its new words at once ------------------------------------------


def test_a_new_repository_and_its_card_are_found(scene, client):
    made = repositories.create(
        actor=scene.emil, namespace=scene.emil.namespace, name="walrus", repo_type="model"
    )
    assert titles(client, "walrus") == ["emil/walrus"]
    commits.commit(
        made,
        ref="refs/heads/main",
        author=scene.emil,
        title="Card",
        operations=[AddFile("README.md", b"---\nlicense: mit\ntags: [tusks]\n---\nWhiskers too.")],
    )
    assert titles(client, "tusks") == titles(client, "whiskers") == ["emil/walrus"]


def test_a_renamed_repository_is_found_by_its_new_name(scene, client):
    asked = discussions.open_discussion(
        scene.model, author=scene.emil, title="A walrus?", description="With tusks."
    )
    repositories.move(scene.model, actor=scene.ada, namespace=scene.ada.namespace, name="numerals")
    assert titles(client, "numerals", kind="model") == ["ada/numerals"]
    assert "pixel" in SearchEntry.objects.get(kind="model", title="ada/numerals").vector
    html = client.get("/search?q=walrus").content.decode()
    assert f'href="/ada/numerals/discussions/{asked.num}"' in html


def test_a_deleted_repository_is_not_found(scene, client):
    made = repositories.create(
        actor=scene.emil, namespace=scene.emil.namespace, name="walrus", repo_type="model"
    )
    repositories.delete(made, actor=scene.emil)
    assert titles(client, "walrus") == []


def test_people_are_found_by_name_and_by_what_they_say_of_themselves(scene, client):
    made = accounts.sign_up(name="walter", email="", password=None)
    assert titles(client, "walter") == ["walter"]
    profiles.change(made, fullname="Walter Walrus", about="I like tusks.", website="", language="")
    assert titles(client, "walrus") == titles(client, "tusks") == ["walter"]


def test_submissions_and_discussions_are_found_by_title_and_opening_comment(scene, client):
    from tests.web.scene import offer

    made = offer(scene.model, scene.emil, "A walrus in the model", {"notes/w.md": b"tusks\n"})
    assert titles(client, "walrus") == ["A walrus in the model"]
    discussions.rename(made.discussion, actor=scene.emil, title="A seal in the model")
    assert titles(client, "seal model") == ["A seal in the model"]
    asked = discussions.open_discussion(
        scene.model, author=scene.emil, title="Why no fish?", description="Herrings above all."
    )
    assert titles(client, "herrings") == ["Why no fish?"]
    opening = asked.events.get()
    discussions.edit_comment(opening, editor=scene.emil, text="Mackerels above all.")
    assert titles(client, "herrings") == []
    assert titles(client, "mackerels") == ["Why no fish?"]
    discussions.hide_comment(opening, actor=scene.ada)
    assert titles(client, "mackerels") == []


def test_a_forgotten_person_leads_nowhere(indexed, client):
    discussions.open_discussion(indexed.model, author=indexed.cyril, title="A question")
    assert len(titles(client, "cyril")) > 2
    search.forget_person(indexed.cyril)
    assert titles(client, "cyril") == []
    html = client.get("/search?q=slanted+sevens").content.decode()
    assert "LoRA adapter" in html
    assert "cyril" not in html


def test_the_command_builds_the_same_index(scene, client, capsys):
    search.put("docs", "credit", title="How credit works", url="/docs/credit", words="nats")
    call_command("rebuild_search")
    first = set(SearchEntry.objects.values_list("kind", "key", "title", "url", "summary"))
    assert Submission.objects.count() == sum(kind == "submission" for kind, *_ in first)
    assert ("docs", "credit", "How credit works", "/docs/credit", "") in first
    call_command("rebuild_search")
    assert set(SearchEntry.objects.values_list("kind", "key", "title", "url", "summary")) == first
    assert "things can be found" in capsys.readouterr().out
    search.remove("docs", "credit")
    assert titles(client, "credit", kind="docs") == []


def _kept():
    return {
        (entry.kind, entry.key): (entry.title, entry.url, entry.summary, entry.vector)
        for entry in SearchEntry.objects.all()
    }


def _moved(scene):
    moves.move(scene.model, actor=scene.ada, namespace=scene.ada.namespace, name="numerals")


def _erased(scene):
    Track.objects.update(status="closed")
    scene.cyril.memberships.all().delete()
    erasure.erase(scene.cyril)


def _new_rules(scene):
    policy = {**scene.track.policy, "keys": ["licence", "privacy", "technical"]}
    track_changes.change_policy(scene.track, actor=scene.ada, policy=policy)


def _closed(scene):
    tracks.close(scene.track, actor=scene.ada, reason="Done.")


@pytest.mark.parametrize("change", [_moved, _erased, _new_rules, _closed])
def test_after_a_change_is_found_what_a_new_index_would_find(indexed, change):
    change(indexed)
    found = _kept()
    search_index.rebuild()
    assert found == _kept()


def test_what_was_offered_to_a_renamed_repository_is_found_by_its_new_name(indexed, as_person):
    browser = as_person(indexed.ada)
    browser.post(f"/{indexed.model}/settings/move", {"namespace": "ada", "name": "numerals"})
    for kind, title in (
        ("track", "Handwritten digits"),
        ("submission", "LoRA adapter for slanted sevens"),
        ("release", "Handwritten digits, release 1"),
    ):
        assert title in titles(browser, "numerals", kind=kind)


def test_of_a_common_word_each_kind_is_found_and_pages_lead_on(indexed, client):
    search.store(
        search.Entry("submission", f"x{n}", f"Common walrus {n}", f"/submissions/{n}")
        for n in range(450)
    )
    search.put("track", "x", title="The walrus track", url="/tracks/digits", words="")
    html = client.get("/search?q=walrus").content.decode()
    assert titles(client, "walrus")[0] == "The walrus track"
    assert "100+" in html
    assert "These words are common" in html
    assert 'rel="next"' in html
    assert len(titles(client, "walrus", page=2)) == 20
    assert titles(client, "walrus 7", kind="submission")[0] == "Common walrus 7"
