"""A site of its own in a temporary folder: database, broker and web processes, gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from registry.servers import parts, process
from registry.servers.layout import OWNER_ROLE, Layout
from registry.servers.postgres import Postgres
from registry.servers.redis import Redis

# Nothing here has to survive a crash.
_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"} | {
    "autovacuum": "off",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
}


@contextmanager
def database() -> Iterator[Layout]:
    """An empty, migrated database that this process is connected to."""
    # In /tmp, which an account without rights can pass; short, because sockets need it.
    root = Path(tempfile.mkdtemp(prefix="cw-bench-", dir="/tmp"))
    root.chmod(0o711)
    layout = Layout(root)
    postgres, redis = Postgres(layout, _QUICK), Redis(layout)
    try:
        postgres.start()
        redis.start()
        _set_up_django(layout)
        yield layout
    finally:
        redis.stop()
        postgres.stop()
        shutil.rmtree(layout.postgres, ignore_errors=True)
        shutil.rmtree(root, ignore_errors=True)


def _set_up_django(layout: Layout) -> None:
    os.environ.update(
        COMMONWEIGHT_VAR=str(layout.var),
        DATABASE_URL=layout.database_url(OWNER_ROLE),
        REDIS_URL=layout.redis_url(),
        SECRET_KEY="only-for-benchmarks-" + "0123456789" * 4,
        HUB_TOKEN_PUBLIC_KEY=layout.hub_token_public_key(),
        SITE_URL=f"http://127.0.0.1:{_free_port()}",
        DJANGO_SETTINGS_MODULE="registry.config.settings",
    )
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


@contextmanager
def web(*, processes: int = 2) -> Iterator[str]:
    """The web processes as `up` starts them; gives their host and port."""
    port = int(os.environ["SITE_URL"].rpartition(":")[2])
    os.environ["WEB_PROCESSES"] = str(processes)
    part = parts.web("127.0.0.1", port)
    child = process.spawn(part.command, env={**os.environ, **part.env}, output=sys.stderr.fileno())
    try:
        if not process.wait_for(lambda: _answers(port), seconds=60, every=0.2):
            raise RuntimeError("the web processes do not answer")
        yield f"127.0.0.1:{port}"
    finally:
        process.stop(child, part.stop_steps)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
