"""What a card says to the platform: the front matter of README.md at one revision.

Reading is tolerant: a broken card says nothing here, and the check says what is wrong with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from registry.models import Revision
from registry.services import projection

TRUE_WORDS = frozenset({"true", "yes", "on", "1"})


@dataclass(frozen=True)
class Card:
    data: dict[str, Any]

    def text(self, key: str) -> str:
        value = self.data.get(key)
        return value.strip() if isinstance(value, str) else ""

    def texts(self, key: str) -> tuple[str, ...]:
        """A value that may be written as one word or as a list."""
        value = self.data.get(key)
        values = value if isinstance(value, list) else [value]
        return tuple(item.strip() for item in values if isinstance(item, str) and item.strip())

    @property
    def track(self) -> str:
        """Name of the track to be evaluated on."""
        return self.text("track")

    @property
    def licence(self) -> str:
        return self.text("license")

    @property
    def datasets(self) -> tuple[str, ...]:
        return self.texts("datasets")

    @property
    def evaluate(self) -> bool:
        """Asks for evaluation although the pull request is a draft."""
        value = self.data.get("evaluate")
        return value is True or (isinstance(value, str) and value.strip().lower() in TRUE_WORDS)


def read(revision: Revision) -> Card:
    return Card(projection.card_of(revision).data)
