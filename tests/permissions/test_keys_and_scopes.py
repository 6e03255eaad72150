"""What a token may do beside what its owner may, and a reviewer on own work by every face."""

from __future__ import annotations

import pytest
from django.db import transaction

from contributions.models import Review, ReviewItem
from registry.models import Role, RoleGrant
from tests import counts
from tests.permissions import cells, world
from tests.permissions.addresses import API, HUB, routes
from tests.permissions.entries import SAFE, Call, Entry
from tests.permissions.table import ENTRIES

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
REVIEWING = (
    "api/v1/submissions/<int:pk>/reviews/",
    "api/v1/reviews/<int:pk>/claim/",
    "api/v1/reviews/<int:pk>/give-back/",
)
# Each way to turn a key, or to take one from the queue: face, address, body.
WAYS = {
    "portal": ("page", "/submissions/{submission}/review"),
    "dashboard": ("page", "/admin/reviews/{submission}/decide/"),
    "dashboard, claim": ("page", "/admin/reviews/{submission}/claim/"),
    "dashboard, next": ("page", "/admin/reviews/next/"),
    "API": (API, "/api/v1/submissions/{submission}/reviews/"),
    "API, claim": (API, "/api/v1/reviews/{item}/claim/"),
}
APPROVE = Call(frozenset(), {"key": "licence", "decision": "approve", "head": "{head}"})


def unsafe(face_wanted=(API, HUB)):
    for entry in ENTRIES:
        face = routes()[entry.route]
        if face in face_wanted:
            for method, call in entry.calls.items():
                if method not in SAFE:
                    yield face, entry, method, call


@pytest.mark.parametrize("scope", ["read", "review", "maintain"])
def test_a_token_that_may_not_write_changes_nothing_even_of_the_mightiest(matrix, scope):
    faults, tried = [], 0
    for face, entry, method, call in unsafe():
        if (scope == "review" and entry.route in REVIEWING) or call.scopes == (scope,):
            continue
        tried += 1
        answer = cells.ask(matrix, face, entry, method, call, f"mighty {scope}", matrix.open)
        if answer.changed or (answer.is_let_in and scope not in call.scopes_of(method)):
            faults.append(f"{method} {entry.route}: {answer.status}")
    counts.record("permission-matrix cells", tried)
    assert not faults, "\n" + "\n".join(faults)


def test_releases_and_publications_take_a_token_made_for_them(matrix):
    """An upload token in a job must not move main or publish in its owner's name."""
    asked = [
        (entry, call)
        for face, entry, method, call in unsafe((API,))
        if method == "POST" and call.scopes == ("maintain",)
    ]
    assert len(asked) == 3
    for entry, call in asked:
        for scope in ("read", "write", "review"):
            answer = cells.ask(matrix, API, entry, "POST", call, f"mighty {scope}", matrix.open)
            assert (answer.status, answer.changed) == (403, False), (entry.route, scope)
            assert "scope maintain" in answer.text
        answer = cells.ask(matrix, API, entry, "POST", call, "mighty maintain", matrix.open)
        assert answer.is_let_in, (entry.route, answer.text)
    counts.record("permission-matrix cells", 4 * len(asked))


@pytest.mark.parametrize("route", REVIEWING)
def test_keys_are_turned_by_tokens_with_the_scope_review_only(matrix, route):
    entry = next(entry for entry in ENTRIES if entry.route == route)
    call = entry.calls["POST"]
    with transaction.atomic():
        if "give-back" in route:
            ReviewItem.objects.filter(pk=matrix.open["model"]["item"]).update(
                claimed_by=matrix.people.mighty
            )
        before, matrix.before = matrix.before, world.state()
        found = {
            scope: cells.ask(matrix, API, entry, "POST", call, f"mighty {scope}", matrix.open)
            for scope in ("read", "write", "review")
        }
        matrix.before = before
        transaction.set_rollback(True)
    assert {scope: answer.changed for scope, answer in found.items()} == {
        "read": False,
        "write": False,
        "review": True,
    }
    assert (found["read"].status, found["write"].status) == (403, 403)
    counts.record("permission-matrix cells", len(found))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("caller", ["contributor", "maintainer", "token review"])
def test_nobody_reviews_own_work(matrix, way, caller):
    """The contributor's own, and what was offered to a repository of one's own."""
    face, address = WAYS[way]
    user = matrix.people[caller.replace("token review", "contributor")]
    reviewed = Review.objects.count()
    with transaction.atomic():
        RoleGrant.objects.create(user=user, role=Role.LICENCE_REVIEWER)
        before, matrix.before = matrix.before, world.state()
        answers = [
            cells.ask(matrix, face, Entry("", address), "POST", APPROVE, caller, things)
            for things in (matrix.open, matrix.closed)
        ]
        matrix.before = before
        transaction.set_rollback(True)
    assert not any(answer.changed for answer in answers)
    assert all(answer.status in (302, 400, 401, 403, 404) for answer in answers)
    assert Review.objects.count() == reviewed
    counts.record("permission-matrix cells", len(answers))
