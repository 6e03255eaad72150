"""An offer is put together step by step, without scripts, and sent once."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from contributions.models import Discussion, DiscussionStatus, OfferDraft, PatchKind, Submission
from registry.services import commits
from registry.services.commits import AddFile
from tests.contributions.cast import CARD
from tests.contributions.machines import BASE

RECIPE = (
    b"# ours\nversion: 1\nmethod: full\nepochs: 2\nlearning_rate: 0.001  # small\nother: kept\n"
)
WHAT = {"kind": "weights", "title": "Better weights", "description": "Trained longer."}
PAPERS = {"choice": "same", "personal": "no", "source": "Our own sentences."}


@pytest.fixture
def model(cast):
    cast.push(cast.model, *BASE, AddFile("LICENSE", b"MIT License, all of it."), by=cast.berta)
    return cast.model


@pytest.fixture
def browser(as_person, cast):
    return as_person(cast.ada)


def begun(browser, repository="berta/digits", **changes) -> OfferDraft:
    answer = browser.post(f"/submit?repository={repository}", {**WHAT, **changes})
    assert answer.status_code == 302, answer.content.decode()
    return OfferDraft.objects.latest("pk")


def bring(browser, draft, **files):
    sent = [SimpleUploadedFile(name, content) for name, content in files.items()]
    return browser.post(f"/submit/{draft.pk}/files", {"files": sent}, follow=True)


def ready(browser, **changes) -> OfferDraft:
    draft = begun(browser, **changes)
    bring(browser, draft, **{"model.safetensors": b"better weights"})
    browser.post(f"/submit/{draft.pk}/licence", PAPERS)
    return draft


def words_of(answer) -> str:
    return answer.content.decode()


# --- choosing ---------------------------------------------------------------------------------


def test_it_begins_with_the_open_tracks(browser, cast, model, page_rules):
    assert cast.track
    answer = browser.get("/submit")
    page_rules(answer, "/submit")
    assert "/submit?repository=berta/digits&amp;track=digits" in words_of(answer)
    assert "Improve it" not in words_of(browser.get("/submit?q=nothing"))
    assert "Improve it" in words_of(browser.get("/submit?q=DIG"))


def test_an_empty_site_says_what_to_do(browser, page_rules):
    answer = browser.get("/submit")
    page_rules(answer, "/submit")
    assert "No track is open yet" in words_of(answer)


def test_limits_and_keys_are_said_before_anything_is_uploaded(browser, cast, model, page_rules):
    assert cast.track
    answer = browser.get("/submit?repository=berta/digits&track=digits")
    page_rules(answer, "/submit")
    for said in ("at most 50 GB", "at most 2000 steps in 900 seconds", "licence, privacy"):
        assert said in words_of(answer)
    by_track = browser.get("/submit?track=digits")
    assert words_of(by_track).count("Better") == 0
    assert "What you offer" in words_of(by_track)


def test_it_takes_signing_in_and_seeing_the_repository(client, browser, cast):
    cast.repository("hidden", "model", private=True)
    assert browser.get("/submit?repository=berta/hidden").status_code == 404
    assert browser.post("/submit?repository=berta/hidden", WHAT).status_code == 404
    client.logout()
    assert client.get("/submit").headers["Location"].startswith("/login")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": ""}, "required"),
        ({"title": "x" * 256}, "at most 255"),
        ({"kind": "data"}, "Select a valid choice"),
        ({"kind": "adapter"}, "no name"),
        ({"kind": "adapter", "adapter": "a/b"}, "slash"),
        ({"kind": "adapter", "adapter": ".."}, "not allowed"),
    ],
)
def test_a_wrong_beginning_is_refused_on_the_page(browser, model, changes, words, page_rules):
    answer = browser.post("/submit?repository=berta/digits", {**WHAT, **changes})
    page_rules(answer, "/submit")
    assert (answer.status_code, words in words_of(answer)) == (400, True), words_of(answer)
    assert not OfferDraft.objects.exists()


# --- files ------------------------------------------------------------------------------------


def test_files_come_through_a_plain_form(browser, model, page_rules):
    draft = begun(browser)
    answer = bring(browser, draft, **{"model.safetensors": b"new", "notes.md": b"# Notes\n"})
    page_rules(answer, "files")
    assert "2 files have arrived" in words_of(answer)
    assert sorted(draft.files.values_list("path", flat=True)) == ["model.safetensors", "notes.md"]
    one = draft.files.get(path="notes.md")
    browser.post(f"/submit/{draft.pk}/files/{one.pk}/remove")
    assert draft.files.count() == 1
    assert "Choose files first" in words_of(bring(browser, draft))


def test_a_file_that_no_check_would_pass_is_told_at_once(browser, model):
    draft = begun(browser)
    answer = bring(browser, draft, **{"pytorch_model.bin": b"\x80\x04."})
    assert "is a Python pickle or may hold one" in words_of(answer)
    checked = words_of(browser.get(f"/submit/{draft.pk}/check"))
    assert "pytorch_model.bin is a Python pickle" in checked


# --- check and send ---------------------------------------------------------------------------


def test_every_fault_is_told_at_once_with_the_step_that_mends_it(browser, cast, page_rules):
    cast.repository("bare", "model")
    draft = begun(browser, repository="berta/bare")
    page = f"/submit/{draft.pk}/check"
    answer = browser.get(page)
    page_rules(answer, page)
    said = words_of(answer)
    for fault in ("no files yet", "No licence is chosen", "personal data", "where the data come"):
        assert fault in said
    assert f'href="/submit/{draft.pk}/files">Mend it' in said
    assert f'href="/submit/{draft.pk}/licence">Mend it' in said
    assert 'value="open" disabled' in said
    refused = browser.post(page, {"do": "open"})
    assert "There are no files yet" in words_of(refused)
    assert not Discussion.objects.exists()


def test_it_becomes_one_pull_request_with_one_commit(browser, cast, model):
    assert cast.track
    draft = ready(browser)
    answer = browser.post(f"/submit/{draft.pk}/check", {"do": "open"})
    submission = Submission.objects.exclude(discussion=None).get()
    assert answer.headers["Location"] == submission.get_absolute_url()
    assert (submission.contributor, submission.track) == (cast.ada, cast.track)
    pull = submission.discussion
    assert (pull.title, pull.status) == ("Better weights", DiscussionStatus.OPEN)
    assert "- Personal data: no personal data" in pull.events.first().text
    head = commits.resolve(model, pull.ref)
    assert head.parent == commits.resolve(model).oid
    assert [c.path for c in head.changes.all()] == ["model.safetensors"]
    assert commits.read_file(model, head, "model.safetensors") == b"better weights"


def test_sent_twice_it_is_still_one(browser, cast, model):
    draft = ready(browser)
    page = f"/submit/{draft.pk}/check"
    first, second = browser.post(page, {"do": "open"}), browser.post(page, {"do": "open"})
    assert first.headers["Location"] == second.headers["Location"]
    assert browser.get(f"/submit/{draft.pk}").headers["Location"] == first.headers["Location"]
    assert Discussion.objects.count() == 1
    assert "Better weights" not in words_of(browser.get("/submit"))


def test_it_can_be_sent_as_a_draft(browser, model):
    draft = ready(browser)
    browser.post(f"/submit/{draft.pk}/check", {"do": "draft"})
    assert Discussion.objects.get().status == DiscussionStatus.DRAFT


def test_nothing_is_left_of_a_sending_that_fails(browser, model, monkeypatch):
    from contributions.services import offers
    from registry.services.errors import Conflict

    draft = ready(browser)

    def refuse(*args, **more):
        raise Conflict("the last step fails")

    monkeypatch.setattr(offers, "_choose_track", refuse)
    answer = browser.post(f"/submit/{draft.pk}/check", {"do": "open"})
    assert "the last step fails" in words_of(answer)
    assert not Discussion.objects.exists()
    draft.refresh_from_db()
    assert (draft.sent_as, draft.files.count()) == (None, 1)


def test_an_adapter_goes_to_its_folder(browser, cast, model):
    draft = begun(browser, kind="adapter", adapter="small")
    bring(browser, draft, **{"adapter_config.json": b"{}"})
    assert "adapter_model.safetensors" in words_of(browser.get(f"/submit/{draft.pk}/check"))
    bring(browser, draft, **{"adapter_model.safetensors": b"ab"})
    browser.post(f"/submit/{draft.pk}/licence", PAPERS)
    browser.post(f"/submit/{draft.pk}/check", {"do": "open"})
    head = commits.resolve(model, "refs/pr/1")
    assert {c.path for c in head.changes.all()} == {
        "adapters/small/adapter_config.json",
        "adapters/small/adapter_model.safetensors",
    }


def test_data_carry_their_answers_into_the_card(browser, cast):
    assert cast.dataset
    draft = begun(browser, repository="datasets/berta/pixels", kind="data")
    bring(browser, draft, **{"more.csv": b"text,label\nx,1\n"})
    papers = {
        **PAPERS,
        "choice": "cc-by-4.0",
        "personal": "yes",
        "consent": "They agreed.",
        "derived_from": "ada/older\nhttps://example.org/x",
    }
    browser.post(f"/submit/{draft.pk}/licence", papers)
    answer = browser.post(f"/submit/{draft.pk}/check", {"do": "open"})
    assert answer.status_code == 302, words_of(answer)
    card = commits.read_file(cast.dataset, "refs/pr/1", "README.md").decode()
    assert card.startswith(
        "---\nlicense: cc-by-4.0\nsource_datasets:\n- ada/older\n- https://example.org/x\n"
        "personal_data: 'yes'\n---\n"
    )
    assert b"licenses/by/4.0" in commits.read_file(cast.dataset, "refs/pr/1", "LICENSE")


def test_another_licence_needs_name_and_text(browser, model):
    draft = begun(browser)
    page = f"/submit/{draft.pk}/licence"
    browser.post(page, {**PAPERS, "choice": "other"})
    assert "needs its name and its text" in words_of(browser.get(f"/submit/{draft.pk}/check"))
    text = SimpleUploadedFile("LICENSE", b"Do what is right.")
    browser.post(page, {**PAPERS, "choice": "other", "name": "right-1.0", "text_file": text})
    said = words_of(browser.get(f"/submit/{draft.pk}/check"))
    assert "needs its name" not in said
    assert "license_name: right-1.0" in said
    wrong = SimpleUploadedFile("LICENSE", b"\xff\xfe\x00")
    refused = browser.post(page, {**PAPERS, "choice": "other", "text_file": wrong})
    assert (refused.status_code, "not a text" in words_of(refused)) == (400, True)


def test_the_text_of_the_old_licence_does_not_do_for_a_new_one(browser, model):
    draft = ready(browser)
    page, check = f"/submit/{draft.pk}/licence", f"/submit/{draft.pk}/check"
    browser.post(page, {**PAPERS, "choice": "gpl-3.0"})
    assert "text of the licence is missing" in words_of(browser.get(check))
    browser.post(page, {**PAPERS, "choice": "mit"})
    assert "text of the licence is missing" not in words_of(browser.get(check))
    browser.post(page, {**PAPERS, "choice": "apache-2.0"})
    assert browser.post(check, {"do": "open"}).status_code == 302
    text = commits.read_file(model, "refs/pr/1", "LICENSE")
    card = commits.read_file(model, "refs/pr/1", "README.md")
    assert (b"Apache License" in text, b"license: apache-2.0" in card) == (True, True)


def test_the_same_content_offered_before_is_told(browser, as_person, cast, model):
    draft = ready(browser)
    browser.post(f"/submit/{draft.pk}/check", {"do": "open"})
    earlier = Submission.objects.exclude(discussion=None).get()
    other = as_person(cast.emil)
    again = ready(other, title="Mine")
    said = words_of(other.get(f"/submit/{again.pk}/check"))
    assert "The same content was offered before: Better weights" in said
    assert f'href="{earlier.get_absolute_url()}"' in said


def test_a_branch_that_moved_is_told(browser, cast, model):
    draft = ready(browser)
    cast.push(model, AddFile("notes.md", b"x"), by=cast.berta)
    assert "The branch has moved since" in words_of(browser.get(f"/submit/{draft.pk}/check"))
    cast.push(model, AddFile("model.safetensors", b"theirs"), by=cast.berta)
    said = words_of(browser.get(f"/submit/{draft.pk}/check"))
    assert "Others changed files that you bring too: model.safetensors" in said


def test_of_several_tracks_one_is_chosen(browser, cast, model):
    assert cast.track
    second = cast.open_track("second")
    draft = ready(browser)
    assert "Several tracks could measure it" in words_of(browser.get(f"/submit/{draft.pk}/check"))
    browser.post(f"/submit/{draft.pk}/what", {**WHAT, "track": "second"})
    browser.post(f"/submit/{draft.pk}/check", {"do": "open"})
    assert Submission.objects.exclude(discussion=None).get().track == second


# --- recipe -----------------------------------------------------------------------------------


@pytest.fixture
def recipe(browser, cast, model):
    cast.push(model, AddFile("recipe.yaml", RECIPE), by=cast.berta)
    return begun(browser, kind="recipe")


def test_a_recipe_starts_from_the_one_that_is_there(browser, recipe, page_rules):
    page = f"/submit/{recipe.pk}/recipe"
    answer = browser.get(page)
    page_rules(answer, page)
    said = words_of(answer)
    assert 'name="epochs" value="2"' in said
    assert "other (line 6) is not a key of a recipe" in said


def test_a_recipe_is_judged_while_it_is_typed(browser, recipe):
    page = f"/submit/{recipe.pk}/recipe"
    typed = {"method": "full", "epochs": "many", "learning_rate": "0.002", "do": "look"}
    said = words_of(browser.post(page, typed, headers={"HX-Request": "true"}))
    assert "epochs (line 4) is &#x27;many&#x27; and must be a number above 0" in said
    assert "<html" not in said
    recipe.refresh_from_db()
    assert "recipe" not in recipe.answers


def test_a_changed_recipe_keeps_what_the_form_does_not_know(browser, recipe, model):
    page = f"/submit/{recipe.pk}/recipe"
    typed = {"method": "full", "epochs": "9", "learning_rate": "0.001", "do": "next"}
    answer = browser.post(page, typed)
    assert answer.headers["Location"] == f"/submit/{recipe.pk}/licence"
    recipe.refresh_from_db()
    assert recipe.answers["recipe"] == RECIPE.decode().replace("epochs: 2", "epochs: 9")
    browser.post(f"/submit/{recipe.pk}/licence", PAPERS)
    assert "is not a key of a recipe" in words_of(browser.get(f"/submit/{recipe.pk}/check"))
    good = recipe.answers["recipe"].replace("other: kept\n", "")
    browser.post(page, {"text": good, "do": "text"})
    sent = browser.post(f"/submit/{recipe.pk}/check", {"do": "open"})
    assert sent.status_code == 302, words_of(sent)
    assert commits.read_file(model, "refs/pr/1", "recipe.yaml").decode() == good


def test_an_unchanged_recipe_and_one_that_others_changed_are_told(browser, recipe, cast, model):
    browser.post(f"/submit/{recipe.pk}/recipe", {"text": RECIPE.decode(), "do": "text"})
    check = f"/submit/{recipe.pk}/check"
    assert "the same as before" in words_of(browser.get(check))
    cast.push(model, AddFile("recipe.yaml", b"version: 1\n"), by=cast.berta)
    assert "changed by others since you began" in words_of(browser.get(check))


# --- drafts -----------------------------------------------------------------------------------


def test_a_draft_is_listed_continued_and_deleted(browser, model):
    draft = begun(browser)
    assert f'href="/submit/{draft.pk}"' in words_of(browser.get("/submit"))
    assert browser.get(f"/submit/{draft.pk}").headers["Location"] == f"/submit/{draft.pk}/files"
    bring(browser, draft, **{"model.safetensors": b"new"})
    assert browser.get(f"/submit/{draft.pk}").headers["Location"] == f"/submit/{draft.pk}/licence"
    browser.post(f"/submit/{draft.pk}/discard")
    assert not OfferDraft.objects.exists()


def test_a_draft_is_its_authors_alone(browser, as_person, cast, model):
    draft = ready(browser)
    file = draft.files.get()
    for person in (cast.emil, cast.berta, cast.olga):
        other = as_person(person)
        for step in ("", "/what", "/files", "/licence", "/recipe", "/check"):
            assert other.get(f"/submit/{draft.pk}{step}").status_code == 404
        for step in ("/files", "/discard", "/check", f"/files/{file.pk}/remove"):
            assert other.post(f"/submit/{draft.pk}{step}").status_code == 404
        told = other.post(f"/submit/{draft.pk}/files/{file.pk}/complete")
        assert (told.status_code, "no draft" in told.json()["error"]) == (404, True)
    assert draft.files.count() == 1


def test_old_drafts_go(browser, cast, model):
    old = begun(browser)
    long_ago = timezone.now() - OfferDraft.KEPT_FOR * 2
    OfferDraft.objects.filter(pk=old.pk).update(updated_at=long_ago)
    assert "Better weights" not in words_of(browser.get("/submit"))
    begun(browser, title="Another")
    assert not OfferDraft.objects.filter(pk=old.pk).exists()


def test_a_draft_of_a_repository_that_went_private_can_only_be_deleted(browser, cast, model):
    draft = begun(browser)
    type(model).objects.filter(pk=model.pk).update(private=True)
    assert browser.get(f"/submit/{draft.pk}/files").status_code == 404
    assert browser.post(f"/submit/{draft.pk}/check").status_code == 404
    assert browser.post(f"/submit/{draft.pk}/discard").status_code == 302
    assert not OfferDraft.objects.exists()


def test_no_step_asks_for_each_file(browser, cast, model, django_assert_max_num_queries):
    assert cast.track
    draft = ready(browser)
    wanted = [{"path": f"n{n}.md", "size": 1, "sha256": f"{n:064x}"} for n in range(40)]
    answer = browser.post(
        f"/submit/{draft.pk}/files/announce",
        json.dumps({"files": wanted}),
        content_type="application/json",
    )
    assert len(answer.json()["files"]) == 40
    for step in ("what", "files", "licence", "check"):
        with django_assert_max_num_queries(15):
            assert browser.get(f"/submit/{draft.pk}/{step}").status_code == 200
    with django_assert_max_num_queries(15):
        browser.get("/submit")


def test_every_kind_is_offered_somewhere():
    from contributions.services import drafts

    offered = {kind for kinds in drafts.KINDS.values() for kind in kinds}
    assert offered == set(PatchKind) - {PatchKind.UNKNOWN, PatchKind.BASE}


def test_hostile_words_stay_words(browser, cast, model):
    hostile = "<script>alert(1)</script>"
    draft = ready(browser, title=hostile, description=hostile)
    for address in ("/submit", f"/submit/{draft.pk}/check", f"/submit/{draft.pk}/files"):
        assert "<script>alert" not in words_of(browser.get(address))
    assert CARD
