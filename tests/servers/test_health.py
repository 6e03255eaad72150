"""`GET /health/` tries every part and says which one is broken, without giving secrets away."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import replace

import pytest

from registry.servers import parts, process
from registry.servers.redis import free_port


def _health(url):
    try:
        with urllib.request.urlopen(f"{url}/health/", timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.fixture
def another_site(live_db):
    """Starts a web server that differs in its environment; returns what /health/ tells."""
    started = []

    def start(**env):
        port = free_port()
        web = parts.web("127.0.0.1", port)
        started.append(live_db.start(replace(web, env={**web.env, **env})))
        url = f"http://127.0.0.1:{port}"
        told = []
        assert process.wait_for(lambda: _ask(url, told), seconds=30), live_db.said()
        return told[0]

    yield start
    for running in started:
        process.stop(running, parts.web("", 0).stop_steps)


def _ask(url, told):
    try:
        told.append(_health(url))
    except OSError:
        return False
    return True


def test_it_says_ok_when_every_part_answers(live_db):
    status, told = _health(live_db.url)
    assert status == 200
    assert told == {"status": "ok", "database": "ok", "broker": "ok", "storage": "ok", "workers": 0}


def test_it_says_which_part_is_broken(another_site, tmp_path):
    (tmp_path / "file").touch()
    status, told = another_site(
        REDIS_URL="redis://:a-secret@127.0.0.1:9/0", STORAGE_ROOT=str(tmp_path / "file" / "storage")
    )
    assert status == 503
    assert told["status"] == "broken"
    assert told["database"] == "ok"
    assert told["broker"].startswith("broken: ")
    assert told["storage"].startswith("broken: ")
    assert "a-secret" not in json.dumps(told)


@pytest.mark.slow
def test_it_says_so_when_the_database_is_gone(another_site):
    status, told = another_site(DATABASE_URL="postgres://u:a-secret@127.0.0.1:9/none")
    assert status == 503
    assert told["database"].startswith("broken: ")
    assert told["broker"] == told["storage"] == "ok"
    assert "a-secret" not in json.dumps(told)


@pytest.mark.slow
def test_it_counts_the_workers_that_live(live_db, worker):
    first = worker()
    worker(queue="publish")
    assert _health(live_db.url)[1]["workers"] == 2
    first.terminate()
    first.wait(30)
    assert _health(live_db.url)[1]["workers"] == 1
