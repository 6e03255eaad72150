"""Whether the database under `var/` was made by this version of the code.

New migrations are simply applied. A migration that was applied and is now gone or different cannot
be: then the data belongs to another version, and migrating on would fail half way.
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from registry.servers.errors import ServerError
from registry.servers.layout import Layout, write_private
from registry.servers.postgres import MAJOR_VERSION

ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = ("Django", "django-pgtrigger")


def current() -> dict[str, str]:
    found = {
        f"{path.parent.parent.name}.{path.stem}": hashlib.sha256(path.read_bytes()).hexdigest()
        for package in ("registry", "contributions")
        for path in sorted((ROOT / package / "migrations").glob("[0-9]*.py"))
    }
    return {**found, **{name: _version(name) for name in _PACKAGES}}


def check(layout: Layout) -> bool:
    """True when nothing changed since the last migration; raises when the data is of another
    version."""
    try:
        recorded = json.loads(layout.fingerprint.read_text())
    except (OSError, ValueError):
        return False
    now = current()
    foreign = sorted(
        name
        for name, digest in recorded["migrations"].items()
        if name not in _PACKAGES and now.get(name) != digest
    )
    if foreign or recorded["postgres"] != MAJOR_VERSION:
        what = f"migration {foreign[0]} differs" if foreign else "another PostgreSQL"
        raise ServerError(
            f"the data in {layout.var} was made by another version of Commonweight ({what}): "
            "go back to that version, or delete the data and start afresh with `make reset`"
        )
    return bool(recorded["migrations"] == now)


def record(layout: Layout) -> None:
    told = {"postgres": MAJOR_VERSION, "migrations": current()}
    write_private(layout.fingerprint, json.dumps(told, indent=1))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
