"""Scores, credit, lineage and licence of a repository: facts, and only those one may know."""

from __future__ import annotations

import pytest

from contributions.models import TrackDataset
from registry.models import Repository
from registry.services import commits, repositories
from registry.services.commits import AddFile

EVIL = "<script>alert(1)</script>"


def write(repository, author, **files):
    return commits.commit(
        repository,
        ref="refs/heads/main",
        author=author,
        title="Write",
        operations=[
            AddFile(path.replace("__", "/").replace("_", "."), text.encode())
            for path, text in files.items()
        ],
    )


@pytest.fixture
def derived(scene):
    made = repositories.create(
        actor=scene.berta, namespace=scene.berta.namespace, name="better", repo_type="model"
    )
    card = "---\nlicense: mit\nbase_model: ada/digits\ndatasets: [ada/digits-data, far/away]\n---\n"
    write(made, scene.berta, README_md=card)
    return made


def test_every_result_is_told_in_figures_picture_and_words(scene, client, page_rules):
    for query in ("", "?split=V", "?page=7"):
        response = client.get(f"/ada/digits/scores{query}")
        page_rules(response, query)
    text = client.get("/ada/digits/scores").text
    assert "better by 0.0612 nats, 95 % interval 0.0402 to 0.0822: certain" in text
    assert "holds zero: not certain" in text
    assert 'class="interval worse"' in text
    assert "+0.0702" in text
    empty = client.get("/berta/scratch/scores")
    page_rules(empty, "no scores")
    assert "Nothing was measured" in empty.text


def test_credit_is_summed_over_releases(scene, client, page_rules):
    response = client.get("/ada/digits/credit")
    page_rules(response, "credit")
    assert "berta" in response.text
    assert 'class="curve bars"' in response.text
    empty = client.get("/berta/scratch/credit")
    page_rules(empty, "no credit")
    assert "No credit yet" in empty.text


def test_lineage_is_a_picture_and_words(scene, derived, client, page_rules):
    response = client.get("/ada/digits/lineage")
    page_rules(response, "lineage")
    picture, _, words = response.text.partition("</svg></div>")
    for told in ("ada/digits-data", "digits, release 1", "berta/better"):
        assert told in picture
    for told in ("ada/digits-data", "release 1 of digits", "Longer training", "berta/better"):
        assert told in words
    response = client.get("/berta/better/lineage")
    page_rules(response, "lineage")
    assert "ada/digits" in response.text
    assert "not on this site" in response.text
    data = client.get("/datasets/ada/digits-data/lineage")
    page_rules(data, "lineage")
    assert "berta/better" in data.text
    assert "release 1 of digits" in data.text


def test_what_is_private_is_no_relative(scene, derived, as_person):
    Repository.objects.filter(pk=derived.pk).update(private=True)
    TrackDataset.objects.create(track=scene.track, dataset=scene.secret, revision="0" * 40)
    for below in ("lineage", "licence"):
        text = as_person(None).get(f"/ada/digits/{below}").text
        assert "better" not in text, below
        assert "held-out" not in text, below
    assert "held-out" in as_person(scene.ada).get("/ada/digits/lineage").text
    Repository.objects.filter(pk__in=[scene.model.pk, scene.data.pk]).update(private=True)
    text = as_person(scene.berta).get("/berta/better/lineage").text
    assert "ada/digits" in text  # the card says so
    assert 'href="/ada/digits"' not in text


def test_licences_are_stated_not_judged(scene, derived, client, page_rules):
    write(
        scene.model,
        scene.ada,
        LICENSE=f"Apache License {EVIL}",
        LICENSES__MIT_txt="MIT License",
        NOTICE="n" * 9000,
    )
    response = client.get("/ada/digits/licence")
    page_rules(response, "licence")
    assert "apache-2.0" in response.text
    assert "Apache License &lt;script&gt;" in response.text
    assert "MIT License" in response.text
    assert "The whole text" in response.text
    response = client.get("/berta/better/licence")
    page_rules(response, "licence")
    assert "licence apache-2.0" in response.text
    assert "There is no LICENSE" in response.text


def test_a_link_to_a_licence_is_one_of_the_web(scene, client):
    card = "---\nlicense: other\nlicense_link: 'javascript:alert(1)'\nlicense_name: <b>x\n---\n"
    write(scene.plain, scene.berta, README_md=card)
    text = client.get("/berta/scratch/licence").text
    assert "javascript:" not in text
    assert "&lt;b&gt;x" in text


@pytest.mark.parametrize(
    "card",
    [
        "base_model: 7\ndatasets: {a: b}\nlicense: [1, 2]\n",
        f"base_model: ['{EVIL}', '../..', 'a/b/c', '/']\ndatasets: ['{EVIL}/x']\nlicense: {EVIL}\n",
        "base_model:\n" + "".join(f"- a/b{n}\n" for n in range(3000)),
        "license: " + "x" * 50_000 + "\n",
    ],
)
def test_odd_cards_do_no_harm(scene, client, page_rules, card):
    write(scene.plain, scene.berta, README_md=f"---\n{card}---\n# A\n")
    for below in ("", "/lineage", "/licence", "/scores", "/credit"):
        response = client.get(f"/berta/scratch{below}")
        assert response.status_code == 200
        page_rules(response, below)
        assert EVIL not in response.text


@pytest.mark.parametrize(
    "body", ["<" * 150_000, "|a|b|\n|-|-|\n" + "|1|2|\n" * 30_000, "- a\n" * 40_000]
)
def test_a_long_card_is_cut(scene, client, body):
    write(scene.plain, scene.berta, README_md=body)
    for address in ("/berta/scratch", "/berta/scratch/blob/main/README.md"):
        response = client.get(address)
        assert len(response.content) < 200_000
        assert "The beginning of a long" in response.text


def test_tabs_are_the_same_everywhere_and_settings_only_for_those_who_may(scene, as_person):
    for person, there in ((None, False), (scene.berta, False), (scene.ada, True)):
        text = as_person(person).get("/ada/digits/lineage").text
        assert ('href="/ada/digits/settings"' in text) is there
        assert 'href="/submit?repository=ada/digits"' in text
