"""What may be done to a submission is said alike by the API and the page, and in time."""

from __future__ import annotations

import pytest
from django.test import Client

from contributions.models import Discussion, DiscussionStatus, Run, RunStatus
from contributions.services import discussions
from registry.models import Maintainer, MemberRole

BUTTONS = {
    "cancel": 'action="{page}/cancel"',
    "rerun": 'action="{page}/rerun"',
    "withdraw": 'href="{page}/confirm/withdraw"',
    "open": 'action="{page}/open"',
    "evaluate": 'action="{page}/evaluate"',
    "answer": 'action="{page}/answer"',
}


@pytest.fixture
def offered(cast):
    _ = cast.track
    cast.settle_first_revisions()
    return cast.offer(description="First words.")


@pytest.fixture
def opening(offered):
    return offered.discussion.events.filter(kind="comment").first()


def told(api, person, submission):
    return set(api(person).get(f"/submissions/{submission.pk}/").json()["actions"])


def shown(person, submission):
    browser = Client()
    browser.force_login(person)
    page = browser.get(f"/submissions/{submission.pk}").content.decode()
    at = f"/submissions/{submission.pk}"
    return {verb for verb, button in BUTTONS.items() if button.format(page=at) in page}


def at_check(cast, submission):
    pass


def measured(cast, submission):
    cast.measured(submission)


def closed(cast, submission):
    discussions.set_status(submission.discussion, actor=cast.ada, status=DiscussionStatus.CLOSED)


def draft(cast, submission):
    Discussion.objects.filter(pk=submission.discussion_id).update(status="draft")
    cast.check(submission)


def stopped_before_it_began(cast, submission):
    run = submission.runs.get()
    Run.objects.filter(pk=run.pk).update(status=RunStatus.CANCELLED)
    cast.review(cast.measured(cast.offer(by=cast.emil)), "licence")


def asked(cast, submission):
    cast.measured(submission)
    words = {"reason_code": "provenance-unclear", "text": "Whose?"}
    cast.review(submission, "licence", "info", **words)


def asked_and_answered(cast, submission):
    asked(cast, submission)
    from contributions.services import reviews

    reviews.answer(submission.reviews.get(), author=cast.ada, text="Mine.")


def asked_and_to_be_changed(cast, submission):
    asked(cast, submission)
    words = {"reason_code": "personal-data", "text": "Faces."}
    cast.review(submission, "privacy", "changes", **words)


def rejected(cast, submission):
    cast.measured(submission)
    words = {"reason_code": "licence-missing", "text": "No."}
    cast.review(submission, "licence", "reject", **words)


def withdrawn(cast, submission):
    from contributions.services import submissions

    submissions.withdraw(submission, actor=cast.ada)


@pytest.mark.parametrize(
    ("state", "actions"),
    [
        (at_check, {"cancel", "withdraw", "track"}),
        (measured, {"withdraw", "track"}),
        (closed, {"open", "withdraw", "track"}),
        (draft, {"open", "evaluate", "withdraw", "track"}),
        (stopped_before_it_began, {"rerun", "withdraw", "track"}),
        (asked, {"answer", "withdraw", "track"}),
        (asked_and_answered, {"withdraw", "track"}),
        (asked_and_to_be_changed, {"withdraw", "track"}),
        (rejected, set()),
        (withdrawn, set()),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_page_and_the_api_offer_the_same(api, cast, offered, state, actions):
    state(cast, offered)
    assert told(api, cast.ada, offered) == actions
    assert shown(cast.ada, offered) == actions - {"track"}
    assert told(api, cast.emil, offered) == shown(cast.emil, offered) == set()


# --- a kept answer is not called unchanged when what it shows has changed -----------------------


def moved(api, person, submission, change):
    path = f"/submissions/{submission.pk}/"
    before = api(person, session=True).get(path)
    held = {"if-none-match": before["ETag"]}
    assert api(person, session=True).get(path, headers=held).status_code == 304
    change()
    after = api(person, session=True).get(path, headers=held)
    assert after.status_code == 200
    return before.json(), after.json()


def test_another_description_is_another_version(api, cast, offered, opening):
    before, after = moved(
        api,
        cast.ada,
        offered,
        lambda: discussions.edit_comment(opening, editor=cast.ada, text="Other words."),
    )
    assert (before["description"], after["description"]) == ("First words.", "Other words.")
    before, after = moved(
        api, cast.ada, offered, lambda: discussions.hide_comment(opening, actor=cast.ada)
    )
    assert after["description"] == ""


def test_other_rights_are_another_version(api, cast, offered):
    right = {"repository": cast.model, "user": cast.emil, "role": MemberRole.WRITE}
    before, after = moved(api, cast.emil, offered, lambda: Maintainer.objects.create(**right))
    assert (before["actions"], "withdraw" in after["actions"]) == ([], True)


def test_another_scope_is_another_version(api, cast, offered):
    path = f"/submissions/{offered.pk}/"
    held = {"if-none-match": api(cast.ada, scope="write").get(path)["ETag"]}
    reading = api(cast.ada, scope="read").get(path, headers=held)
    assert (reading.status_code, reading.json()["actions"]) == (200, [])


def test_other_keys_of_the_track_are_another_version(api, cast, offered):
    cast.track.policy = {**cast.track.policy, "keys": ["licence", "privacy", "technical"]}
    before, after = moved(api, cast.ada, offered, cast.track.save)
    assert (len(before["keys"]), len(after["keys"])) == (2, 3)


def test_a_hidden_description_is_not_followed_by_somebody_elses_comment(
    api, cast, offered, opening
):
    discussions.comment(offered.discussion, author=cast.emil, text="Nice.")
    discussions.hide_comment(opening, actor=cast.ada)
    assert api().get(f"/submissions/{offered.pk}/").json()["description"] == ""
