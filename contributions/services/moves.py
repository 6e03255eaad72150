"""Renaming and handing over a repository, with all that is found by its name."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from django.db import transaction

from contributions.services import findable
from registry.models import Namespace, Repository, User
from registry.services import repositories, search
from registry.services.search import Entry

_AT_ONCE = 1000


@transaction.atomic
def move(repository: Repository, *, actor: User, namespace: Namespace, name: str) -> Repository:
    """The old address goes on working; what was offered there is found by the new name."""
    moved = repositories.move(repository, actor=actor, namespace=namespace, name=name)
    store(findable.of_repository(moved))
    return moved


def store(entries: Iterable[Entry]) -> None:
    """A repository may have more submissions than memory should hold."""
    left = iter(entries)
    while batch := list(itertools.islice(left, _AT_ONCE)):
        search.store(batch)
