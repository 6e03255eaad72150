"""The whole table; how to write an entry is told in entries.py."""

from __future__ import annotations

from tests.permissions import (
    table_accounts,
    table_admin,
    table_api,
    table_hub,
    table_repository,
    table_site,
    table_work,
)

AREAS = {
    "repository": table_repository.ENTRIES,
    "work": table_work.ENTRIES,
    "site": table_site.ENTRIES,
    "accounts": table_accounts.ENTRIES,
    "admin": table_admin.ENTRIES,
    "api": table_api.ENTRIES,
    "hub": table_hub.ENTRIES,
}
ENTRIES = [entry for entries in AREAS.values() for entry in entries]
