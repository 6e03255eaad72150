"""Rows by the hundred thousand: INSERT … SELECT, written from what the models say of themselves."""

from __future__ import annotations

from collections.abc import Sequence

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models
from psycopg.types.json import Jsonb


def below(limit: int | str, salt: int, of: str = "n") -> str:
    """SQL: an integer from 0 up to `limit` (exclusive) that depends on `of` and `salt` alone."""
    return f"((hashint8extended({of}, {salt}) & 2147483647) % ({limit}))"


def share(salt: int, of: str = "n") -> str:
    """SQL: a number from 0 up to 1."""
    return f"({below(1_000_000, salt, of)} / 1000000.0)"


def pick(words: Sequence[str], salt: int, of: str = "n") -> str:
    """SQL: one of the words."""
    listed = ", ".join("'" + word.replace("'", "''") + "'" for word in words)
    return f"(ARRAY[{listed}])[1 + {below(len(words), salt, of)}]"


def oid(text: str) -> str:
    """SQL: forty hex digits that depend on `text`."""
    return f"(md5({text}) || substr(md5({text} || 'x'), 1, 8))"


def fill(model: type[models.Model], source: str, **columns: str) -> None:
    """One row for each row of `source`; a column that is not named gets the model's default."""
    names: list[str] = []
    values: list[str] = []
    given: list[object] = []
    for field in model._meta.concrete_fields:
        if field.attname in columns:
            values.append(columns[field.attname].replace("%", "%%"))
        elif field.primary_key:
            continue
        elif getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
            values.append("now()")
        else:
            values.append(f"%s::{field.db_type(connection)}")
            given.append(_default(field))
        names.append(f'"{field.column}"')
    unknown = set(columns) - {field.attname for field in model._meta.concrete_fields}
    if unknown:
        raise ValueError(f"{model.__name__} has no column {', '.join(sorted(unknown))}")
    sql = f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) SELECT {', '.join(values)}"
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} FROM {source.replace('%', '%%')}", given)


def _default(field: models.Field[object, object]) -> object:
    value = field.get_default()
    return Jsonb(value) if isinstance(field, models.JSONField) and value is not None else value


def numbers(count: int) -> str:
    return f"generate_series(1, {count}) AS n"


def run_sql(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def go_on_counting() -> None:
    """The next row that the site itself makes gets a number that is free."""
    with connection.cursor() as cursor:
        for label in ("registry", "contributions"):
            found = list(apps.get_app_config(label).get_models())
            for sql in connection.ops.sequence_reset_sql(no_style(), found):
                cursor.execute(sql)
