"""The people of the demo, with secrets drawn once per installation."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COMMUNITY = "community"


@dataclass(frozen=True)
class Person:
    name: str
    fullname: str
    part: str
    roles: tuple[str, ...] = ()
    maintains: bool = False


CAST = (
    Person("mira", "Mira Okafor", "maintainer", maintains=True),
    Person("ada", "Ada Lindqvist", "contributor"),
    Person("ben", "Ben Castillo", "contributor"),
    Person("chloe", "Chloe Moreau", "contributor"),
    Person("dev", "Dev Kapoor", "contributor"),
    Person("eve", "Eve Novak", "contributor"),
    Person("finn", "Finn Jensen", "contributor"),
    Person("gus", "Gus Weber", "contributor"),
    Person("hana", "Hana Ito", "contributor"),
    Person("lena", "Lena Fischer", "licence reviewer", roles=("licence-reviewer",)),
    Person("pavel", "Pavel Horvat", "privacy reviewer", roles=("privacy-reviewer",)),
    Person("olga", "Olga Brandt", "operator", roles=("operator",)),
)


@dataclass
class Secrets:
    """Passwords and tokens by name, kept in a file that only its owner reads."""

    path: Path
    values: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Secrets:
        if path.exists():
            return cls(path, json.loads(path.read_text(encoding="utf-8")))
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn = cls(
            path,
            {
                person.name: {
                    "password": secrets.token_urlsafe(9),
                    "token": f"hf_{secrets.token_hex(20)}",
                }
                for person in CAST
            },
        )
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(drawn.values, file)
        return drawn

    def token(self, name: str) -> str:
        return self.values[name]["token"]

    def password(self, name: str) -> str:
        return self.values[name]["password"]


def account_options(person: Person, drawn: Secrets) -> dict[str, Any]:
    """Options of `manage.py ensure_user` for this person."""
    return {
        "email": f"{person.name}@example.org",
        "token": drawn.token(person.name),
        "password": drawn.password(person.name),
        "role": list(person.roles),
        "maintainer_of": [COMMUNITY] if person.maintains else [],
    }
