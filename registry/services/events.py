"""Writing the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.models import Event, Repository, User


def record(
    verb: str,
    *,
    actor: User | None,
    repository: Repository | None = None,
    subject: str = "",
    data: Mapping[str, Any] | None = None,
) -> Event:
    """Call it in the transaction of the change itself, so that neither exists without the other."""
    return Event.objects.create(
        verb=verb, actor=actor, repository=repository, subject=subject, data=dict(data or {})
    )
