"""A town of two sites: the community's with real workers, and one that stands for the Hub."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from registry.servers import process, stack
from registry.servers.redis import free_port

# Empty is unset: the second site brings its own servers.
OWN_SERVERS = dict.fromkeys(
    ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "HUB_TOKEN_PUBLIC_KEY", "SITE_URL"), ""
)
HUB_TOKEN = "hf_the_bots_token_0000"


@pytest.fixture
def hub():
    """A second instance with an account for the publisher; it starts while others prepare."""
    with tempfile.TemporaryDirectory(prefix="cw-", dir="/tmp") as folder:
        os.chmod(folder, 0o711)
        # A site dies with the thread that started it.
        with ThreadPoolExecutor(1) as thread:
            starting = thread.submit(_second_site, Path(folder))
            yield starting
            thread.submit(starting.result().stop).result()


def _second_site(var: Path) -> stack.Started:
    nobody = {"cpu": 0, "check": 0, "publish": 0}
    started = stack.start(var, port=free_port(), workers=nobody, env=OWN_SERVERS)
    account = ["robot", "--org", "mirror", "--token", "-", "--var", str(var)]
    done = subprocess.run(
        [sys.executable, "manage.py", "ensure_user", *account],
        cwd=stack.ROOT,
        env={**os.environ, **OWN_SERVERS, "SITE_URL": started.url},
        input=f"{HUB_TOKEN}\n",
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    return started


@pytest.fixture
def town(hub, live_db, worker, people, tmp_path, chromium):
    """Berta's track is open; workers, and the clock that wakes them, are at work."""
    from contributions.models import TrackStatus
    from registry.models import Role
    from registry.servers import parts
    from registry.services import accounts
    from tests.journeys.people import PASSWORD

    for name, roles in {
        "berta": [],
        "lena": [Role.LICENCE_REVIEWER],
        "paul": [Role.PRIVACY_REVIEWER],
    }.items():
        accounts.ensure_user(name=name, password=PASSWORD, roles=roles)
    clock = parts.beat(str(tmp_path))
    ticking = live_db.start(clock)
    worker()
    track = people.prepare_track()
    first = people.first()
    assert process.wait_for(lambda: _reached(first, "in-review"), seconds=60), live_db.said()
    people.turn_keys(first)
    assert process.wait_for(lambda: _reached(track, TrackStatus.OPEN), seconds=120), live_db.said()
    yield SimpleNamespace(
        site=live_db,
        people=people,
        track=track,
        hub=hub,
        browser=chromium,
        publisher=lambda: worker(queue="publish"),
    )
    process.stop(ticking, clock.stop_steps)


def _reached(row, status) -> bool:
    row.refresh_from_db()
    return row.status == status
