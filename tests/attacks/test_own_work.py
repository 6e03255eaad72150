"""Nobody turns a key of what they have a part in, by whatever door they come."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from contributions.models import DiscussionEvent, Key, Review, ReviewItem
from contributions.services import review_queue
from registry.models import Maintainer, MemberRole, Membership, Role, RoleGrant
from registry.services import accounts, tokens


@pytest.fixture
def waiting(scene):
    """Offered by cyril to a model of ada's, measured on a track that trains with ada's data."""
    s = scene
    check = s.waiting.runs.get(kind="check")
    check.result = {"verdict": "passed"}
    check.save()
    review_queue.sync(s.waiting, missing_keys=["licence", "privacy"])
    s.opening = DiscussionEvent.objects.filter(discussion=s.waiting.discussion).first()
    return s


def _own(s):
    return s.cyril


def _owner(s):
    return s.ada


def _co_author(s, line="Co-authored-by: Dora <dora@example.org>"):
    s.opening.text = f"An adapter.\n\n{line}"
    s.opening.save()
    return s.dora


def _co_author_by_another_address(s):
    EmailAddress.objects.create(user=s.dora, email="Second@example.org", verified=True)
    _co_author(s, "  co-authored-by: somebody <second@example.org>")
    return s.dora


def _co_author_no_longer_named(s):
    from contributions.services import discussions

    _co_author(s)
    discussions.edit_comment(s.opening, editor=s.cyril, text="An adapter.")
    return s.dora


def _co_author_hidden(s):
    from contributions.services import discussions

    _co_author(s)
    discussions.hide_comment(s.opening, actor=s.cyril)
    return s.dora


def _maintainer_of_the_data(s):
    Maintainer.objects.create(repository=s.data, user=s.emil, role=MemberRole.MAINTAINER)
    return s.emil


def _maintainer_of_the_model(s):
    Maintainer.objects.create(repository=s.model, user=s.emil, role=MemberRole.MAINTAINER)
    return s.emil


def _of_the_same_organisation(s):
    lab = accounts.create_organisation(name="lab", actor=s.cyril)
    Membership.objects.create(organisation=lab, user=s.emil, role=MemberRole.READ)
    return s.emil


PARTS = [
    _own, _owner, _co_author, _co_author_by_another_address, _co_author_no_longer_named,
    _co_author_hidden, _maintainer_of_the_data, _maintainer_of_the_model,
    _of_the_same_organisation,
]  # fmt: skip


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__.strip("_"))
def test_no_door_leads_to_a_key_of_ones_own_work(waiting, settings, part):
    s = waiting
    settings.REVIEW_REFUSE_SAME_ORGANISATION = True
    person = part(s)
    for role in (Role.LICENCE_REVIEWER, Role.OPERATOR):
        RoleGrant.objects.create(user=person, role=role)
    _token, secret = tokens.issue(person, name="x", scope="review")
    item = ReviewItem.objects.get(submission=s.waiting, key=Key.LICENCE)
    browser = Client(raise_request_exception=False)
    browser.force_login(person)
    form = {"key": "licence", "decision": "approve", "head": s.waiting.head_revision, "next": "1",
            "contributor": "x", "reviewer": s.lena.pk}  # fmt: skip
    doors = [
        (f"/submissions/{s.waiting.pk}/review", form),
        (f"/admin/reviews/{s.waiting.pk}/claim/", form),
        (f"/admin/reviews/{s.waiting.pk}/decide/", form),
        ("/admin/reviews/next/", {"key": "licence"}),
        ("/admin/contributions/reviewitem/", {"action": "claim", "_selected_action": item.pk}),
        (f"/admin/contributions/reviewitem/{item.pk}/claim/", {}),
    ]
    for address, sent in doors:
        assert browser.post(address, sent).status_code < 500, address
    body = {"key": "licence", "decision": "approve", "head": s.waiting.head_revision}
    for headers in ({"Authorization": f"Bearer {secret}"}, {}):
        for address, sent in (
            (f"/api/v1/submissions/{s.waiting.pk}/reviews/", body),
            (f"/api/v1/reviews/{item.pk}/claim/", {}),
        ):
            answer = browser.post(address, sent, content_type="application/json", headers=headers)
            assert answer.status_code == 403, (address, answer.content)
    item.refresh_from_db()
    assert item.claimed_by is None
    assert not Review.objects.filter(submission=s.waiting).exists()


def test_somebody_without_a_part_in_it_comes_through_the_same_doors(waiting):
    s = waiting
    browser = Client()
    browser.force_login(s.lena)
    browser.post(f"/admin/reviews/{s.waiting.pk}/claim/", {"key": "licence"})
    form = {"key": "licence", "decision": "approve", "head": s.waiting.head_revision}
    browser.post(f"/admin/reviews/{s.waiting.pk}/decide/", form)
    assert Review.objects.get(submission=s.waiting).reviewer == s.lena


def test_two_keys_are_two_people(waiting):
    s = waiting
    RoleGrant.objects.create(user=s.lena, role=Role.PRIVACY_REVIEWER)
    browser = Client()
    browser.force_login(s.lena)
    for key in ("licence", "privacy"):
        form = {"key": key, "decision": "approve", "head": s.waiting.head_revision}
        browser.post(f"/submissions/{s.waiting.pk}/review", form)
    assert Review.objects.filter(submission=s.waiting).count() == 1
