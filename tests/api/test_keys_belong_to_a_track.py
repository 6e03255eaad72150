"""A key is turned for a track: whose model it works on, and on what data, decides who may."""

from __future__ import annotations

import html

import pytest
from django.db.models.functions import Now
from django.test import Client

from contributions.models import RunKind, Task, Track, TrackStatus
from contributions.services import benchmarks, tracks
from registry.models import Maintainer, MemberRole
from registry.services import commits
from tests.contributions import machines
from tests.contributions.cast import adds
from tests.contributions.machines import bring


@pytest.fixture
def offered(cast):
    """Data of ada's; berta's track digits and luis' own track train on their repository."""
    ours = cast.track
    model = cast.repository("mine", "model", *adds(weights="x"), owner=cast.luis)
    rows = "".join(f"text {number},{number % 2}\n" for number in range(60))
    held_out = cast.repository(
        "rows", "dataset", *adds(**{"a.csv": f"text,label\n{rows}"}), owner=cast.luis
    )
    benchmark = benchmarks.create_benchmark(
        owner=cast.luis, name="his", dataset=held_out, task=Task.TEXT_CLASSIFICATION
    )
    theirs = tracks.create_track(
        maintainer=cast.luis,
        repository=model,
        name="his-track",
        title="His",
        task=Task.TEXT_CLASSIFICATION,
        benchmark=benchmark,
    )
    opened(theirs)
    for track in (ours, theirs):
        head = commits.resolve(cast.dataset).oid
        track.training_data.create(dataset=cast.dataset, revision=head, path="data")
    cast.settle_first_revisions()
    made = cast.offer(*adds(**{"data/b.csv": "text,label\nx,1"}), repository=cast.dataset)
    cast.check(made, kind="data")
    return made


def opened(track):
    head = commits.resolve(track.repository).oid
    Track.objects.filter(pk=track.pk).update(status=TrackStatus.OPEN, base_revision=head)


def approval(submission, key="licence"):
    return {"key": key, "decision": "approve", "head": submission.head_revision}


def choose(api, cast, submission, track):
    return api(cast.ada).post(f"/submissions/{submission.pk}/track/", {"track": track})


def decisions(api, submission):
    shown = api().get(f"/submissions/{submission.pk}/").json()["keys"]
    return {key["key"]: key["decision"] for key in shown}


def decide(api, person, submission, **more):
    body = {**approval(submission), **more}
    path = f"/submissions/{submission.pk}/reviews/"
    return api(person, scope="review").post(path, body)


def test_no_key_survives_a_move_to_the_track_of_its_holder(api, cast, offered, is_problem):
    assert choose(api, cast, offered, "digits").status_code == 200
    assert decide(api, cast.luis, offered).status_code == 200
    assert decisions(api, offered) == {"licence": "approve", "privacy": None}
    assert choose(api, cast, offered, "his-track").status_code == 200
    assert decisions(api, offered) == {"licence": None, "privacy": None}
    refused = is_problem(decide(api, cast.luis, offered), 403)
    assert "own the base that it uses" in refused["detail"]
    assert decide(api, cast.lena, offered).status_code == 200
    assert decisions(api, offered)["licence"] == "approve"


def test_the_timeline_and_the_dashboard_say_that_the_key_is_open_again(api, cast, offered):
    choose(api, cast, offered, "digits")
    decide(api, cast.luis, offered)
    choose(api, cast, offered, "his-track")
    page = html.unescape(Client().get(f"/submissions/{offered.pk}").content.decode())
    assert "Track chosen: his-track" in page
    assert "Turned for another track, and open again: Licence key" in page
    desk = Client()
    desk.force_login(cast.lena)
    assert "Approve" in desk.get(f"/admin/reviews/{offered.pk}/?key=licence").content.decode()


def test_a_question_goes_along_to_the_next_track(api, cast, offered):
    choose(api, cast, offered, "digits")
    asked = {"decision": "changes", "reason_code": "provenance-unclear", "text": "Whose rows?"}
    assert decide(api, cast.lena, offered, **asked).status_code == 200
    choose(api, cast, offered, "his-track")
    assert decisions(api, offered)["licence"] == "changes"
    offered.refresh_from_db()
    assert offered.status == "changes-requested"


def test_what_is_rejected_moves_to_no_other_track(api, cast, offered, is_problem):
    choose(api, cast, offered, "digits")
    why = {"decision": "reject", "reason_code": "provenance-unclear", "text": "Not yours."}
    decide(api, cast.lena, offered, **why)
    refused = is_problem(choose(api, cast, offered, "his-track"), 409)
    assert "The submission is rejected." in refused["detail"]
    for verb in ("withdraw", "evaluate", "rerun"):
        is_problem(api(cast.ada).post(f"/submissions/{offered.pk}/{verb}/"), 409)
    page = Client().get(f"/submissions/{offered.pk}").content.decode()
    assert "Choose the track" not in page


# --- an interest that arose after the key was turned --------------------------------------------


@pytest.fixture
def approved(cast):
    machines.open_track(cast)
    made = cast.measured(cast.offer(*adds(**{"model.safetensors": "better"})))
    cast.review(made, "licence")
    cast.review(made, "privacy")
    made.refresh_from_db()
    assert made.status == "approved", made.status_reason
    return made


def come_to_own(cast):
    Maintainer.objects.create(repository=cast.model, user=cast.lena, role=MemberRole.MAINTAINER)


def start(api, cast):
    return api(cast.berta, session=True).post("/tracks/digits/releases/")


def test_no_release_counts_on_a_reviewer_who_came_to_own_the_model(api, cast, approved, is_problem):
    come_to_own(cast)
    refused = is_problem(start(api, cast), 409)
    assert "lena turned the licence key" in refused["detail"]
    assert "they own the model that it changes" in refused["detail"]
    back = {"decision": "reverse", "reason_code": "mistake", "text": "Not hers to turn."}
    assert decide(api, cast.luis, approved, **back).status_code == 200
    assert decide(api, cast.luis, approved).status_code == 200
    assert start(api, cast).status_code == 201


def test_a_release_goes_on_without_what_is_in_doubt_and_the_thread_says_so(api, cast, approved):
    other = cast.measured(cast.offer(*adds(**{"model.safetensors": "other"}), by=cast.emil))
    cast.review(other, "licence", by=cast.luis)
    cast.review(other, "privacy")
    come_to_own(cast)
    made = start(api, cast)
    assert made.status_code == 201
    assert [patch["submission"] for patch in made.json()["patches"]] == [other.pk]
    said = approved.discussion.events.filter(kind="comment").last().text
    assert "is made without it. lena turned the licence key" in said


def test_a_release_at_work_fails_when_a_reviewer_comes_to_own_the_model(api, cast, approved):
    assert start(api, cast).status_code == 201
    bring(cast, RunKind.MERGE, lambda run: machines.merged(run, {approved.pk: 0.4}))
    come_to_own(cast)
    bring(cast, RunKind.ATTRIBUTE, machines.attributed({approved.pk: 0.4}))
    body = api().get("/tracks/digits/releases/1/").json()
    assert body["status"] == "failed"
    assert "lena turned the licence key" in body["reason"]


def test_what_moved_to_another_track_is_no_part_of_the_release_at_work(api, cast, approved):
    second = cast.prepare_track("second")
    opened(second)
    second.runs.all().update(status="cancelled", finished_at=Now())
    assert start(api, cast).status_code == 201
    bring(cast, RunKind.MERGE, lambda run: machines.merged(run, {approved.pk: 0.4}))
    assert choose(api, cast, approved, "second").status_code == 200
    approved.runs.active().update(status="cancelled", finished_at=Now())
    bring(cast, RunKind.ATTRIBUTE, machines.attributed({approved.pk: 0.4}))
    body = api().get("/tracks/digits/releases/1/").json()
    assert body["status"] == "failed"
    assert "moved to another track" in body["reason"]
