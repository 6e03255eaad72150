"""Every call of the write face, for every kind of caller."""

from __future__ import annotations

import base64
import json

import pytest
from django.db import transaction
from django.test import Client

from contributions.models import DiscussionStatus
from contributions.services import discussions
from registry.models import Maintainer, MemberRole, TokenScope
from registry.services import tokens
from tests.contributions.cast import token_of

pytestmark = pytest.mark.slow

FILE = base64.b64encode(b"x").decode()
COMMIT = "\n".join(
    json.dumps({"key": key, "value": value})
    for key, value in [
        ("header", {"summary": "x"}),
        ("file", {"path": "x.txt", "content": FILE, "encoding": "base64"}),
    ]
)

# Callers, in the order of the columns below. `reading` is the author with a token that may only
# read; `reader` and `writer` hold that role on the repository; `olga` is an operator.
CALLERS = ["nobody", "reading", "stranger", "reader", "author", "writer", "berta", "olga"]
PUBLIC = {
    # nobody, reading, stranger, reader, author, writer, owner, operator
    ("GET", "discussions", ""): [200, 200, 200, 200, 200, 200, 200, 200],
    ("GET", "discussions/1", ""): [200, 200, 200, 200, 200, 200, 200, 200],
    ("POST", "discussions", '{"title": "t"}'): [401, 403, 200, 200, 200, 200, 200, 200],
    ("POST", "discussions", '{"title": "t", "pullRequest": true}'): [
        401, 403, 200, 200, 200, 200, 200, 200,
    ],
    ("POST", "discussions/1/comment", '{"comment": "c"}'): [401, 403, 200, 200, 200, 200, 200, 200],
    ("POST", "discussions/1/comment/{id}/edit", '{"content": "c"}'): [
        401, 403, 403, 403, 200, 403, 403, 403,
    ],
    ("POST", "discussions/1/comment/{id}/hide", '{}'): [401, 403, 403, 403, 200, 200, 200, 200],
    ("POST", "discussions/1/title", '{"title": "t"}'): [401, 403, 403, 403, 200, 200, 200, 200],
    ("POST", "discussions/1/status", '{"status": "open"}'): [
        401, 403, 403, 403, 200, 200, 200, 200,
    ],
    ("POST", "discussions/1/merge", '{}'): [401, 403, 403, 403, 403, 200, 200, 200],
    ("POST", "commit/main", COMMIT): [401, 403, 403, 403, 403, 200, 200, 200],
    ("POST", "commit/refs%2Fpr%2F1", COMMIT): [401, 403, 403, 403, 200, 200, 200, 200],
    ("POST", "commit/main?create_pr=1", COMMIT): [401, 403, 200, 200, 200, 200, 200, 200],
}  # fmt: skip


def token_for(cast, caller):
    if caller == "nobody":
        return None
    if caller == "reading":
        return tokens.issue(cast.author, name="reading", scope=TokenScope.READ)[1]
    getattr(cast, caller)
    return token_of(caller)


@pytest.fixture
def world(cast):
    """A pull request of the author's, on a repository with a reader and a writer."""
    for person, role in [(cast.reader, MemberRole.READ), (cast.writer, MemberRole.WRITE)]:
        Maintainer.objects.create(repository=cast.model, user=person, role=role)
    cast.propose(by=cast.author, description="Look.")
    return cast


def answers(world, client, call):
    """Status by caller; each call starts from the same state."""
    method, path, body = call
    opening = world.model.discussions.get(num=1).events.first()
    found = []
    for caller in CALLERS:
        token = token_for(world, caller)
        with transaction.atomic():
            answer = client.generic(
                method,
                f"/api/models/berta/digits/{path.format(id=f'{opening.pk:024x}')}",
                body,
                content_type="application/json",
                headers={"Authorization": f"Bearer {token}"} if token else {},
            )
            found.append(answer.status_code)
            transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("call", PUBLIC, ids=lambda call: f"{call[0]} {call[1]}")
def test_a_public_repository_answers_each_caller(world, client, call):
    assert dict(zip(CALLERS, answers(world, client, call), strict=True)) == dict(
        zip(CALLERS, PUBLIC[call], strict=True)
    )


@pytest.mark.parametrize("call", PUBLIC, ids=lambda call: f"{call[0]} {call[1]}")
def test_a_private_repository_does_not_exist_for_strangers(world, client, call):
    world.model.private = True
    world.model.save(update_fields=["private"])
    found = dict(zip(CALLERS, answers(world, client, call), strict=True))
    # Its author cannot see it any more either.
    assert [found[name] for name in ("nobody", "reading", "stranger", "author")] == [
        401, 404, 404, 404,
    ]  # fmt: skip
    for number, name in enumerate(CALLERS):
        if name in {"writer", "berta", "olga"}:
            expected = PUBLIC[call][number]
            assert found[name] == expected, name


def test_a_session_needs_its_form_token(world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.berta)
    answer = client.post(
        "/api/models/berta/digits/discussions/1/comment",
        {"comment": "c"},
        content_type="application/json",
    )
    assert answer.status_code == 403
    assert world.model.discussions.get(num=1).events.filter(text="c").count() == 0


def test_a_closed_draft_is_opened_by_its_author_again(world, client):
    discussion = world.model.discussions.get(num=1)
    discussions.set_status(discussion, actor=world.author, status=DiscussionStatus.CLOSED)
    answer = client.post(
        "/api/models/berta/digits/discussions/1/status",
        {"status": "open"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token_of('author')}"},
    )
    assert answer.json()["newStatus"]["data"]["status"] == "open"
