"""The database and its roles: who may read, who may change the shape, who may do neither."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import psycopg
from psycopg import sql

from registry.servers.layout import APP_ROLE, DATABASE, OWNER_ROLE, Layout

Connect = Callable[..., AbstractContextManager[psycopg.Connection]]
_DEFAULT = f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER_ROLE} GRANT"
_GRANTS = (
    f"ALTER SCHEMA public OWNER TO {OWNER_ROLE}",
    f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}",
    # Not TRUNCATE, which no trigger of an append-only table would see.
    f"{_DEFAULT} SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP_ROLE}",
    f"{_DEFAULT} USAGE, SELECT, UPDATE ON SEQUENCES TO {APP_ROLE}",
    f"{_DEFAULT} EXECUTE ON FUNCTIONS TO {APP_ROLE}",
)


def make(layout: Layout, superuser: Connect) -> None:
    """Once; each step is safe to repeat after a kill in the middle."""
    with superuser() as connection:
        if connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
        ).fetchone():
            return
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE}_new")
        for role, powers in ((OWNER_ROLE, "CREATEDB"), (APP_ROLE, "NOCREATEDB")):
            connection.execute(
                sql.SQL("DROP ROLE IF EXISTS {0}; CREATE ROLE {0} LOGIN {1} PASSWORD {2}").format(
                    sql.Identifier(role),
                    sql.SQL(powers),
                    sql.Literal(layout.secret("postgres_" + role)),
                )
            )
        connection.execute(f"CREATE DATABASE {DATABASE}_new OWNER {OWNER_ROLE}")
    with superuser(f"{DATABASE}_new") as connection:
        for statement in _GRANTS:
            connection.execute(statement)
    with superuser() as connection:
        connection.execute(f"ALTER DATABASE {DATABASE}_new RENAME TO {DATABASE}")
