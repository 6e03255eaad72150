"""A repository is set up by those who may administer it, and by nobody else."""

from __future__ import annotations

import pytest

from registry.models import Event, Maintainer, MemberRole, Repository
from registry.services import repositories

FORMS = {
    "visibility": {"private": "yes", "gated": ""},
    "move": {"namespace": "ada", "name": "numbers"},
    "maintainers/add": {"person": "emil", "role": "write"},
    "maintainers/remove": {"person": "dora"},
    "delete": {"typed": "ada/digits"},
}
SETTINGS = "/ada/digits/settings"


@pytest.fixture
def people(scene):
    Maintainer.objects.create(repository=scene.model, user=scene.dora, role=MemberRole.WRITE)
    return scene


def test_the_page_is_for_those_who_administer_it(people, as_person, page_rules):
    for person, status in ((None, 302), (people.emil, 403), (people.dora, 403), (people.ada, 200)):
        assert as_person(person).get(SETTINGS).status_code == status
    page_rules(as_person(people.ada).get(SETTINGS), SETTINGS)


@pytest.mark.parametrize("name", FORMS)
def test_nobody_else_changes_anything(people, as_person, name):
    for person, status in ((None, 302), (people.emil, 403), (people.dora, 403)):
        sent = as_person(person).post(f"{SETTINGS}/{name}", FORMS[name])
        assert sent.status_code == status
        assert as_person(person).get(f"{SETTINGS}/{name}").status_code in (302, 403, 405)
    people.model.refresh_from_db()
    assert (people.model.name, people.model.private) == ("digits", False)
    assert people.model.maintainers.get().user == people.dora


def test_it_is_made_private_or_gated(people, as_person):
    browser = as_person(people.ada)
    browser.post(f"{SETTINGS}/visibility", {"private": "yes", "gated": "manual"})
    people.model.refresh_from_db()
    assert people.model.private
    assert people.model.gated == "manual"
    assert as_person(people.emil).get("/ada/digits").status_code == 404
    browser = as_person(people.ada)
    for wrong in ({}, {"private": "perhaps"}, {"private": "no", "gated": "x"}):
        assert browser.post(f"{SETTINGS}/visibility", wrong).status_code == 400


def test_it_is_renamed_and_the_old_address_leads_there(people, as_person, page_rules):
    browser = as_person(people.ada)
    sent = browser.post(f"{SETTINGS}/move", {"namespace": "ada", "name": "numbers"})
    assert sent["Location"] == "/ada/numbers"
    assert browser.get("/ada/digits")["Location"] == "/ada/numbers"
    page = browser.get("/ada/numbers/settings")
    page_rules(page, "settings")
    assert "ada/digits" in page.text
    there = {"namespace": "tinymodels", "name": "numbers"}
    sent = browser.post("/ada/numbers/settings/move", there)
    assert sent["Location"] == "/tinymodels/numbers"
    assert browser.get("/ada/digits")["Location"] == "/tinymodels/numbers"


@pytest.mark.parametrize(
    "sent",
    [
        {"namespace": "berta", "name": "digits"},
        {"namespace": "nobody", "name": "digits"},
        {"namespace": "ada", "name": "../x"},
        {"namespace": "ada", "name": ""},
        {"namespace": "ada", "name": "<script>"},
    ],
)
def test_a_name_that_cannot_be_is_refused_beside_the_field(people, as_person, page_rules, sent):
    response = as_person(people.ada).post(f"{SETTINGS}/move", sent)
    assert response.status_code == 400
    page_rules(response, "refused")
    assert "errorlist" in response.text
    assert "<script>" not in response.text
    people.model.refresh_from_db()
    assert people.model.full_name == "ada/digits"


def test_people_get_roles_and_lose_them_and_the_trail_says_so(people, as_person):
    browser = as_person(people.ada)
    browser.post(f"{SETTINGS}/maintainers/add", {"person": "@Emil", "role": "maintainer"})
    assert as_person(people.emil).get(SETTINGS).status_code == 200
    browser = as_person(people.ada)
    browser.post(f"{SETTINGS}/maintainers/add", {"person": "emil", "role": "read"})
    assert people.model.maintainers.get(user=people.emil).role == MemberRole.READ
    browser.post(f"{SETTINGS}/maintainers/remove", {"person": "emil"})
    assert not people.model.maintainers.filter(user=people.emil).exists()
    verbs = Event.objects.filter(repository=people.model, verb__contains="maintainer")
    assert verbs.count() == 3
    for wrong in ({"person": "nobody", "role": "read"}, {"person": "ada", "role": "read"}, {}):
        assert browser.post(f"{SETTINGS}/maintainers/add", wrong).status_code == 400


def test_what_is_part_of_the_record_is_not_deleted(people, as_person, page_rules):
    response = as_person(people.ada).post(f"{SETTINGS}/delete", {"typed": "ada/digits"})
    assert response.status_code == 400
    page_rules(response, "refused")
    assert "part of the record" in response.text
    assert Repository.objects.filter(pk=people.model.pk).exists()


def test_it_is_deleted_when_its_name_is_typed(people, as_person):
    made = repositories.create(
        actor=people.ada, namespace=people.ada.namespace, name="mistake", repo_type="model"
    )
    browser = as_person(people.ada)
    at = "/ada/mistake/settings/delete"
    assert browser.post(at, {"typed": "ada/digits"}).status_code == 400
    assert browser.post(at, {}).status_code == 400
    assert browser.post(at, {"typed": "ada/mistake"})["Location"] == "/ada"
    assert not Repository.objects.filter(pk=made.pk).exists()
    assert browser.get("/ada/mistake").status_code == 404
