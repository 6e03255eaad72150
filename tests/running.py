"""Fixtures that start real processes on this test process's own database."""

from __future__ import annotations

import os
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from pytest_django import Settings

from registry.servers import parts, process
from registry.servers.layout import Layout
from registry.servers.redis import free_port


@dataclass
class Site:
    """A gunicorn on the test database: `url` has no trailing slash and serves as HF_ENDPOINT."""

    url: str
    var: Path
    log: Path
    env: dict[str, str]
    log_begin: int = 0

    @property
    def storage(self) -> Path:
        return self.var / "storage"

    def start(self, part: parts.Part) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as output:
            return process.spawn(
                part.command,
                env={**self.env, **part.env},
                output=output,
                parent_death_signal=part.parent_death_signal,
            )

    def said(self) -> str:
        """What the site and its workers wrote since the test began."""
        with self.log.open("rb") as file:
            file.seek(self.log_begin)
            return file.read().decode(errors="replace")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _hub_token_key() -> str:
    """Only a publish worker gets it, as in production."""
    return Layout(Path(os.environ["COMMONWEIGHT_TEST_ROOT"])).hub_token_private_key()


@pytest.fixture
def hub_token_key(settings: Settings) -> str:
    """Makes this test process one that may open tokens of other Hubs."""
    settings.HUB_TOKEN_PRIVATE_KEY = _hub_token_key()
    return settings.HUB_TOKEN_PRIVATE_KEY


@pytest.fixture(scope="session")
def site_env(django_db_setup: None) -> dict[str, str]:
    """The environment of a process that shares this test process's database and Redis."""
    from django.db import connection

    address = urlsplit(os.environ["DATABASE_URL"])
    database = connection.settings_dict["NAME"]
    env = {**os.environ, "DATABASE_URL": urlunsplit(address._replace(path=f"/{database}"))}
    for name in (parts.HUB_TOKEN_PRIVATE_KEY, "PYTEST_CURRENT_TEST"):
        env.pop(name, None)
    return env


@pytest.fixture(scope="session")
def site(site_env: dict[str, str]) -> Iterator[Site]:
    """One gunicorn for all tests of this process; `live_db` empties the database around each."""
    from django.conf import settings

    port = free_port()
    url = f"http://127.0.0.1:{port}"
    env = {**site_env, "SITE_URL": url, "WEB_PROCESSES": "1"}
    running = Site(url, settings.VAR, settings.VAR / "site.log", env)
    settings.SITE_URL = url
    web = parts.web("127.0.0.1", port)
    started = running.start(web)
    ready = process.wait_for(
        lambda: started.poll() is not None or _answers(f"{url}/health/"), seconds=60
    )
    assert ready, running.said()
    assert started.poll() is None, running.said()
    yield running
    process.stop(started, web.stop_steps)


@pytest.fixture
def live_db(site: Site, transactional_db: None) -> Iterator[Site]:
    """The site with an empty database, Redis and storage."""
    from registry.config import broker

    site.log_begin = site.log.stat().st_size
    broker.client().flushdb()
    shutil.rmtree(site.storage, ignore_errors=True)
    yield site
    broker.client().flushdb()


@pytest.fixture
def worker(live_db: Site) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """`worker()` starts a real Celery worker and returns when it takes work.

    `worker(queue="publish")`, `worker(ALLOW_UNSANDBOXED="1")`.
    """
    from registry.config import broker

    started = []

    def start(queue: str = "general", **env: str) -> subprocess.Popen[bytes]:
        if queue == "publish":
            env = {parts.HUB_TOKEN_PRIVATE_KEY: _hub_token_key(), **env}
        part = parts.worker(queue, len(started) + 1, env=env)
        running = live_db.start(part)
        started.append((running, part))
        process.wait_for(
            lambda: running.poll() is not None or len(broker.live_workers()) >= len(started),
            seconds=60,
        )
        assert running.poll() is None, live_db.said()
        return running

    yield start
    process.stop_all([(running, part.stop_steps) for running, part in started])
