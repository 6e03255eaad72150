"""Submissions through the API: what a bot sees, and what it may do."""

from __future__ import annotations

import pytest

from contributions.models import Decision, DiscussionStatus, Run, RunStatus, SubmissionStatus
from contributions.services import discussions
from tests.contributions.cast import adds


@pytest.fixture
def offered(cast):
    track = cast.track
    cast.settle_first_revisions()
    submission = cast.offer()
    assert submission.track == track
    return submission


def test_one_shows_all_that_belongs_to_it(api, cast, offered):
    cast.measured(offered)
    cast.review(offered, "licence")
    body = api(cast.ada).get(f"/submissions/{offered.pk}/").json()
    assert body["url"].endswith(f"/submissions/{offered.pk}")
    assert (body["repository"], body["repo_type"]) == ("berta/digits", "model")
    assert (body["track"], body["contributor"]) == ("digits", "ada")
    assert (body["status"], body["outcome"]) == ("in-review", "needs-human")
    assert [run["kind"] for run in body["runs"]] == ["benchmark", "check"]
    assert {(row["split"], row["measure"]) for row in body["scores"]} == {
        ("T", "loss"),
        ("V", "loss"),
    }
    assert body["scores"][0]["candidate"] == 0.5
    assert body["keys"] == [
        {"key": "licence", "decision": "approve", "reviewer": "lena"},
        {"key": "privacy", "decision": None, "reviewer": None},
    ]
    assert body["question"] is None
    assert body["actions"] == ["withdraw", "track"]
    assert "outcomes" not in str(body)
    assert api().get(f"/submissions/{offered.pk}/").json()["actions"] == []


def test_what_a_check_found_is_told_with_its_fix(api, cast, offered):
    found = {"rule": "pickle", "severity": "block", "path": "a.bin", "message": "no", "fix": "mend"}
    cast.check(offered, findings=[found])
    body = api().get(f"/submissions/{offered.pk}/").json()
    assert body["outcome"] == "failed"
    assert body["findings"] == [{**found, "line": None}]


def test_an_unchanged_one_costs_few_queries(api, cast, offered, django_assert_max_num_queries):
    caller = api(cast.ada)
    first = caller.get(f"/submissions/{offered.pk}/")
    with django_assert_max_num_queries(6):
        again = caller.get(f"/submissions/{offered.pk}/", headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304
    cast.check(offered)
    changed = caller.get(f"/submissions/{offered.pk}/", headers={"if-none-match": first["ETag"]})
    assert changed.status_code == 200


def test_every_answer_costs_at_most_fifteen_queries(
    api, cast, offered, django_assert_max_num_queries
):
    cast.measured(offered)
    cast.review(offered, "privacy", Decision.INFO, text="Where from?", reason_code="other")
    caller = api(cast.ada)
    caller.get("/me/")
    for path in ("/submissions/", f"/submissions/{offered.pk}/", f"/submissions/{offered.pk}/log/"):
        with django_assert_max_num_queries(15):
            assert caller.get(path).status_code == 200


def test_the_list_is_filtered(api, cast, offered):
    cast.check(offered)
    other = cast.offer(*adds(**{"notes.md": "x"}), by=cast.emil)

    def ids(caller=None, **query):
        found = (caller or api()).get("/submissions/", **query)
        assert found.status_code == 200, found.content
        return {row["id"] for row in found.json()["results"]} & {offered.pk, other.pk}

    assert ids() == {offered.pk, other.pk}
    assert ids(status=["checking"]) == {other.pk}
    assert ids(status=["checking", "queued"]) == {offered.pk, other.pk}
    assert ids(outcome="moving") == {offered.pk, other.pk}
    assert ids(kind="weights") == {offered.pk}
    assert ids(track="DIGITS") == {offered.pk, other.pk}
    assert ids(track="nothing") == set()
    assert ids(contributor="emil") == {other.pk}
    assert ids(repository="berta/digits", repo_type="model") == {offered.pk, other.pk}
    assert ids(repository="berta/none") == set()
    assert ids(api(cast.ada), mine="true") == {offered.pk}


def test_ones_own_takes_a_person(api, db, is_problem):
    is_problem(api().get("/submissions/", mine="true"), 401)
    is_problem(api().get("/submissions/", status="lost"), 400)


def test_a_hidden_one_is_absent(api, cast, is_problem):
    hidden = cast.repository("hidden", "model", owner=cast.ada, private=True)
    submission = cast.offer(repository=hidden)
    for caller in (api(), api(cast.emil)):
        is_problem(caller.get(f"/submissions/{submission.pk}/"), 404)
        assert submission.pk not in {r["id"] for r in caller.get("/submissions/").json()["results"]}
    is_problem(api(cast.emil).post(f"/submissions/{submission.pk}/withdraw/"), 404)


def test_its_contributor_cancels_reruns_and_withdraws(api, cast, offered, is_problem):
    ada = api(cast.ada)
    cancelled = ada.post(f"/submissions/{offered.pk}/cancel/")
    assert cancelled.json()["status"] == "cancelled"
    assert "rerun" in cancelled.json()["actions"]
    again = ada.post(f"/submissions/{offered.pk}/rerun/")
    assert again.json()["status"] == "checking"
    is_problem(ada.post(f"/submissions/{offered.pk}/rerun/"), 409)
    assert ada.post(f"/submissions/{offered.pk}/withdraw/").json()["status"] == "withdrawn"


def test_nothing_is_repeated_while_its_pull_request_is_closed(api, cast, offered, is_problem):
    ada = api(cast.ada)
    ada.post(f"/submissions/{offered.pk}/cancel/")
    discussions.set_status(offered.discussion, actor=cast.ada, status=DiscussionStatus.CLOSED)
    told = is_problem(ada.post(f"/submissions/{offered.pk}/rerun/"), 409)
    assert "closed" in told["detail"]
    assert ada.post(f"/submissions/{offered.pk}/open/").status_code == 200


@pytest.mark.parametrize("verb", ["cancel", "rerun", "withdraw", "open", "evaluate"])
def test_others_may_not(api, cast, offered, is_problem, verb):
    path = f"/submissions/{offered.pk}/{verb}/"
    is_problem(api().post(path), 401)
    is_problem(api(cast.emil).post(path), 403)
    is_problem(api(cast.ada, scope="read").post(path), 403)
    is_problem(api(cast.ada).post(path, {"actor": "berta"}), 400)


def test_a_draft_is_opened(api, cast):
    cast.track.get_absolute_url()
    cast.settle_first_revisions()
    submission = cast.offer(draft=True)
    cast.check(submission)
    ada = api(cast.ada)
    before = ada.get(f"/submissions/{submission.pk}/").json()
    assert before["status"] == "draft"
    assert {"open", "evaluate"} <= set(before["actions"])
    assert ada.post(f"/submissions/{submission.pk}/evaluate/").json()["status"] == "queued"
    assert ada.post(f"/submissions/{submission.pk}/open/").json()["status"] == "queued"


def test_a_track_is_chosen(api, cast, is_problem):
    first, second = cast.open_track("one"), cast.open_track("two")
    cast.settle_first_revisions()
    submission = cast.offer()
    cast.check(submission)
    assert SubmissionStatus(submission.status) is SubmissionStatus.NEEDS_TRACK
    ada = api(cast.ada)
    path = f"/submissions/{submission.pk}/track/"
    is_problem(ada.post(path, {"track": "three"}), 404)
    is_problem(ada.post(path, {}), 400)
    assert ada.post(path, {"track": second.name}).json()["track"] == second.name
    assert first.name != second.name


def test_a_question_is_answered(api, cast, offered, is_problem):
    cast.measured(offered)
    path = f"/submissions/{offered.pk}/answer/"
    is_problem(api(cast.ada).post(path, {"text": "Mine."}), 409)
    cast.review(offered, "privacy", Decision.INFO, text="Where from?", reason_code="other")
    body = api(cast.ada).get(f"/submissions/{offered.pk}/").json()
    assert body["question"]["text"] == "Where from?"
    assert "answer" in body["actions"]
    is_problem(api(cast.emil).post(path, {"text": "Not mine."}), 403)
    answered = api(cast.ada).post(path, {"text": "I wrote it."})
    assert answered.status_code == 200, answered.content
    assert answered.json()["status"] == "in-review"
    assert answered.json()["reviews"][0]["answer"] == "I wrote it."


# --- logs ----------------------------------------------------------------------------------------


def test_a_log_is_followed_by_its_offset(api, cast, offered):
    from contributions.services import claims

    run = cast.claim()

    def told(text, after):
        claims.heartbeat(run.pk, run.attempt, log_tail=text)
        return api().get(f"/runs/{run.pk}/log/", after=after).json()

    first = told("one\n", 0)
    assert (first["text"], first["finished"], first["status"]) == ("one\n", False, "running")
    second = told("one\ntwo\n", first["next_offset"])
    assert second["text"] == "two\n"
    long = "".join(f"line {n}\n" for n in range(20_000))
    third = told("one\ntwo\n" + long[:1000], second["next_offset"])
    assert third["text"] == long[:1000]
    whole = "one\ntwo\n" + long
    for end in range(2000, len(whole), 30_000):  # only the end is sent and kept
        part = told(whole[:end][-64_000:], third["next_offset"])
        assert part["next_offset"] == end
        assert whole[:end].endswith(part["text"])
        third = part


def test_an_offset_of_another_attempt_begins_anew(api, cast, offered):
    run = cast.claim()
    Run.objects.filter(pk=run.pk).update(log="short")
    assert api().get(f"/runs/{run.pk}/log/", after=900).json()["text"] == "short"


def test_an_offset_is_a_number(api, cast, offered, is_problem):
    run = offered.runs.get()
    for given in ("-1", "x", "9" * 40):
        is_problem(api().get(f"/runs/{run.pk}/log/", after=given), 400)


def test_a_run_is_stopped_by_who_may(api, cast, offered, is_problem):
    run = offered.runs.get()
    is_problem(api(cast.emil).post(f"/runs/{run.pk}/cancel/"), 403)
    assert api(cast.ada).post(f"/runs/{run.pk}/cancel/").json()["status"] == RunStatus.CANCELLED
    is_problem(api().get("/runs/999999/"), 404)
    is_problem(api().get(f"/runs/{10**30}/"), 404)
