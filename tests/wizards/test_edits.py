"""A card, a recipe or a small text is changed on a page and becomes a pull request."""

from __future__ import annotations

import pytest

from contributions.models import Discussion, Submission
from registry.services import commits
from registry.services.commits import AddFile, AddLfsFile
from tests.contributions.cast import CARD

PAGE = "/berta/digits/edit/main/README.md"
NEW = "---\nlicense: mit\n---\n# A better card\n"


@pytest.fixture
def model(cast):
    return cast.model


def written(model, **changes):
    base = commits.resolve(model).oid
    return {"text": NEW, "title": "Better card", "base": base, "do": "send", **changes}


def head(model, number=1) -> str:
    return commits.read_file(model, f"refs/pr/{number}", "README.md").decode()


def test_the_page_holds_the_text_as_it_is(as_person, cast, model, page_rules):
    answer = as_person(cast.emil).get(PAGE)
    page_rules(answer, PAGE)
    assert CARD.decode() in answer.content.decode()
    assert "Open a pull request" in answer.content.decode()


def test_the_page_asks_little(as_person, cast, model, django_assert_max_num_queries):
    browser = as_person(cast.emil)
    with django_assert_max_num_queries(15):
        browser.get(PAGE)
    with django_assert_max_num_queries(20):
        browser.post(PAGE, written(model, do="preview"))


def test_what_is_written_becomes_a_pull_request(as_person, cast, model):
    crlf = NEW.replace("\n", "\r\n")
    answer = as_person(cast.emil).post(PAGE, written(model, text=crlf, description="Because."))
    made = Discussion.objects.get()
    assert answer.headers["Location"] == made.get_absolute_url()
    assert (made.title, made.author, made.is_pull_request) == ("Better card", cast.emil, True)
    assert head(model) == NEW
    assert commits.read_file(model, "main", "README.md") == CARD
    assert Submission.objects.get(discussion=made).contributor == cast.emil


def test_sent_twice_it_is_one_pull_request(as_person, cast, model):
    browser = as_person(cast.emil)
    facts = written(model)
    first, second = browser.post(PAGE, facts), browser.post(PAGE, facts)
    assert first.headers["Location"] == second.headers["Location"]
    assert Discussion.objects.count() == 1


def test_a_preview_shows_the_change_and_the_card_and_sends_nothing(
    as_person, cast, model, page_rules
):
    hostile = NEW + "\n<script>alert(1)</script> [x](javascript:alert(1))\n"
    answer = as_person(cast.emil).post(PAGE, written(model, text=hostile, do="preview"))
    page_rules(answer, PAGE)
    words = answer.content.decode()
    assert "+# A better card" in words
    assert "<h2>A better card</h2>" in words
    assert "<script>alert" not in words
    assert 'javascript:alert(1)"' not in words
    assert not Discussion.objects.exists()


def test_faults_of_the_front_matter_are_told_before_it_is_sent(as_person, cast, model):
    wrong = "---\nlicense: appache-2.0\n---\n# x\n"
    answer = as_person(cast.emil).post(PAGE, written(model, text=wrong))
    assert answer.status_code == 400
    assert "did you mean &quot;apache-2.0&quot;" in answer.content.decode()
    assert not Discussion.objects.exists()


def test_faults_of_a_recipe_are_told_before_it_is_sent(as_person, cast, model):
    page = "/berta/digits/edit/main/recipe.yaml"
    wrong = written(model, text="version: 1\nmethod: full\nepoch: 3\n")
    answer = as_person(cast.emil).post(page, wrong)
    words = answer.content.decode()
    assert "did you mean epochs?" in words
    assert "learning_rate is missing" in words


def test_a_change_of_somebody_else_meanwhile_shows_both_texts(as_person, cast, model, page_rules):
    facts = written(model)
    cast.push(model, AddFile("README.md", b"---\nlicense: mit\n---\n# Theirs\n"), by=cast.berta)
    browser = as_person(cast.emil)
    answer = browser.post(PAGE, facts)
    page_rules(answer, PAGE)
    words = answer.content.decode()
    assert answer.status_code == 409
    assert "# Theirs" in words
    assert "# A better card" in words
    now = commits.resolve(model).oid
    assert f'name="base" value="{now}"' in words
    assert not Discussion.objects.exists()
    assert browser.post(PAGE, {**facts, "base": now}).status_code == 302
    assert head(model) == NEW


def test_a_change_of_another_file_meanwhile_does_not_matter(as_person, cast, model):
    facts = written(model)
    cast.push(model, AddFile("notes.md", b"x"), by=cast.berta)
    assert as_person(cast.emil).post(PAGE, facts).status_code == 302


def test_my_own_pull_request_takes_another_commit(as_person, cast, model):
    pull = cast.propose(AddFile("notes.md", b"x\n"), by=cast.emil)
    page = f"/berta/digits/edit/refs/pr/{pull.num}/README.md"
    browser = as_person(cast.emil)
    assert "Add the commit" in browser.get(page).content.decode()
    facts = written(model, base=commits.resolve(model, pull.ref).oid)
    assert browser.post(page, facts).headers["Location"] == pull.get_absolute_url()
    assert (Discussion.objects.count(), head(model)) == (1, NEW)
    stranger = as_person(cast.dora)
    assert stranger.get(page).status_code == 403


def test_a_new_file_can_be_written(as_person, cast, model):
    page = "/berta/digits/edit/main/docs/how.md"
    browser = as_person(cast.emil)
    assert browser.get(page).status_code == 200
    assert browser.post(page, written(model, text="# How\n")).status_code == 302
    assert commits.read_file(model, "refs/pr/1", "docs/how.md") == b"# How\n"


def test_a_file_of_a_dataset_is_changed_under_its_own_address(as_person, cast):
    assert cast.dataset
    page = "/datasets/berta/pixels/edit/main/README.md"
    assert as_person(cast.emil).post(page, written(cast.dataset)).status_code == 302


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("model.safetensors", 400, "not a text file that can be changed on a page"),
        ("big.csv", 413, "is the most for a page"),
        ("large.csv", 413, "is the most for a page"),
        ("latin.txt", 400, "is not UTF-8"),
        ("../x.md", 422, "not allowed"),
    ],
)
def test_what_is_no_small_text_is_not_opened(as_person, cast, model, path, status, words):
    import io

    from registry.services import blobs

    blob = blobs.store(io.BytesIO(b"a,b\n"), user=cast.berta)
    cast.push(
        model,
        AddFile("model.safetensors", b"w"),
        AddFile("big.csv", b"x" * 300_000),
        AddLfsFile("large.csv", blob.sha256, blob.size),
        AddFile("latin.txt", "Größe".encode("latin-1")),
        by=cast.berta,
    )
    answer = as_person(cast.emil).get(f"/berta/digits/edit/main/{path}")
    assert (answer.status_code, words in answer.content.decode()) == (status, True)


def test_a_text_that_is_unchanged_or_too_long_is_refused(as_person, cast, model):
    browser = as_person(cast.emil)
    same = browser.post(PAGE, written(model, text=CARD.decode()))
    assert (same.status_code, "Nothing is changed" in same.content.decode()) == (400, True)
    long = browser.post(PAGE, written(model, text="x" * 200_001))
    assert long.status_code == 400
    assert not Discussion.objects.exists()


def test_who_may_not_see_it_may_not_change_it(as_person, cast):
    cast.repository("hidden", "model", AddFile("README.md", CARD), private=True)
    page = "/berta/hidden/edit/main/README.md"
    assert as_person(cast.emil).get(page).status_code == 404
    assert as_person(None).get(page).headers["Location"].startswith("/login?next=")
    assert as_person(cast.emil).get("/berta/digits/edit/main/README.md").status_code == 404


def test_a_branch_that_does_not_exist_is_not_found(as_person, cast, model):
    assert as_person(cast.emil).get("/berta/digits/edit/nothing/README.md").status_code == 404
    oid = commits.resolve(model).oid
    assert as_person(cast.emil).get(f"/berta/digits/edit/{oid}/README.md").status_code == 404
