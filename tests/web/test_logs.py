"""Logs are followed by what they grow by, searched without scripts, and never take a page over."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contributions.models import Run, RunStatus
from contributions.web import logs

EVIL = "</pre><script>alert(1)</script><img src=x onerror=alert(2)>"


def place(html):
    found = re.search(r'hx-get="(/runs/\d+/log/more\?after=[^"]+)"', html)
    return found and found[1]


def log_is(run, text, **more):
    Run.objects.filter(pk=run.pk).update(log=text, **more)


def test_only_what_a_log_grew_by_is_sent(scene, client):
    run = scene.training
    more = place(client.get(f"/runs/{run.pk}").content.decode())
    assert client.get(more).status_code == 204
    log_is(run, run.log + "\nstep 220 of 360, loss 0.2511")
    answer = client.get(more)
    assert answer.content.decode().startswith("\nstep 220 of 360, loss 0.2511<span")
    assert "HX-Retarget" not in answer
    again = place(answer.content.decode())
    assert client.get(again).status_code == 204


def test_a_log_whose_beginning_was_dropped_is_followed_all_the_same(scene, client):
    run = scene.training
    whole = "\n".join(f"line {n} of many" for n in range(4000))
    log_is(run, whole[-64_000:])
    more = place(client.get(f"/runs/{run.pk}").content.decode())
    log_is(run, f"{whole}\nthe newest line"[-64_000:])
    assert client.get(more).content.decode().startswith("\nthe newest line<span")


def test_a_log_that_began_anew_replaces_what_was_shown(scene, client):
    run = scene.training
    more = place(client.get(f"/runs/{run.pk}").content.decode())
    log_is(run, "a new attempt")
    answer = client.get(more)
    assert answer["HX-Retarget"] == f"#log-{run.pk}"
    assert answer.content.decode().startswith("a new attempt<span")


def test_nothing_is_asked_for_when_the_run_is_over(scene, client):
    run = scene.training
    more = place(client.get(f"/runs/{run.pk}").content.decode())
    log_is(run, run.log + "\ndone", status=RunStatus.SUCCEEDED)
    assert client.get(more).content.decode() == "\ndone"
    assert place(client.get(f"/runs/{run.pk}").content.decode()) is None


@pytest.mark.parametrize(
    "after", ["", "x", "5", "5.!!", "99999999999999999999.YWJj", "-1.YQ==", "5.²"]
)
def test_an_odd_place_gets_the_end_of_the_log(scene, client, after):
    answer = client.get(f"/runs/{scene.training.pk}/log/more", {"after": after})
    assert answer.status_code == 200
    assert "step 210 of 360" in answer.content.decode()


def test_a_growing_log_costs_three_queries(scene, client):
    more = place(client.get(f"/runs/{scene.training.pk}").content.decode())
    with CaptureQueriesContext(connection) as queries:
        client.get(more)
    assert len(queries) <= 3


def test_a_log_is_searched_without_scripts(scene, client, page_rules):
    address = f"/runs/{scene.training.pk}?q=STEP+20"
    response = client.get(address)
    page_rules(response, address)
    html = response.content.decode()
    assert "2 lines hold “STEP 20”." in html
    assert "<mark>step 20</mark>0 of 360" in html
    assert "step 30" not in html
    html = client.get(f"/runs/{scene.training.pk}?q=no-such-word").content.decode()
    assert "0 lines hold" in html


def test_hostile_lines_and_searches_stay_text(scene, client, page_rules):
    log_is(scene.training, EVIL, worker=EVIL[:100], reason=EVIL)
    for query in ("", f"?q={EVIL}", "?q=script"):
        response = client.get(f"/runs/{scene.training.pk}{query}")
        page_rules(response, query)
        assert "<script>alert" not in response.content.decode()
        assert "<img src=x" not in response.content.decode()
    answer = client.get(f"/runs/{scene.training.pk}/log/more?after=")
    assert "<script>alert" not in answer.content.decode()


@pytest.mark.parametrize("line", ["x" * 64_000, '"' * 64_000, "é\n" * 32_000, "<a>\n" * 16_000])
def test_the_longest_log_fits_a_page(scene, client, line):
    log_is(scene.training, line)
    submission = f"/submissions/{scene.recipe.pk}"
    for address in (f"/runs/{scene.training.pk}", f"/runs/{scene.training.pk}?q=a", submission):
        assert len(client.get(address).content) < 200_000
    assert "The end of the log" in client.get(f"/runs/{scene.training.pk}").content.decode()


def test_a_download_is_a_file(scene, client):
    response = client.get(f"/runs/{scene.training.pk}/log?download=1")
    assert response["Content-Disposition"] == f'attachment; filename="run-{scene.training.pk}.log"'
    assert response["Content-Type"] == "text/plain; charset=utf-8"


def test_a_private_run_is_nobody_elses(scene, as_person):
    type(scene.model).objects.filter(pk=scene.model.pk).update(private=True)
    for below in ("", "/live", "/log", "/log/more"):
        address = f"/runs/{scene.training.pk}{below}"
        assert as_person(scene.emil).get(address).status_code == 404
        assert as_person(scene.ada).get(address).status_code in {200, 204}


def test_a_run_tells_what_made_it_and_keeps_digests_of_files_closed(scene, client):
    Run.objects.filter(pk=scene.training.pk).update(
        result={
            "provenance": {
                "torch": "2.7.0",
                "seed": 5,
                "inputs": {"in/benchmark/held-out.csv": "f" * 64},
            }
        }
    )
    html = client.get(f"/runs/{scene.training.pk}").content.decode()
    assert "2.7.0" in html
    assert "1 file, SHA-256" in html
    assert "f" * 12 not in html
    assert "held-out.csv" not in html
    assert "17 min" in html, "the time limit"


def test_places_in_a_log_are_found():
    before = "".join(f"line {n}\n" for n in range(20))
    at = logs.cursor(before, len(before))
    assert logs.added(f"{before}three", at) == "three"
    assert logs.added(f"{before}three"[60:], at) == "three"
    assert logs.added("other", at) is None
    assert logs.added("", logs.cursor("", 0)) == ""
