"""Write access to a Hub: stored sealed, opened by the publish worker alone."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from contributions.models import HubToken
from registry.models import MemberRole, Namespace, User
from registry.services import access, events, sealing
from registry.services.errors import Forbidden, Invalid, NotFound


def clean_endpoint(endpoint: str) -> str:
    """`https://huggingface.co/` and `https://huggingface.co` are one endpoint."""
    parts = urlsplit(endpoint.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise Invalid(
            f"“{endpoint[:100]}” is not the address of a Hub",
            where="endpoint",
            next="give it as https://host or http://host:port, without a path",
        )
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise Invalid(
            f"“{endpoint[:100]}” has a path behind the host",
            where="endpoint",
            next=f"use {parts.scheme}://{parts.netloc}",
        )
    return f"{parts.scheme}://{parts.netloc.lower()}"


def refuse_stranger(namespace: Namespace, *, actor: User) -> None:
    """A token publishes every model of a namespace: maintaining one of them is not enough."""
    if access.role_in(actor, namespace) is not MemberRole.MAINTAINER:
        raise Forbidden(
            f"{actor.username} may not store tokens of {namespace.name}",
            where="token",
            next=f"ask whoever runs {namespace.name}, or an operator",
        )


def may_store(namespace: Namespace, *, actor: User) -> bool:
    """Also False where the site has no key to seal with."""
    known = bool(settings.HUB_TOKEN_PUBLIC_KEY)
    return known and access.role_in(actor, namespace) is MemberRole.MAINTAINER


@transaction.atomic
def store(namespace: Namespace, *, endpoint: str, secret: str, actor: User) -> HubToken:
    """Keep a token for publishing from `namespace` to `endpoint`; it replaces an old one."""
    refuse_stranger(namespace, actor=actor)
    secret = secret.strip()
    if not secret or any(c.isspace() for c in secret):
        raise Invalid(
            "the token is empty or contains spaces",
            where="token",
            next="paste a token with write access from the Hub's settings",
        )
    endpoint = clean_endpoint(endpoint)
    token, _ = HubToken.objects.update_or_create(
        namespace=namespace,
        endpoint__iexact=endpoint,
        defaults={
            "endpoint": endpoint,
            "ciphertext": sealing.seal(secret),
            "created_by": actor,
        },
    )
    events.record(
        "hub-token.stored",
        actor=actor,
        subject=f"namespace:{namespace.name}",
        data={"endpoint": endpoint},
    )
    return token


def exists(namespace: Namespace, *, endpoint: str) -> bool:
    return HubToken.objects.filter(
        namespace=namespace, endpoint__iexact=clean_endpoint(endpoint)
    ).exists()


def reveal(namespace: Namespace, *, endpoint: str) -> str:
    """The token in the clear. Works only in the publish worker, which holds the private key."""
    token = HubToken.objects.filter(namespace=namespace, endpoint__iexact=endpoint).first()
    if token is None:
        raise NotFound(
            f"no token is stored for publishing {namespace.name} to {endpoint}",
            where="hub token",
            next=f"store one: manage.py hub_token {namespace.name} {endpoint}",
        )
    return sealing.unseal(bytes(token.ciphertext))
