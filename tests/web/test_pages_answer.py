"""Every page for everybody: its status, and nothing that a page of ours must not have."""

from __future__ import annotations

import pytest

PEOPLE = ["nobody", "emil", "berta", "lena", "ada"]


def addresses(s):
    model, data = s.model.get_absolute_url(), s.data.get_absolute_url()
    oid = s.head.oid
    return [
        "/",
        "/tracks",
        "/tracks?status=open",
        "/tracks/digits",
        "/tracks/digits?sort=credit",
        "/tracks/digits/releases/0",
        "/tracks/digits/releases/1",
        "/submissions",
        "/submissions?status=moving",
        "/submissions?kind=adapter&track=digits&by=cyril",
        *(
            f"/submissions/{x.pk}"
            for x in (s.weights, s.wrong, s.recipe, s.pickle, s.waiting, s.rows, s.draft)
        ),
        f"/runs/{s.training.pk}",
        "/models",
        "/models?search=digits&sort=name",
        "/models?search=nothing-is-named-so",
        "/datasets",
        model,
        f"{model}/tree/main",
        f"{model}/tree/main/docs",
        f"{model}/tree/{oid}/docs/how",
        f"{model}/tree/refs%2Fpr%2F1",
        f"{model}/blob/main/config.json",
        f"{model}/blob/main/model.safetensors",
        f"{model}/commits/main",
        f"{model}/commit/{oid}",
        f"{model}/discussions",
        f"{model}/discussions?status=all",
        f"{model}/discussions/1",
        data,
        f"{data}/tree/main/data",
        f"{data}/discussions/1",
        s.plain.get_absolute_url(),
        "/ada",
        "/berta",
        "/tinymodels",
        "/no-such-person",
        "/ada/no-such-repository",
        f"{model}/tree/main/no/such/folder",
        "/submissions/999999",
    ]


def person(scene, name):
    return None if name == "nobody" else getattr(scene, name)


@pytest.mark.parametrize("name", PEOPLE)
def test_every_page_answers_everybody(scene, as_person, name, page_rules):
    browser = as_person(person(scene, name))
    for address in addresses(scene):
        response = browser.get(address)
        wanted = 404 if "no-such" in address or "/no/" in address or "999999" in address else 200
        assert response.status_code == wanted, f"{address} as {name}: {response.status_code}"
        page_rules(response, address)


def test_pages_of_one_s_own_ask_for_sign_in(scene, as_person, page_rules):
    response = as_person(None).get("/settings/tokens")
    assert response.status_code == 302
    assert response["Location"] == "/login?next=/settings/tokens"
    page_rules(as_person(None).get("/login"), "/login")
    page_rules(as_person(scene.berta).get("/settings/tokens"), "/settings/tokens")


@pytest.mark.parametrize("name", ["nobody", "emil", "lena"])
def test_private_things_do_not_exist_for_strangers(scene, as_person, name):
    browser = as_person(person(scene, name))
    base = scene.secret.get_absolute_url()
    for address in (base, f"{base}/tree/main", f"{base}/commits/main", f"{base}/discussions"):
        response = browser.get(address)
        assert response.status_code == 404, address
        assert "held-out" not in response.content.decode().replace(address, "")
    for address in ("/datasets", "/ada", "/"):
        assert "ada/held-out" not in browser.get(address).content.decode()


def test_the_owner_sees_private_things(scene, as_person):
    browser = as_person(scene.ada)
    assert browser.get(scene.secret.get_absolute_url()).status_code == 200
    assert "ada/held-out" in browser.get("/datasets").content.decode()
