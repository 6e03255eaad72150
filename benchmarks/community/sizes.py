"""How large a community of the benchmarks is, and the real things that its rows point to."""

from __future__ import annotations

from dataclasses import dataclass

from registry.models import Repository, Revision, User

# Rows made in bulk are numbered from here on; those of the services stay below.
FIRST = 1000
TASKS = ["image-classification", "text-classification", "token-classification"]


@dataclass(frozen=True)
class Size:
    """How many of each thing; everything follows from the number of submissions."""

    submissions: int = 100_000

    @property
    def users(self) -> int:
        return max(self.submissions // 10, 20)

    @property
    def tracks(self) -> int:
        return min(50, max(self.submissions // 2000, 3))

    @property
    def models(self) -> int:
        return max(self.submissions // 50, 2 * self.tracks)

    @property
    def datasets(self) -> int:
        return max(self.submissions // 100, 3 * self.tracks)

    @property
    def organisations(self) -> int:
        return max(self.users // 50, 2)

    @property
    def issues(self) -> int:
        return self.submissions // 5


@dataclass(frozen=True)
class Template:
    """The real things that the rows point to."""

    owner: User
    model: Repository
    main: Revision
    data: Revision
    proposed: Revision
