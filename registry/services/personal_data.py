"""What this package keeps of a person, for themselves. Secrets are not part of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession

from registry.models import Event, Repository, User

Row = Mapping[str, Any]
Table = tuple[str, str, Iterable[Row]]


def tables(user: User) -> Iterator[Table]:
    """Name, what it is, and its rows, which are read while they are written."""
    yield "profile", "what you say about yourself", [_profile(user)]
    addresses = EmailAddress.objects.filter(user=user).order_by("pk")
    yield (
        "email_addresses",
        "your mail addresses",
        addresses.values("email", "verified", "primary"),
    )
    connected = SocialAccount.objects.filter(user=user).order_by("pk")
    yield (
        "connected_sites",
        "accounts at other sites that open yours, with what they told about you",
        connected.values("provider", "uid", "date_joined", "last_login", "extra_data"),
    )
    factors = Authenticator.objects.filter(user=user).order_by("pk")
    yield (
        "second_factors",
        "kinds of second factors, without their secrets",
        factors.values("type", "created_at", "last_used_at"),
    )
    browsers = UserSession.objects.filter(user=user).order_by("pk")
    yield (
        "sessions",
        "browsers that you are signed in with",
        browsers.values("ip", "user_agent", "created_at", "last_seen_at"),
    )
    tokens = user.access_tokens.order_by("pk")
    yield (
        "tokens",
        "access tokens, without their secrets",
        tokens.values("name", "hint", "scope", "created_at", "expires_at", "last_used_at"),
    )
    yield (
        "roles",
        "roles on this site",
        user.role_grants.order_by("pk").values("role", "created_at"),
    )
    yield "organisations", "organisations you belong to", _memberships(user)
    yield "repositories", "repositories under your name or made by you", _repositories(user)
    events = Event.objects.filter(actor=user).order_by("pk")
    yield (
        "events",
        "what you did, as the audit trail has it",
        events.values("verb", "subject", "data", "created_at").iterator(chunk_size=2000),
    )


def _profile(user: User) -> Row:
    fields = ("username", "email", "fullname", "about", "website", "language")
    return {
        **{name: getattr(user, name) for name in fields},
        "joined": user.date_joined,
        "last_signed_in": user.last_login,
    }


def _memberships(user: User) -> Iterator[Row]:
    places = user.memberships.select_related("organisation__namespace").order_by("pk")
    for place in places:
        yield {
            "organisation": str(place.organisation),
            "role": place.role,
            "since": place.created_at,
        }


def _repositories(user: User) -> Iterator[Row]:
    own = Repository.objects.filter(namespace=user.namespace_id)
    made = Repository.objects.filter(created_by=user)
    for repository in (own | made).select_related("namespace").order_by("pk").iterator():
        yield {
            "type": repository.repo_type,
            "name": repository.full_name,
            "private": repository.private,
            "created_at": repository.created_at,
        }
