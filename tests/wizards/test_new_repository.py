"""A person makes a repository on the site."""

from __future__ import annotations

import pytest

from contributions.models import Submission
from contributions.services import licences
from registry.models import Repository
from registry.services import accounts, card_rules, commits
from workers.checks.licences import known_ids

ASKED = {
    "repo_type": "model",
    "owner": "ada",
    "name": "tiny",
    "private": "",
    "card": "on",
    "licence": "apache-2.0",
    "task": "text-classification",
}


def asked(**changes):
    return {key: value for key, value in {**ASKED, **changes}.items() if value is not None}


def made(cast) -> Repository:
    return Repository.objects.get(namespace=cast.ada.namespace, name="tiny")


def test_a_stranger_is_asked_to_sign_in(client, db):
    assert client.get("/new").headers["Location"] == "/login?next=/new"


def test_the_page_offers_my_places_and_the_licences(as_person, cast, page_rules):
    accounts.ensure_user(name="ada", orgs=["tinymodels"])
    answer = as_person(cast.ada).get("/new?type=dataset")
    page_rules(answer, "/new")
    words = answer.content.decode()
    assert 'value="tinymodels"' in words
    assert "Apache License 2.0" in words
    assert 'value="dataset" required id="id_repo_type_1" checked' in words


def test_it_is_made_with_card_and_licence_and_says_what_next(as_person, cast, page_rules):
    browser = as_person(cast.ada)
    answer = browser.post("/new", asked())
    assert answer.headers["Location"] == "/ada/tiny/start"
    repository = made(cast)
    card = commits.read_file(repository, "main", "README.md").decode()
    assert card.startswith("---\nlicense: apache-2.0\npipeline_tag: text-classification\n---\n")
    assert b"Apache License" in commits.read_file(repository, "main", "LICENSE")
    assert Submission.objects.get(repository=repository).discussion is None
    shown = browser.get("/ada/tiny/start")
    page_rules(shown, "/ada/tiny/start")
    assert "hf upload ada/tiny ./folder ." in shown.content.decode()


def test_a_private_dataset_without_a_card_holds_nothing_but_its_rules(as_person, cast):
    as_person(cast.ada).post("/new", asked(repo_type="dataset", private="private", card=None))
    repository = made(cast)
    assert (repository.repo_type, repository.private) == ("dataset", True)
    assert commits.resolve(repository).title == "initial commit"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "not a name"}, "is not a valid name"),
        ({"name": ""}, "required"),
        ({"owner": "berta"}, "Select a valid choice"),
        ({"licence": "unknown"}, "Select a valid choice"),
        ({"repo_type": "space"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_refused_on_the_page(as_person, cast, changes, words, page_rules):
    assert cast.berta
    answer = as_person(cast.ada).post("/new", asked(**changes))
    page_rules(answer, "/new")
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not Repository.objects.exists()


def test_a_name_is_taken_only_once_whatever_its_case(as_person, cast):
    browser = as_person(cast.ada)
    browser.post("/new", asked())
    again = browser.post("/new", asked(name="Tiny"))
    assert again.status_code == 400
    assert "already created" in again.content.decode()
    told = browser.get("/new/name", {"owner": "ada", "name": "Tiny", "repo_type": "model"})
    assert "has a repository of this name already" in told.content.decode()
    free = browser.get("/new/name", {"owner": "ada", "name": "other", "repo_type": "model"})
    assert "ada/other is free" in free.content.decode()


def test_a_name_does_not_tell_of_anothers_private_repository(as_person, cast):
    cast.repository("hidden", "model", private=True)
    asked_for = {"owner": "berta", "name": "hidden", "repo_type": "model"}
    assert "is free" in as_person(cast.ada).get("/new/name", asked_for).content.decode()


def test_the_first_steps_are_for_those_who_may_write(as_person, cast):
    cast.repository("tiny", "model", owner=cast.ada)
    assert as_person(cast.emil).get("/ada/tiny/start").status_code == 403
    assert as_person(cast.ada).get("/ada/tiny/start").status_code == 200


def test_every_licence_that_is_offered_passes_the_check():
    offered = {key for key, _ in licences.options()}
    assert offered <= card_rules.LICENCES
    assert {known_ids()[key][0] for key in offered} == {"specific"}
    assert not any("{" in licences.text_of(key, holder="ada") for key in offered)
