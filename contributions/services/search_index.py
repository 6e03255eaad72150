"""The whole index of the search, built anew."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from django.db import transaction

from contributions.services import findable
from registry.models import Repository, SearchEntry
from registry.services import findable as registered
from registry.services import projection, search
from registry.services.search import Entry

_AT_ONCE = 1000
# What other parts put there, such as pages of the documentation, is not in the tables.
_KEPT = ("docs",)


@transaction.atomic
def rebuild(told: Callable[[int], None] = lambda count: None) -> int:
    """Nobody sees a half of it. `told` hears how many entries there are so far."""
    SearchEntry.objects.exclude(kind__in=_KEPT).delete()
    everything = itertools.chain(
        registered.people_and_organisations(), _repositories(), findable.everything()
    )
    count = 0
    while batch := list(itertools.islice(everything, _AT_ONCE)):
        count += search.store(batch)
        told(count)
    return count


def _repositories() -> Iterator[Entry]:
    for repository in Repository.objects.select_related("namespace").iterator(chunk_size=500):
        yield projection.findable_now(repository)
