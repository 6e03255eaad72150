"""Names of people, organisations and repositories: what is allowed and what is reserved."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError

NAME_LENGTH = 96

# First path segments that the site itself answers, now or in a planned part. A person named
# `admin` would own the address of the dashboard.
RESERVED = frozenset(
    """
    about accounts admin api assets auth benchmarks blog buckets collections commonweight content
    contact contributors credit dashboard datasets docs download events explore favicon.ico git
    health help home invitations join kernels leaderboards legal licence licences license licenses
    live login logout lfs me media metrics models moderation new notifications oauth operator
    organisations organizations orgs papers privacy publications queue releases resolve reviews
    robots.txt root runs search security sessions settings setup signin signup site-packages spaces
    static status submissions submit support system terms tokens tracks upload uploads users v1
    webhooks well-known whoami workers www xet
    """.split()  # noqa: SIM905
)

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?")

# What erased people are called.
_GHOST = re.compile(r"ghost(-[0-9].*)?")


def validate_name(name: str) -> None:
    """Refuse what the Hub's clients refuse (hub rules for repository ids), before it is stored."""
    if len(name) > NAME_LENGTH or not _NAME.fullmatch(name):
        raise ValidationError(
            f"“{name[:NAME_LENGTH]}” is not a valid name: use up to {NAME_LENGTH} letters, digits, "
            "“-”, “_” and “.”, starting with a letter or digit and not ending in “-” or “.”.",
            code="invalid-name",
        )
    if "--" in name or ".." in name or name.lower().endswith(".git"):
        raise ValidationError(
            f"“{name}” is not a valid name: it may not contain “--” or “..” or end in “.git”.",
            code="invalid-name",
        )


def validate_namespace(name: str) -> None:
    """A namespace is also a first path segment, so reserved words are refused too."""
    validate_name(name)
    if name.lower() in RESERVED or _GHOST.fullmatch(name.lower()):
        raise ValidationError(
            f"“{name}” is reserved for the site itself. Choose another name.", code="reserved-name"
        )
