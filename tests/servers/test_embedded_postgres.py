"""The embedded PostgreSQL: quick, private, and able to come back after anything."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

import psycopg
import pytest

from registry.servers import process
from registry.servers.errors import ServerError
from registry.servers.layout import APP_ROLE, OWNER_ROLE, Layout
from registry.servers.postgres import Postgres, unprivileged_account

pytestmark = pytest.mark.slow


@pytest.fixture
def layout():
    with tempfile.TemporaryDirectory(prefix="cw-", dir="/tmp") as folder:
        os.chmod(folder, 0o711)
        yield Layout(Path(folder))


@pytest.fixture
def postgres(layout):
    server = Postgres(layout)
    server.start()
    yield server
    server.stop()


def _query(layout, statement, role=APP_ROLE):
    with psycopg.connect(layout.database_url(role), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_it_keeps_its_data_over_a_quick_restart(layout):
    server = Postgres(layout)
    server.start()
    _query(layout, "CREATE TABLE kept (n int)", OWNER_ROLE)
    _query(layout, "INSERT INTO kept VALUES (7)")
    server.stop()
    server.start()
    assert _query(layout, "SELECT n FROM kept") == [(7,)]
    server.stop()


def test_it_never_runs_as_root(postgres):
    status = Path(f"/proc/{postgres.running.pid}/status").read_text()
    uid = int(status.split("Uid:")[1].split()[0])
    account = unprivileged_account()
    assert uid == (account.uid if account else os.geteuid())
    assert uid != 0


def test_it_lets_nobody_in_without_the_password(postgres, layout):
    assert (layout.postgres / "socket").stat().st_mode & 0o777 == 0o700
    wrong = layout.database_url().replace(layout.secret("postgres_" + APP_ROLE), "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_the_role_of_the_site_cannot_undo_what_is_append_only(postgres, layout):
    _query(layout, "CREATE TABLE events (n int)", OWNER_ROLE)
    _query(layout, "INSERT INTO events VALUES (1)")
    for forbidden in (
        "TRUNCATE events",
        "ALTER TABLE events DISABLE TRIGGER ALL",
        "DROP TABLE events",
        "CREATE TABLE other (n int)",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            _query(layout, forbidden)
    powers = _query(
        layout, "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = user"
    )
    assert powers == [(False, False, False)]


def test_it_comes_back_after_being_killed(postgres, layout):
    _query(layout, "CREATE TABLE kept (n int)", OWNER_ROLE)
    postgres.running.send_signal(signal.SIGKILL)
    postgres.running.wait()
    postgres.start()
    assert _query(layout, "SELECT * FROM kept") == []


def test_a_server_left_over_by_a_killed_supervisor_is_ended(postgres, layout):
    assert process.end_leftovers(layout.pids) == ["postgres"]
    assert postgres.running.wait(5) == 0
    postgres.start()
    assert _query(layout, "SELECT 1") == [(1,)]


def test_a_process_that_only_inherited_the_number_is_left_alone(layout):
    layout.pids.mkdir()
    (layout.pids / "postgres").write_text(f"{os.getpid()} 12345")
    assert process.end_leftovers(layout.pids) == []


def test_it_refuses_the_folder_of_another_postgresql(postgres, layout):
    postgres.stop()
    (layout.postgres / "data" / "PG_VERSION").write_text("15\n")
    with pytest.raises(ServerError, match=r"made by PostgreSQL 15, this is 18.*make reset"):
        postgres.start()


def test_it_goes_elsewhere_when_the_folder_cannot_be_reached(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    layout = Layout(closed / ("long" * 30))
    layout.var.mkdir()
    server = Postgres(layout)
    server.start()
    try:
        assert layout.postgres.is_relative_to("/var/tmp")
        assert f"the database is kept in {layout.postgres}" in server.messages[0]
        assert _query(layout, "SELECT 1") == [(1,)]
    finally:
        server.stop()
        process.end_leftovers(layout.pids)
        _remove(layout.postgres)


def _remove(folder):
    import shutil

    shutil.rmtree(folder)
