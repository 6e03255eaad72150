"""A site of its own in a temporary folder: database, broker and web processes, gone afterwards.

Or in a folder that is kept: what was built there is used again while the tables and the builder
are the same.
"""

from __future__ import annotations

import hashlib
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
_CHECKOUT = Path(__file__).resolve().parents[2]
_SHAPES = [
    "registry/migrations/*.py",
    "contributions/migrations/*.py",
    *(f"benchmarks/community/{name}.py" for name in ("build", "bulk", "sizes", "work")),
]


@contextmanager
def community(submissions: int, *, keep: Path | None = None) -> Iterator[None]:
    """This process is connected to a community of this size."""
    folder = keep / str(submissions) if keep else None
    mark, wanted = folder / "built" if folder else None, _fingerprint()
    stale = mark is not None and not (mark.exists() and mark.read_text() == wanted)
    if folder is not None and stale and (folder / "postgres").exists():
        shutil.rmtree(folder, ignore_errors=True)
    with _database(folder):
        if mark is None or not mark.exists():
            from benchmarks.community.build import build
            from benchmarks.community.sizes import Size

            build(Size(submissions))
        if mark is not None:
            mark.write_text(wanted)
        yield


def _fingerprint() -> str:
    """Of everything that decides what is built."""
    sources = [path for shape in _SHAPES for path in sorted(_CHECKOUT.glob(shape))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


@contextmanager
def _database(kept: Path | None) -> Iterator[Layout]:
    """A migrated database that this process is connected to."""
    # In /tmp, which an account without rights can pass; short, because sockets need it.
    root = kept or Path(tempfile.mkdtemp(prefix="cw-bench-", dir="/tmp"))
    root.mkdir(parents=True, exist_ok=True)
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
        if kept is None:
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


def cpu_seconds(*, but: int = 0) -> float:
    """Of web processes, database and broker together: the children of this process."""
    import psutil

    total = 0.0
    for child in psutil.Process().children(recursive=True):
        if child.pid != but:
            try:
                times = child.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
    return total


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
