"""A track tells who can be told apart, who led when, and what its maintainers may do with it."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contributions.models import (
    PatchKind,
    Release,
    ReleaseStatus,
    Run,
    Submission,
    SubmissionStatus,
    Track,
    TrackStatus,
)
from contributions.services import protection, tracks
from registry.models import Event, Repository, Role, RoleGrant
from registry.services.errors import Conflict, Forbidden
from tests.web import scene as scenes

PAGE = "/tracks/digits"


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def exported(client, kind):
    return b"".join(client.get(f"{PAGE}/leaderboard.{kind}").streaming_content).decode()


def test_ranks_say_what_they_cannot_be_told_from(scene, client):
    html = client.get(PAGE).content.decode()
    assert 'title="not distinguishable from ranks 1 to 2">ties 1 to 2' in html
    assert 'title="not distinguishable from ranks 1 to 3">ties 1 to 3' in html
    last = html[html.index("My labels are the right ones") - 400 :]
    assert "ties" not in last[: last.index("</tr>")]


def test_the_leaderboard_is_filtered_by_kind(scene, client, page_rules):
    response = client.get(f"{PAGE}?kind=adapter&sort=credit")
    page_rules(response, "kind")
    html = response.content.decode()
    board = html[html.index('id="leaderboard"') : html.index('id="standings"')]
    assert "LoRA adapter" in board
    assert "Longer training" not in board
    assert "Nothing of this kind" in client.get(f"{PAGE}?kind=data").content.decode()


def test_the_history_tells_who_led_when(scene, client):
    words = text(client.get(PAGE))
    assert "Who led when" in words
    assert "leads Longer training with augmentation berta 0.3508" in words


def test_releases_are_a_picture_and_a_table(scene, client):
    html = client.get(PAGE).content.decode()
    assert "Loss on T, from release to release; the figures are in the table below" in html
    assert "Accuracy on T, from release to release" in html
    assert "0.313 to 0.371" in text(client.get(PAGE))


def test_the_policy_is_told_before_anything_is_sent(scene, client):
    words = text(client.get(PAGE))
    assert "Keys licence, privacy" in words
    assert "at most 15 min and 2000 steps a fine-tuning" in words
    html = client.get(PAGE).content.decode()
    assert "/submit?repository=ada%2Fdigits&amp;track=digits" in html


@pytest.mark.parametrize("who", [None, "berta", "ada"])
def test_a_track_takes_at_most_fifteen_queries_however_much_it_holds(scene, as_person, who):
    browser = as_person(getattr(scene, who) if who else None)

    def count():
        browser.get(PAGE)
        with CaptureQueriesContext(connection) as queries:
            browser.get(PAGE)
        return len(queries), [q["sql"][:100] for q in queries]

    before, said = count()
    for number in range(4):
        made = scenes.offer(scene.model, scene.emil, f"More {number}", {f"{number}.md": b"x"})
        scenes.put(made, SubmissionStatus.IN_REVIEW, kind=PatchKind.WEIGHTS, track=scene.track)
        scenes.measured(made, gain=0.01 * number, width=0.01, metric_gain=0.0)
    after, _ = count()
    assert after == before
    assert before <= 15, said


def test_tracks_are_filtered_and_sorted(scene, client, page_rules):
    response = client.get("/tracks?task=image-classification&status=open&sort=name")
    page_rules(response, "tracks")
    assert "Handwritten digits</a>" in response.content.decode()
    html = client.get("/tracks?task=text-classification").content.decode()
    assert "Handwritten digits</a>" not in html
    assert client.get("/tracks?sort=none&task=x&status=y").status_code == 200


# --- exports -----------------------------------------------------------------------------------


def test_the_whole_board_is_csv_and_json(scene, client):
    rows = list(csv.DictReader(io.StringIO(exported(client, "csv"))))
    assert [int(row["submission"]) for row in rows] == [
        s.pk for s in (scene.weights, scene.adapter, scene.waiting, scene.wrong)
    ]
    assert (rows[0]["first_rank"], rows[0]["last_rank"]) == ("1", "2")
    assert float(rows[3]["gain"]) == pytest.approx(-0.0871), "numbers stay numbers"
    told = json.loads(exported(client, "json"))
    assert [entry["rank"] for entry in told["entries"]] == [1, 2, 3, 4]
    assert told["entries"][0]["credit"] == pytest.approx(0.0553)
    assert told["entries"][1]["not_distinguishable_from"] == [1, 3]
    assert told["split"] == "T"


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t"])
def test_no_cell_of_a_csv_is_a_formula(scene, client, sign):
    Submission.objects.filter(pk=scene.weights.pk).update(title=f'{sign}cmd|" /C calc"!A0')
    rows = list(csv.DictReader(io.StringIO(exported(client, "csv"))))
    assert rows[0]["title"] == f'\'{sign}cmd|" /C calc"!A0'


def test_exports_hold_what_the_reader_may_see(scene, as_person):
    scenes.put(scene.rows, SubmissionStatus.IN_REVIEW, kind=PatchKind.DATA, track=scene.track)
    scenes.measured(scene.rows, gain=0.1, width=0.01, metric_gain=0.0)
    Repository.objects.filter(pk=scene.data.pk).update(private=True)
    for kind in ("csv", "json"):
        assert "300 more" not in exported(as_person(scene.emil), kind)
        assert "300 more" in exported(as_person(scene.ada), kind)
    Repository.objects.filter(pk=scene.model.pk).update(private=True)
    for kind in ("csv", "json"):
        assert as_person(scene.emil).get(f"{PAGE}/leaderboard.{kind}").status_code == 404


# --- what maintainers do -----------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["release", "close", "reopen", "releases/1/publish"])
@pytest.mark.parametrize("who", [None, "emil", "berta", "lena"])
def test_only_maintainers_have_the_controls(scene, as_person, verb, who):
    browser = as_person(getattr(scene, who) if who else None)
    html = browser.get(PAGE).content.decode()
    assert "Make a release" not in html
    assert "Close the track" not in html
    assert "Publish …" not in browser.get(f"{PAGE}/releases/1").content.decode()
    for method in (browser.get, browser.post):
        if (verb, method) == ("reopen", browser.get):
            continue
        data = {"endpoint": "https://hub.example", "repo_id": "a/b", "reason": "x", "do": "publish"}
        answer = method(f"{PAGE}/{verb}", data)
        assert answer.status_code == (302 if who is None else 403), verb
    assert browser.post(f"{PAGE}/releases/1/cancel").status_code == (302 if who is None else 403)
    assert Track.objects.get().status == TrackStatus.OPEN
    assert not Run.objects.filter(kind="publish").exists()


def test_a_release_begins_with_its_pool(scene, as_person, page_rules):
    browser = as_person(scene.ada)
    response = browser.get(f"{PAGE}/release")
    page_rules(response, "plan")
    assert "No approved submission waits" in response.content.decode()
    scenes.put(scene.waiting, SubmissionStatus.APPROVED, kind=PatchKind.ADAPTER, track=scene.track)
    Track.objects.update(base_digest=_base_digest(scene))
    response = browser.get(f"{PAGE}/release")
    page_rules(response, "plan")
    assert "Adapter with r = 16" in response.content.decode()
    response = browser.post(f"{PAGE}/release", follow=True)
    assert response.redirect_chain[-1][0] == f"{PAGE}/releases/2"
    assert Release.objects.get(number=2).status == ReleaseStatus.MERGING
    assert "In the pool" in response.content.decode()
    browser.post(f"{PAGE}/releases/2/cancel")
    assert Release.objects.get(number=2).status == ReleaseStatus.CANCELLED
    assert "Make it again" in browser.get(f"{PAGE}/releases/2").content.decode()


def _base_digest(scene):
    from contributions.services import inputs

    return inputs.model_digest(inputs.tree(scene.model, scene.waiting.base_revision))


def test_a_release_without_a_pool_says_why_not(scene, as_person):
    response = as_person(scene.ada).post(f"{PAGE}/release", follow=True)
    assert "no approved patch of digits waits for a release" in response.content.decode()


def test_closing_says_what_becomes_of_what_waits_and_is_undone(scene, as_person, page_rules):
    browser = as_person(scene.ada)
    response = browser.get(f"{PAGE}/close")
    page_rules(response, "close")
    assert "what was not measured by then needs another track" in response.content.decode()
    assert browser.post(f"{PAGE}/close", {"reason": ""}).status_code == 400
    html = browser.post(f"{PAGE}/close", {"reason": "Done <b>"}, follow=True).content.decode()
    assert Track.objects.get().status == TrackStatus.CLOSED
    assert "Done &lt;b&gt;" in html
    assert "This track is closed" in html
    assert protection.protecting_track(scene.model) is None
    html = browser.post(f"{PAGE}/reopen", follow=True).content.decode()
    assert "The track is open again." in html
    assert Track.objects.get().status == TrackStatus.OPEN
    assert protection.protecting_track(scene.model) == scene.track
    verbs = list(Event.objects.filter(verb__startswith="track.").values_list("verb", flat=True))
    assert verbs[-2:] == ["track.closed", "track.reopened"]


def test_a_track_whose_main_has_moved_stays_closed(scene):
    from registry.services import commits

    tracks.close(scene.track, actor=scene.ada, reason="x")
    commits.commit(
        scene.model,
        ref="refs/heads/main",
        author=scene.ada,
        title="Something else",
        operations=[commits.AddFile("x.txt", b"x")],
    )
    with pytest.raises(Conflict, match="has moved"):
        tracks.reopen(scene.track, actor=scene.ada)
    with pytest.raises(Forbidden):
        tracks.reopen(scene.track, actor=scene.emil)


def test_a_track_is_not_closed_under_a_release(scene):
    Release.objects.filter(number=1).update(status=ReleaseStatus.VALUING)
    with pytest.raises(Conflict, match="is being made"):
        tracks.close(scene.track, actor=scene.ada, reason="x")


def test_a_base_that_waits_for_keys_of_nobody_says_where_to_find_somebody(scene, as_person):
    Track.objects.filter(pk=scene.track.pk).update(status=TrackStatus.PREPARING)
    told = "nobody else on this site can turn yet"
    page = as_person(scene.ada).get("/tracks/digits").content.decode()
    assert told not in page
    RoleGrant.objects.filter(role=Role.PRIVACY_REVIEWER).exclude(user=scene.ada).delete()
    page = as_person(scene.ada).get("/tracks/digits").content.decode()
    assert f"{told}: Privacy. An operator gives" in page
    assert told not in as_person(scene.emil).get("/tracks/digits").content.decode()
