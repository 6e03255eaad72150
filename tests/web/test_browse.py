"""Models and datasets: searched, narrowed, sorted, leafed through."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry.models import Repository
from registry.services import commits, repositories
from registry.services.commits import AddFile


@pytest.fixture(autouse=True)
def _nothing_remembered():
    cache.clear()
    yield
    cache.clear()


def names(browser, address):
    response = browser.get(address)
    assert response.status_code == 200, address
    html = response.content.decode()
    return re.findall(r'card-title"><a href="[^"]+">([^<]+)</a>', html)


def make(person, name, card="", kind="model", **more):
    made = repositories.create(
        actor=person, namespace=person.namespace, name=name, repo_type=kind, **more
    )
    if card:
        commits.commit(
            made,
            ref="refs/heads/main",
            author=person,
            title="Card",
            operations=[AddFile("README.md", f"---\n{card}\n---\nText.\n".encode())],
        )
    return made


@pytest.fixture
def several(scene):
    make(scene.emil, "bert-de", "license: mit\nlanguage: de\npipeline_tag: text-classification")
    make(scene.emil, "bert-fr", "license: mit\nlanguage: [fr, de]\nlibrary_name: timm")
    make(scene.emil, "tuned", "license: apache-2.0\nbase_model: emil/bert-de")
    make(scene.emil, "rows", "license: cc0-1.0\ntask_categories: [ranking]", kind="dataset")
    make(scene.emil, "secret-bert", "license: mit", private=True)
    return scene


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("licence=mit", {"emil/bert-de", "emil/bert-fr"}),
        ("language=de", {"emil/bert-de", "emil/bert-fr"}),
        ("licence=mit&language=fr", {"emil/bert-fr"}),
        ("task=text-classification", {"emil/bert-de"}),
        ("library=timm", {"emil/bert-fr"}),
        ("base=emil/bert-de", {"emil/tuned"}),
        ("has=track", {"ada/digits"}),
        ("has=release", {"ada/digits"}),
        ("search=bert", {"emil/bert-de", "emil/bert-fr", "emil/tuned", "berta/scratch"}),
        ("search=bert&licence=mit", {"emil/bert-de", "emil/bert-fr"}),
        ("search=handwritten+digits", {"ada/digits"}),
        ("licence=no-such", set()),
        ("has=nonsense&sort=nonsense&page=nonsense&search=digits", {"ada/digits"}),
    ],
)
def test_facets_and_words_narrow_the_list(several, as_person, page_rules, query, found):
    browser = as_person(None)
    assert set(names(browser, f"/models?{query}")) == found
    page_rules(browser.get(f"/models?{query}"), query)


def test_datasets_have_facets_of_their_own(several, as_person):
    browser = as_person(None)
    assert names(browser, "/datasets?task=ranking") == ["emil/rows"]
    assert names(browser, "/datasets?has=track") == ["ada/digits-data"]
    html = browser.get("/datasets").content.decode()
    assert "sort=contributors" in html
    assert "sort=gain" not in html


def test_choices_tell_how_many_public_repositories_they_leave(several, as_person):
    html = as_person(None).get("/models").content.decode()
    assert re.search(r'href="\?licence=mit">mit <span class="faint num">2</span>', html)
    html = as_person(None).get("/models?licence=mit").content.decode()
    assert "Remove the filter Licence: mit" in html


@pytest.mark.parametrize("sort", ["", "downloads", "name", "gain", "contributors"])
def test_every_order_lists_everything_once(several, as_person, sort):
    Repository.objects.filter(name="tuned").update(downloads=7)
    found = names(as_person(None), f"/models?sort={sort}")
    assert len(found) == len(set(found)) == 5
    first = {"downloads": "emil/tuned", "gain": "ada/digits", "contributors": "ada/digits"}
    if sort in first:
        assert found[0] == first[sort]
    if sort == "name":
        assert [name.split("/")[1] for name in found] == sorted(n.split("/")[1] for n in found)


def test_what_is_private_is_listed_for_those_who_may_see_it(several, as_person):
    assert "emil/secret-bert" in names(as_person(several.emil), "/models?licence=mit")
    assert "emil/secret-bert" not in names(as_person(several.berta), "/models?search=secret-bert")


def test_a_line_says_what_people_look_for(several, as_person):
    html = as_person(None).get("/models?search=digits").content.decode()
    for said in ("image-classification", "apache-2.0", "open pull requests", "best release"):
        assert said in html
    assert "1 open track trains on it" in as_person(None).get("/datasets").content.decode()


def test_a_card_that_holds_anything_is_listed(several, as_person, page_rules):
    strange = {
        "license": {"a": [1]},
        "pipeline_tag": ["<b>x</b>", 3, None],
        "library_name": 12,
        "language": {"x": "y"},
    }
    Repository.objects.filter(name="tuned").update(card=strange, tags=["license:<i>", "x" * 500])
    response = as_person(None).get("/models")
    assert response.status_code == 200
    page_rules(response, "/models")
    assert "<b>x</b>" not in response.content.decode()


def test_pages_lead_on_and_bad_numbers_lead_somewhere(several, as_person):
    Repository.objects.bulk_create(
        Repository(
            namespace=several.emil.namespace,
            name=f"many-{n}",
            repo_type="model",
            created_by=several.emil,
        )
        for n in range(70)
    )
    browser = as_person(None)
    seen = [name for page in (1, 2, 3) for name in names(browser, f"/models?sort=name&page={page}")]
    assert len(seen) == len(set(seen)) == 75
    assert names(browser, "/models?sort=name&page=0") == names(browser, "/models?sort=name&page=3")
    for odd in ("-1", "x", "99999999999999999999", "1.5", ""):
        assert names(browser, f"/models?sort=name&page={odd}")


def test_a_very_long_list_is_counted_and_leafed_through_within_bounds(
    several, as_person, monkeypatch
):
    from registry.web import links

    monkeypatch.setattr(links, "MOST_COUNTED", 60)
    monkeypatch.setattr(links, "DEEP", 30)
    test_rows = [f"many-{n}" for n in range(70)]
    Repository.objects.bulk_create(
        Repository(
            namespace=several.emil.namespace, name=n, repo_type="model", created_by=several.emil
        )
        for n in test_rows
    )
    browser = as_person(None)
    html = browser.get("/models?sort=name").content.decode()
    assert "more than 60 repositories" in html
    assert "Page 1 of 2" in html
    deep = names(browser, "/models?sort=name&page=2")
    assert len(deep) == 30
    assert [n.split("/")[1] for n in deep] == sorted(n.split("/")[1] for n in deep)
    assert names(browser, "/models?sort=name&page=3") == deep


def test_the_number_of_queries_does_not_depend_on_the_data(several, as_person):
    browser = as_person(several.ada)
    addresses = ["/", "/models", "/models?sort=gain", "/datasets", "/search?q=bert", "/home/live"]

    def count(address):
        browser.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address).status_code == 200
        return len(queries)

    before = {address: count(address) for address in addresses}
    for n in range(12):
        make(several.emil, f"bert-{n}", f"license: mit\nlanguage: l{n}")
    cache.clear()
    assert {address: count(address) for address in addresses} == before
    assert max(before.values()) <= 15
