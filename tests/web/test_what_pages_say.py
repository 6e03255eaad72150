"""The figures and words that people come for stand on the page."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from django.contrib.staticfiles import finders
from django.test import Client

from contributions.models import PatchKind, SubmissionStatus
from contributions.web.charts import Scale
from registry.services import refs
from tests.web import scene as scenes


def words(response):
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", text)


def test_an_empty_list_of_submissions_tells_the_address(client, db):
    html = client.get("/submissions").content.decode()
    assert "export HF_ENDPOINT=http://testserver HF_HUB_DISABLE_XET=1" in html


def test_an_empty_site_tells_how_to_begin(client, db, page_rules):
    for address in ("/", "/tracks", "/submissions", "/models", "/datasets"):
        response = client.get(address)
        assert response.status_code == 200
        page_rules(response, address)
    html = client.get("/").content.decode()
    assert 'href="/tracks/new"' in html
    assert 'href="/new' in html
    assert "export HF_ENDPOINT=http://testserver" in client.get("/models").content.decode()


def test_every_block_of_commands_names_this_site_and_switches_xet_off(scene, as_person):
    """Without that switch the client would try a way of sending that this site does not offer."""
    browser = as_person(scene.ada)
    made = browser.post("/settings/tokens", {"name": "x", "scope": "write", "days": "30"})
    addresses = ["/", "/tracks/digits", "/models?search=none-such", "/datasets"]
    addresses += [r.get_absolute_url() for r in (scene.model, scene.data, scene.plain)]
    pages = [made, *(browser.get(address) for address in addresses)]
    blocks = [
        block
        for page in pages
        for block in re.findall(r"<pre.*?</pre>", page.content.decode(), re.DOTALL)
        if "HF_ENDPOINT" in block
    ]
    assert len(blocks) >= 9
    for block in blocks:
        shell = "export HF_ENDPOINT=http://testserver HF_HUB_DISABLE_XET=1" in block
        python = 'environ["HF_HUB_DISABLE_XET"] = "1"' in block
        assert shell or ('environ["HF_ENDPOINT"] = "http://testserver"' in block and python), block


def test_an_empty_list_of_tracks_tells_how_one_is_opened(client, db):
    text = words(client.get("/tracks?status=closed"))
    assert "repository: community/digits-vit" in text
    assert "python manage.py open_track digits.yaml --as YOUR_NAME" in text


def test_the_words_of_the_figures_are_explained(scene, client, page_rules):
    page_rules(client.get("/about"), "/about")
    assert "The unit of the loss" in words(client.get("/about"))
    assert 'href="/about"' in client.get("/tracks").content.decode()
    text = words(client.get("/tracks/digits/releases/1"))
    assert "M fits the weights, V values the contributions, T reports" in text
    assert "The gain on the page of a submission is another" in text


def test_an_interval_beyond_the_scale_is_marked(scene, client):
    far = scenes.offer(scene.model, scene.emil, "Far off", {"model.safetensors": b"f" * 900})
    scenes.put(far, SubmissionStatus.IN_REVIEW, kind=PatchKind.WEIGHTS, track=scene.track)
    for address in ("/", "/tracks/digits", "/submissions"):
        assert "beyond the scale" not in client.get(address).content.decode(), address
    scenes.measured(far, gain=-2.98, width=0.05, metric_gain=-0.6)
    for address in ("/", "/tracks/digits", "/submissions"):
        html = client.get(address).content.decode()
        assert "worse, the whole interval is below zero; it goes beyond the scale" in html
        assert '<span class="under">beyond the scale</span>' in html, address


def test_one_far_interval_does_not_squeeze_the_others():
    scale = Scale.over([0.01, 0.06, 0.04, 0.08, -2.99, -2.97])
    near, far = scale.interval(0.03, 0.01, 0.06), scale.interval(-2.98, -2.99, -2.97)
    assert near.high_x - near.low_x > 50
    assert (near.below, near.above, near.within) == (False, False, True)
    assert (far.below, far.above, far.within) == (True, False, False)
    whole = Scale.over([0.01, 0.6, -0.2, 0.02])
    assert (whole.smallest, whole.largest) == (-0.2, 0.6)
    assert Scale.over([]).interval(0.0, 0.0, 0.0).within


def test_a_submission_says_what_was_measured(scene, client):
    text = words(client.get(f"/submissions/{scene.weights.pk}"))
    assert "Loss nats 0.3508 0.4120 +0.0612 +0.0402 to +0.0822" in text
    assert "better" in text
    assert "Per class on T" in text
    assert "macro avg" in text
    assert "Credit in digits 1 : +0.0553 nats" in text


def test_a_finding_says_where_and_how_to_mend_it(scene, client):
    text = words(client.get(f"/submissions/{scene.pickle.pk}"))
    assert "Must be mended : pytorch_model.bin is a pickle" in text
    assert "README.md:2" in text
    assert "How to mend it: Save the weights with save_pretrained(folder)" in text


def test_a_failed_run_says_why(scene, client):
    text = words(client.get(f"/submissions/{scene.rows.pk}"))
    assert "Could not use the input. data/more.csv, row 17" in text


def test_the_leaderboard_is_sorted_by_links(scene, client):
    def order(sort):
        html = client.get(f"/tracks/digits?sort={sort}").content.decode()
        board = html[html.index('id="leaderboard"') :]
        return [
            int(pk)
            for pk in re.findall(
                r'<th scope="row" class="what"><a href="/submissions/(\d+)"', board
            )
        ]

    s = scene
    assert order("") == [s.weights.pk, s.adapter.pk, s.waiting.pk, s.wrong.pk]
    assert order("newest") == [s.waiting.pk, s.wrong.pk, s.adapter.pk, s.weights.pk]
    assert order("credit")[:2] == [s.weights.pk, s.adapter.pk]
    assert 'aria-sort="ascending"' in client.get("/tracks/digits").content.decode()


def test_no_page_shows_outcomes_of_single_examples(scene, client):
    for address in (
        f"/submissions/{scene.weights.pk}",
        "/tracks/digits",
        "/tracks/digits/releases/1",
    ):
        assert "outcomes" not in client.get(address).content.decode()


def test_a_release_says_who_brought_what(scene, client):
    text = words(client.get("/tracks/digits/releases/1"))
    assert "berta Longer training with augmentation full weights 0.710 +0.0553" in text
    assert "My labels are the right ones emil −0.0039 −0.0152 The lower bound" in text
    assert "0.041 : path and Shapley values agree" in text or "0.041: path and Shapley" in text
    assert "tinymodels/digits published" in text


def test_contributions_from_private_repositories_keep_their_titles(scene, as_person):
    type(scene.data).objects.filter(pk=scene.data.pk).update(private=True)
    from contributions.models import ReleasePatch

    ReleasePatch.objects.create(
        release=scene.release, submission=scene.rows, artifact_revision="", admitted=False
    )
    for address in ("/tracks/digits", "/tracks/digits/releases/1", "/submissions", "/berta", "/"):
        assert "300 more" not in as_person(None).get(address).content.decode(), address
        assert "digits-data<" not in as_person(None).get(address).content.decode(), address
    assert "300 more" in as_person(scene.ada).get("/submissions").content.decode()


def test_a_repository_without_a_track_is_called_not_reviewed(scene, client):
    assert "Not reviewed on this site: no track measures it." in words(
        client.get(scene.plain.get_absolute_url())
    )
    assert "Not reviewed" not in words(client.get(scene.model.get_absolute_url()))


def test_a_repository_tells_how_it_is_loaded(scene, client):
    html = client.get(scene.model.get_absolute_url()).content.decode()
    assert 'os.environ["HF_ENDPOINT"] = "http://testserver"' in html
    assert "from transformers import AutoModelForImageClassification" in html
    assert 'AutoModelForImageClassification.from_pretrained("ada/digits")' in html
    html = client.get(scene.data.get_absolute_url()).content.decode()
    assert 'load_dataset("ada/digits-data")' in html
    assert (
        "AutoModel.from_pretrained" in client.get(scene.plain.get_absolute_url()).content.decode()
    )


def test_a_dataset_may_be_named_raw(scene, client):
    from registry.services import repositories

    kind = {"actor": scene.ada, "namespace": scene.ada.namespace, "repo_type": "dataset"}
    repositories.create(name="raw", **kind)
    assert client.get("/datasets/ada/raw/tree/main").status_code == 200
    raw = client.get("/datasets/ada/raw/raw/main/.gitattributes")
    assert b"lfs" in raw.getvalue()


def test_a_commit_leads_to_what_it_is_part_of(scene, client):
    base, s = scene.model.get_absolute_url(), scene.weights
    html = client.get(f"{base}/commit/{s.head_revision}").content.decode()
    assert f'Part of <a href="{base}/discussions/{s.discussion.num}">pull request' in html
    assert f'<a href="/submissions/{s.pk}">submission {s.pk}</a>' in html
    assert "Part of" not in client.get(f"{base}/commit/{scene.head.oid}").content.decode()


def test_where_a_submission_was_published_is_a_link(scene, client):
    type(scene.weights).objects.filter(pk=scene.weights.pk).update(
        status="published", status_reason="Published with digits 1 at http://hub.example/t/<b>x."
    )
    html = client.get(f"/submissions/{scene.weights.pk}").content.decode()
    assert 'at <a href="http://hub.example/t/' in html
    assert 'rel="nofollow"' in html
    assert "<b>x" not in html


def test_files_are_listed_with_size_and_last_commit(scene, client):
    text = words(client.get(f"{scene.model.get_absolute_url()}/tree/main"))
    assert "config.json 62 B Upload the base" in text
    assert "docs/ Upload the base" in text
    assert "model.safetensors" in text


def test_every_revision_can_be_walked(scene, client):
    base = scene.model.get_absolute_url()
    for rev in ("main", "refs/pr/1", "refs%2Fpr%2F1", scene.head.oid, scene.head.oid[:8]):
        assert client.get(f"{base}/tree/{rev}").status_code == 200, rev
        assert client.get(f"{base}/commits/{rev}").status_code == 200, rev
    refs.create_branch(scene.model, "feat/x", actor=scene.ada)
    assert "epochs: 12" in client.get(f"{base}/blob/feat/x/recipe.yaml").content.decode()
    assert client.get(f"{base}/tree/feat%2Fx/docs").status_code == 200
    assert client.get(f"{base}/tree/main/config.json").status_code == 302
    assert client.get(f"{base}/blob/main/docs").status_code == 302


def test_binary_files_are_offered_and_not_shown(scene, client):
    html = client.get(
        f"{scene.model.get_absolute_url()}/blob/main/model.safetensors"
    ).content.decode()
    assert 'class="lines"' not in html
    assert 'class="note warning"' in html
    assert f"/resolve/{scene.head.oid}/model.safetensors" in html


def test_old_names_lead_to_new_ones(scene, client):
    from registry.services import repositories

    repositories.move(
        scene.plain, actor=scene.berta, namespace=scene.berta.namespace, name="renamed"
    )
    response = client.get("/berta/scratch")
    assert (response.status_code, response["Location"]) == (302, "/berta/renamed")
    assert client.get("/Berta")["Location"] == "/berta"


def test_a_gated_repository_shows_its_page_and_keeps_its_files(scene, as_person):
    type(scene.model).objects.filter(pk=scene.model.pk).update(gated="manual")
    base = scene.model.get_absolute_url()
    assert as_person(None).get(base).status_code == 200
    assert "Digits, small vision model" not in as_person(None).get(base).content.decode()
    assert as_person(None).get(f"{base}/blob/main/config.json").status_code in {302, 404}
    assert as_person(scene.emil).get(f"{base}/blob/main/config.json").status_code == 403
    assert as_person(scene.ada).get(f"{base}/blob/main/config.json").status_code == 200


def test_a_fault_of_ours_is_a_page_with_help(db, settings, monkeypatch, page_rules):
    from contributions.web import home

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(home, "submission_lines", broken)
    response = Client(raise_request_exception=False).get("/")
    assert response.status_code == 500
    assert "A fault of this site" in response.content.decode()
    page_rules(response, "500")


def test_third_party_files_are_the_published_ones():
    readme = Path(finders.find("registry/vendor/README.md"))
    rows = re.findall(r"\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|", readme.read_text())
    kept = {file.name for file in readme.parent.iterdir()} - {"README.md"}
    assert {name for name, _ in rows} == kept
    for name, digest in rows:
        assert hashlib.sha256((readme.parent / name).read_bytes()).hexdigest() == digest


def test_the_rules_of_pages_notice_what_is_wrong():
    from tests.web.rules import faults

    bad = """<html><head><title></title><style>p{}</style></head><body onload="x()">
    <h1>a</h1><h1>b</h1><h4>c</h4><a href="/x"></a><img src="https://e.com/a.png">
    <table><tr><th>x</th></tr></table><input name="q"><form method="post" action="https://e.com">
    </form><p style="color:red"></p><main><svg></svg></main></body></html>"""
    found = " · ".join(faults(bad))
    for words_of_fault in (
        "2 h1",
        "no language",
        "no title",
        "skip link",
        "inline style",
        "inline attribute onload",
        "inline attribute style",
        "h4 follows h1",
        "link without words",
        "no alt text",
        "from elsewhere",
        "without a caption",
        "without scope",
        "no label",
        "no CSRF",
        "sends to https",
        "picture without",
    ):
        assert words_of_fault in found, words_of_fault


def test_text_stands_out_from_its_ground_in_light_and_dark():
    """WCAG 2, 1.4.3: a ratio of at least 4.5 for every colour of text on every ground."""
    css = Path(finders.find("registry/site.css")).read_text()
    pairs = {
        m[1]: m.groups()[1:] for m in re.finditer(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", css)
    }
    grounds = ["paper", "surface", "raised", *(name for name in pairs if name.endswith("-wash"))]
    texts = ["ink", "ink-soft", "ink-faint", "accent", "gain", "loss", "care", "note"]
    assert set(texts + grounds) <= set(pairs)
    for scheme in (0, 1):
        for text in texts:
            for ground in grounds:
                found = contrast(pairs[text][scheme], pairs[ground][scheme])
                assert found >= 4.5, (scheme, text, ground, round(found, 2))
        assert contrast(pairs["on-accent"][scheme], pairs["accent"][scheme]) >= 4.5


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
