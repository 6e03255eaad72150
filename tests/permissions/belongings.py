"""What belongs to the site or to one person, whatever repositories there are."""

from __future__ import annotations

import datetime as dt

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.utils import timezone

from contributions.models import CannedReply, Decision, NotificationKind, Usage
from contributions.services import notifications
from registry.models import Event, MemberRole, Membership, SetupLink
from registry.services import organisations, quarantine, repositories, tokens


def make(people, circle):
    spare = repositories.create(
        actor=people.founder, namespace=people.founder.namespace, name="kept", repo_type="model"
    )
    notifications.tell(
        people.contributor,
        NotificationKind.COMMENT,
        title="Somebody wrote",
        url="/about",
        about="test:1",
    )
    invited, secret = organisations.invite(
        circle, whom=people.other.username, role=MemberRole.READ, actor=people.founder
    )
    Membership.objects.create(organisation=circle, user=people.other, role=MemberRole.READ)
    reply = CannedReply.objects.create(title="Thanks", decision=Decision.APPROVE, text="Thanks.")
    passkey = Authenticator.objects.create(
        user=people.other, type=Authenticator.Type.WEBAUTHN, data={"name": "phone"}
    )
    browser = UserSession.objects.create(
        user=people.contributor, ip="192.0.2.1", session_key="elsewhere", user_agent="Firefox/1"
    )
    SetupLink.objects.create(digest="0" * 64, expires_at=timezone.now() + dt.timedelta(days=1))
    return {
        "organisation": circle.namespace.name,
        "organisation_pk": circle.pk,
        "member": people.other.username,
        "invitation": invited.pk,
        "invitation_secret": secret,
        "passkey": passkey.pk,
        "contributor": people.contributor.username,
        "notification": people.contributor.notifications.get(about="test:1").pk,
        "session": browser.pk,
        "token": tokens.issue(people.contributor, name="laptop", scope="read")[0].pk,
        "user": people.stranger.pk,
        "quarantine": quarantine.place(spare, actor=people.operator, reason="A test.").pk,
        "any_event": Event.objects.order_by("pk").values_list("pk", flat=True)[0],
        "reply": reply.pk,
        "usage": Usage.objects.get_or_create(contributor=people.contributor)[0].pk,
    }
