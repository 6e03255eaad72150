"""Keys are turned by people with the role: by a session or a token made for it."""

from __future__ import annotations

import pytest

from contributions.models import NotificationKind, Review, Track
from contributions.services import mainline, notifications, submissions
from registry.models import Repository, Role
from registry.services import accounts
from registry.services.commits import AddFile


@pytest.fixture
def waiting(cast):
    cast.track.get_absolute_url()
    cast.settle_first_revisions()
    return cast.measured(cast.offer())


def path(submission):
    return f"/submissions/{submission.pk}/reviews/"


def approval(submission):
    return {"key": "licence", "decision": "approve", "head": submission.head_revision}


def test_a_reviewer_turns_a_key(api, cast, waiting):
    for caller in (api(cast.lena, session=True), api(cast.lena, scope="review")):
        given = caller.post(path(waiting), approval(waiting))
        assert given.status_code == 200, given.content
        assert (given.json()["decision"], given.json()["reviewer"]) == ("approve", "lena")
    assert Review.objects.count() == 1


def test_the_refusal_of_ones_own_names_who_asks(api, cast, waiting, is_problem):
    accounts.grant_role(cast.ada, Role.LICENCE_REVIEWER, granted_by=None)
    body = is_problem(api(cast.ada, session=True).post(path(waiting), approval(waiting)), 403)
    assert "ada may not review this submission, because it is their own." in body["detail"]


@pytest.mark.parametrize("scope", ["read", "write"])
def test_no_other_token_turns_keys(api, cast, waiting, is_problem, scope):
    body = is_problem(api(cast.lena, scope=scope).post(path(waiting), approval(waiting)), 403)
    assert "review" in body["next"]
    is_problem(api().post(path(waiting), approval(waiting)), 401)
    assert not Review.objects.exists()


def test_the_rules_hold_here_too(api, cast, waiting, is_problem):
    is_problem(api(cast.emil, session=True).post(path(waiting), approval(waiting)), 403)
    is_problem(api(cast.paul, session=True).post(path(waiting), approval(waiting)), 403)
    lena = api(cast.lena, session=True)
    is_problem(lena.post(path(waiting), {**approval(waiting), "head": "0" * 40}), 409)
    is_problem(lena.post(path(waiting), {"key": "licence", "decision": "reject"}), 400)
    is_problem(lena.post(path(waiting), {**approval(waiting), "reviewer": "paul"}), 400)
    is_problem(lena.post(path(waiting), {**approval(waiting), "decision": "maybe"}), 400)


def test_an_approval_is_of_a_revision_that_was_seen(api, cast, waiting, is_problem):
    lena, seen = api(cast.lena, session=True), approval(waiting)
    blind = {"key": "licence", "decision": "approve"}
    for body in (blind, {**blind, "head": ""}, {**blind, "head": waiting.head_revision[:10]}):
        is_problem(lena.post(path(waiting), body), 409 if body.get("head") else 400)
    cast.push(cast.model, AddFile("evil.bin", b"x"), by=cast.ada, to="refs/pr/1")
    refused = is_problem(lena.post(path(waiting), seen), 409)
    assert "you looked at" in refused["detail"]
    assert not Review.objects.exists()
    asked = {"key": "licence", "decision": "info", "reason_code": "other", "text": "Whose?"}
    assert lena.post(path(waiting), asked).status_code == 200


def test_a_reviewer_sees_and_claims_what_waits(api, cast, waiting, is_problem):
    assert api(cast.emil).get("/reviews/").json()["results"] == []
    is_problem(api().get("/reviews/"), 401)
    listed = api(cast.lena, session=True).get("/reviews/", key="licence").json()["results"]
    (item,) = [row for row in listed if row["submission"]["id"] == waiting.pk]
    assert {row["key"] for row in listed} == {"licence"}
    claim = f"/reviews/{item['id']}/claim/"
    is_problem(api(cast.lena).post(claim), 403)  # a write token
    is_problem(api(cast.paul, session=True).post(claim), 403)
    assert api(cast.lena, scope="review").post(claim).json()["claimed_by"] == "lena"
    is_problem(api(cast.luis, session=True).post(claim), 409)
    back = api(cast.lena, session=True).post(f"/reviews/{item['id']}/give-back/")
    assert back.json()["claimed_by"] is None


def test_reviewers_decide_on_what_is_closed_to_others(api, cast, waiting, is_problem):
    """As on the dashboard; a token that was not made for reviews learns nothing of it."""
    Repository.objects.filter(pk=cast.model.pk).update(private=True)
    lena = api(cast.lena, scope="review")
    listed = {row["submission"]["id"]: row for row in lena.get("/reviews/").json()["results"]}
    item = listed[waiting.pk]
    by_upload_token = api(cast.lena, scope="write").get("/reviews/").json()["results"]
    assert waiting.pk not in {row["submission"]["id"] for row in by_upload_token}
    claim = f"/reviews/{item['id']}/claim/"
    for caller in (api(cast.lena, scope="write"), api(cast.emil, session=True), api()):
        is_problem(caller.post(claim), 404)
        is_problem(caller.post(path(waiting), approval(waiting)), 404)
    is_problem(api(cast.paul, session=True).post(claim), 403)
    assert lena.post(claim).status_code == 200
    assert lena.post(path(waiting), approval(waiting)).status_code == 200
    submissions.withdraw(waiting, actor=cast.ada)
    is_problem(api(cast.luis, scope="review").post(path(waiting), approval(waiting)), 404)
    assert lena.post(path(waiting), approval(waiting)).status_code == 200, "repeated"


def test_nobody_is_offered_a_second_key(api, cast, waiting, is_problem):
    accounts.grant_role(cast.lena, Role.PRIVACY_REVIEWER, granted_by=None)
    lena = api(cast.lena, scope="review")

    def offered():
        listed = lena.get("/reviews/").json()["results"]
        return {row["key"]: row["id"] for row in listed if row["submission"]["id"] == waiting.pk}

    both = offered()
    assert set(both) == {"licence", "privacy"}
    for item in both.values():
        assert lena.post(f"/reviews/{item}/claim/").status_code == 200
    assert lena.post(path(waiting), approval(waiting)).status_code == 200
    assert offered() == {}
    refused = is_problem(lena.post(f"/reviews/{both['privacy']}/claim/"), 403)
    assert "One person turns one key" in refused["next"]
    paul = api(cast.paul, scope="review").post(f"/reviews/{both['privacy']}/claim/")
    assert paul.status_code == 200, "her claim ended with her decision"


def test_a_maintainer_releases_what_is_approved(api, cast, waiting, is_problem):
    path = f"/tracks/{cast.track.name}/releases/"
    is_problem(api(cast.berta, scope="maintain").post(path), 409)
    for key in ("licence", "privacy"):
        cast.review(waiting, key)
    digest = mainline.digest(cast.track, waiting.base_revision)
    Track.objects.filter(pk=cast.track.pk).update(base_digest=digest)
    made = api(cast.berta, scope="maintain").post(path)
    assert made.status_code == 201, made.content
    assert made["Location"].endswith(f"{path}1/")
    assert [patch["submission"] for patch in made.json()["patches"]] == [waiting.pk]
    assert (
        api(cast.berta, scope="maintain").post(f"{path}1/cancel/").json()["status"] == "cancelled"
    )


def test_news_is_read_and_marked(api, cast, is_problem):
    for number in range(3):
        notifications.tell(
            cast.ada, NotificationKind.DECISION, title=f"News {number}", url="/x", about=str(number)
        )
    ada = api(cast.ada)
    listed = ada.get("/notifications/", unread="true").json()["results"]
    assert [line["title"] for line in listed] == ["News 2", "News 1", "News 0"]
    assert ada.post("/notifications/read/", {"ids": [listed[0]["id"]]}).json() == {"read": 1}
    assert api(cast.emil).post("/notifications/read/").json() == {"read": 0}
    assert len(ada.get("/notifications/", unread="true").json()["results"]) == 2
    assert ada.post("/notifications/read/").json() == {"read": 2}
    is_problem(api().get("/notifications/"), 401)
    is_problem(api(cast.ada, scope="read").post("/notifications/read/"), 403)
    is_problem(ada.post("/notifications/read/", {"ids": ["x"]}), 400)


def test_news_of_what_was_closed_since_are_not_read_here_either(api, cast):
    model = cast.model
    for person in (cast.emil, cast.berta):
        notifications.tell(
            person, NotificationKind.COMMENT, title="Named", url="/x", about="1", repository=model
        )
    Repository.objects.filter(pk=model.pk).update(private=True)
    assert api(cast.emil).get("/notifications/").json()["results"] == []
    assert len(api(cast.berta).get("/notifications/").json()["results"]) == 1


def test_the_queue_tells_what_waits(api, cast):
    cast.offer()
    body = api().get("/queue/").json()
    assert body["waiting"][0]["kind"] == "check"
    assert body["workers"] == []
