"""What polls: cheap while nothing changes, whole when something does, quiet when all is over."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contributions.models import Run, RunStatus, SubmissionStatus


def addresses(s):
    return [f"/submissions/{s.recipe.pk}/live", f"/runs/{s.training.pk}/live"]


@pytest.fixture(params=[0, 1], ids=["submission", "run"])
def live(request, scene):
    return addresses(scene)[request.param]


def test_it_answers_304_while_nothing_changed(live, client):
    first = client.get(live)
    assert first.status_code == 200
    with CaptureQueriesContext(
        connection,
    ) as queries:
        again = client.get(live, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert again["ETag"] == first["ETag"]
    assert len(queries) <= 3, [query["sql"][:80] for query in queries]


def test_it_answers_anew_after_a_heartbeat(scene, live, client):
    from django.utils import timezone

    first = client.get(live)
    Run.objects.filter(pk=scene.training.pk).update(
        heartbeat_at=timezone.now(), progress={"step": 240, "of": 360, "stage": "train"}
    )
    again = client.get(live, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 200
    assert "Train: 240 of 360" in again.content.decode()


def test_the_part_is_the_page_s_own_part(scene, client):
    page = client.get(f"/submissions/{scene.recipe.pk}").content.decode()
    part = client.get(f"/submissions/{scene.recipe.pk}/live").content.decode()
    assert "<html" not in part
    assert without_words(part.strip()) in without_words(page)


def without_words(html):
    return re.sub(r'<time .*?</time>|hx-headers=\S+ \S+|value="[A-Za-z0-9]{64}"', "", html)


def test_it_sends_its_own_version_and_asks_every_two_seconds(live, client):
    part = client.get(live)
    html = part.content.decode()
    assert 'hx-trigger="every 2s"' in html
    assert f'"If-None-Match": "{part["ETag"]}"'.replace('"', "")[:20] in html.replace(
        "\\u0022", ""
    ).replace('"', "")


def test_nothing_polls_any_more_when_all_is_over(scene, client):
    Run.objects.filter(pk=scene.training.pk).update(status=RunStatus.SUCCEEDED)
    type(scene.recipe).objects.filter(pk=scene.recipe.pk).update(status=SubmissionStatus.IN_REVIEW)
    for address in addresses(scene):
        assert "hx-get" not in client.get(address).content.decode()


def test_a_release_at_work_polls_too(scene, client):
    type(scene.release).objects.filter(pk=scene.release.pk).update(status="valuing")
    first = client.get("/tracks/digits/releases/1/live")
    assert "hx-get" in first.content.decode()
    again = client.get("/tracks/digits/releases/1/live", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304


def test_a_page_can_be_followed_without_scripts(scene, client):
    html = client.get(f"/submissions/{scene.recipe.pk}").content.decode()
    assert f'<noscript>Without scripts: <a href="/submissions/{scene.recipe.pk}">' in html


def test_a_run_without_a_sandbox_says_so(scene, client):
    for address in (f"/submissions/{scene.recipe.pk}", f"/runs/{scene.training.pk}"):
        assert "Run without a sandbox" in client.get(address).content.decode()
    assert (
        "without a sandbox" not in client.get(f"/submissions/{scene.weights.pk}").content.decode()
    )


def test_the_log_is_text_that_no_browser_takes_for_a_page(scene, client):
    Run.objects.filter(pk=scene.training.pk).update(log="<script>alert(1)</script>")
    response = client.get(f"/runs/{scene.training.pk}/log")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
