"""Who was removed, switched off or deleted keeps no way back in."""

from __future__ import annotations

import pytest
from django.test import Client

from contributions.models import OfferDraft, PatchKind
from contributions.services import drafts, erasure
from registry.models import MemberRole, Membership, User
from registry.services import accounts, organisations, tokens


@pytest.fixture
def lab(scene):
    return accounts.create_organisation(name="lab", actor=scene.berta)


def _browser(user):
    client = Client()
    client.force_login(user)
    return client


def test_a_removed_maintainer_does_not_come_back_by_an_invitation_of_their_own(scene, lab):
    s = scene
    place = Membership.objects.create(organisation=lab, user=s.emil, role=MemberRole.MAINTAINER)
    for whom, user in (("second@example.org", s.dora), ("cyril", s.cyril)):
        made, secret = organisations.invite(
            lab, whom=whom, role=MemberRole.MAINTAINER, actor=s.emil
        )
        organisations.remove(place, actor=s.berta)
        _browser(user).post(f"/invitations/{secret}", {"answer": "accept"})
        _browser(user).post(f"/invitations/{made.pk}/answer", {"answer": "accept"})
        assert not Membership.objects.filter(organisation=lab, user=user).exists()
        place = Membership.objects.create(organisation=lab, user=s.emil, role=MemberRole.MAINTAINER)


def test_an_invitation_is_answered_once_and_by_whom_it_is_for(scene, lab):
    s = scene
    _made, secret = organisations.invite(lab, whom="emil", role=MemberRole.WRITE, actor=s.berta)
    for address in (f"/invitations/{secret}", f"/invitations/{_made.pk}/answer"):
        _browser(s.cyril).post(address, {"answer": "accept"})
    assert not Membership.objects.filter(organisation=lab, user=s.cyril).exists()
    for tampered in (secret[:-1], secret + "A", secret.swapcase(), "%00", "x" * 3000):
        assert _browser(s.emil).get(f"/invitations/{tampered}").status_code in {400, 404}
    assert _browser(s.emil).post(f"/invitations/{secret}", {"answer": "accept"}).status_code == 302
    assert _browser(s.emil).get(f"/invitations/{secret}").status_code == 404


@pytest.mark.parametrize("end", ["erased", "switched off"])
def test_sessions_tokens_and_drafts_end_with_the_account(scene, end):
    s = scene
    browser = _browser(s.emil)
    _token, secret = tokens.issue(s.emil, name="x", scope="write")
    draft = drafts.begin(
        author=s.emil, repository=s.model, kind=PatchKind.CARD, title="Half an idea"
    )
    if end == "erased":
        erasure.erase(s.emil)
        assert not OfferDraft.objects.filter(pk=draft.pk).exists()
    else:
        User.objects.filter(pk=s.emil.pk).update(is_active=False)
    for address in ("/settings", "/submissions/mine", f"/submit/{draft.pk}", "/notifications"):
        assert browser.get(address).status_code in {302, 404}, address
    bearer = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/me/", headers=bearer).status_code == 401
    assert Client().get("/api/whoami-v2", headers=bearer).status_code == 401
    assert browser.get("/api/v1/me/").status_code in {401, 403}
    form = {"login": "emil", "password": "correct horse battery"}
    answer = Client().post("/login", form)
    assert "_auth_user_id" not in Client().session
    assert answer.status_code in {200, 302}
    assert "sessionid" not in answer.cookies or "_auth_user_id" not in answer.wsgi_request.session


def test_nobody_is_told_or_mailed_after_the_end(scene, mailoutbox):
    from contributions.models import Notification
    from contributions.services import discussions, mail, notification_trail

    s = scene
    User.objects.filter(pk=s.emil.pk).update(email="emil@example.org")
    s.emil.refresh_from_db()
    notification_trail.sweep()
    erasure.erase(s.emil)
    discussions.comment(s.pickle.discussion, author=s.ada, text="Still there?")
    notification_trail.sweep()
    mail.deliver()
    assert not Notification.objects.filter(user=s.emil).exists()
    assert not [m for m in mailoutbox if "emil@example.org" in m.to]
