"""A form or a body with more fields than it has sets none of them."""

from __future__ import annotations

import pytest

from contributions.models import DraftFile, PatchKind, Submission, SubmissionStatus
from contributions.services import draft_files, drafts
from contributions.services.draft_files import Announced
from registry.models import AccessToken, Repository, User
from registry.services import refs, tokens

MORE = {
    "status": "approved", "contributor": "emil", "contributor_id": 1, "is_staff": True,
    "is_superuser": True, "is_active": True, "role": "operator", "roles": ["operator"],
    "private": True, "owner": "emil", "namespace": "emil", "author": "emil", "id": 1, "pk": 1,
    "user": 1, "username": "root", "email_verified": True, "admin": True, "namespace_id": 1,
    "artifact_revision": "f" * 40, "kind": "weights", "anonymised_at": None, "is_bot": True,
}  # fmt: skip


def _facts(user):
    return (user.username, user.is_staff, user.is_superuser, user.is_bot, user.namespace_id)


def test_no_page_of_the_settings_takes_more(scene, as_person):
    s = scene
    before = _facts(s.berta)
    browser = as_person(s.berta)
    forms = {
        "/settings": {"fullname": "B", "about": "", "website": "", "language": "en"},
        "/settings/tokens": {"name": "t", "scope": "admin"},
        "/settings/notifications": {},
        "/organisations/new": {"name": "berta-lab", "fullname": ""},
        "/new": {"name": "mine", "repo_type": "model", "namespace": "ada"},
    }
    for address, form in forms.items():
        browser.post(address, {**{k: str(v) for k, v in MORE.items()}, **form})
    s.berta.refresh_from_db()
    assert _facts(s.berta) == before
    assert not s.berta.role_grants.exists()
    assert not AccessToken.objects.filter(user=s.berta, scope="admin").exists()
    assert not Repository.objects.filter(namespace=s.ada.namespace, name="mine").exists()


def test_signing_up_makes_nobody_more_than_a_person(client, db, settings):
    settings.ACCOUNT_RATE_LIMITS = False
    client.post(
        "/signup",
        {
            **{k: str(v) for k, v in MORE.items()},
            "username": "mallory",
            "email": "mallory@example.org", "password1": "correct horse battery",
            "password2": "correct horse battery",
        },
    )  # fmt: skip
    made = User.objects.get(username="mallory")
    assert (made.is_staff, made.is_superuser, made.is_bot) == (False, False, False)
    assert not made.role_grants.exists()


@pytest.mark.parametrize("name", sorted(MORE))
def test_no_endpoint_takes_a_field_that_it_does_not_name(scene, as_person, name):
    s = scene
    browser = as_person(s.berta)
    oid = refs.resolve(s.plain).oid
    bodies = {
        "submissions/": {"repository": "berta/scratch", "revision": oid},
        f"submissions/{s.weights.pk}/withdraw/": {},
        f"submissions/{s.draft.pk}/evaluate/": {},
        f"submissions/{s.draft.pk}/track/": {"track": "digits"},
        f"submissions/{s.draft.pk}/answer/": {"text": "x"},
        "tokens/": {"name": "x", "scope": "read"},
    }
    for path, body in bodies.items():
        if name in body:
            continue
        answer = browser.post(
            f"/api/v1/{path}", {**body, name: MORE[name]}, content_type="application/json"
        )
        assert answer.status_code in {400, 403, 409}, (path, answer.content)
    s.draft.refresh_from_db()
    assert s.draft.status == SubmissionStatus.DRAFT


def test_a_draft_and_its_files_are_its_authors(scene, as_person):
    s = scene
    mine = drafts.begin(author=s.berta, repository=s.model, kind=PatchKind.CODE, title="Mine")
    theirs = drafts.begin(author=s.emil, repository=s.model, kind=PatchKind.CODE, title="Theirs")
    rows, _ = draft_files.announce(theirs, [Announced("a.md", 3, "a" * 64)])
    browser = as_person(s.berta)
    for address in (
        f"/submit/{theirs.pk}", f"/submit/{theirs.pk}/files", f"/submit/{theirs.pk}/what",
        f"/submit/{theirs.pk}/check", f"/submit/{theirs.pk}/licence",
    ):  # fmt: skip
        assert browser.get(address).status_code == 404, address
        sent = browser.post(address, {"title": "Mine now", "kind": "code"})
        assert sent.status_code in {404, 405}
    for draft in (mine, theirs):
        at = f"/submit/{draft.pk}/files/{rows[0].pk}"
        assert browser.put(f"{at}/parts/1", b"abc").status_code == 404
        assert browser.post(f"{at}/complete").status_code == 404
        assert browser.post(f"{at}/remove").status_code == 404
    assert DraftFile.objects.filter(pk=rows[0].pk).exists()


def test_what_was_begun_for_one_repository_goes_to_no_other(scene, as_person):
    s = scene
    draft = drafts.begin(author=s.berta, repository=s.plain, kind=PatchKind.CODE, title="Mine")
    as_person(s.berta).post(
        f"/submit/{draft.pk}/what",
        {"kind": "code", "title": "x", "repository": "ada/digits", "repository_id": s.model.pk,
         "answers": "{}", "sent_as": s.weights.discussion_id},
    )  # fmt: skip
    draft.refresh_from_db()
    assert (draft.repository_id, draft.sent_as_id) == (s.plain.pk, None)


def test_knowing_a_digest_gives_no_content(scene, as_person):
    """A file of somebody's private repository is not offered as one's own by its SHA-256."""
    import io

    from registry.services import blobs

    s = scene
    secret = blobs.store(io.BytesIO(b"private rows"), user=s.ada)
    draft = drafts.begin(author=s.berta, repository=s.model, kind=PatchKind.CODE, title="Mine")
    answer = as_person(s.berta).post(
        f"/submit/{draft.pk}/files/announce",
        {"files": [{"path": "a.md", "size": secret.size, "sha256": secret.sha256}]},
        content_type="application/json",
    )
    assert answer.json()["files"][0]["done"] is False


def test_nobody_answers_a_question_for_another_or_reviews_their_own(scene, as_person):
    s = scene
    _token, secret = tokens.issue(s.emil, name="x", scope="review")
    client = as_person(None)
    bearer = {"Authorization": f"Bearer {secret}"}
    answered = client.post(
        f"/api/v1/submissions/{s.waiting.pk}/answer/", {"text": "mine"},
        content_type="application/json", headers=bearer,
    )  # fmt: skip
    assert answered.status_code in {403, 409}
    given = client.post(
        f"/api/v1/submissions/{s.waiting.pk}/reviews/", {"key": "licence", "decision": "approve"},
        content_type="application/json", headers=bearer,
    )  # fmt: skip
    assert given.status_code == 403
    assert not Submission.objects.get(pk=s.waiting.pk).reviews.exists()
