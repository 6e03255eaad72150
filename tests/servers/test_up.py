"""`manage.py up`, run as an operator runs it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import psutil
import pytest

from registry.servers import process, stack
from registry.servers.errors import ServerError
from registry.servers.layout import Layout
from registry.servers.redis import free_port

pytestmark = pytest.mark.slow

# Empty is unset: the site under test brings its own servers.
OWN_SERVERS = dict.fromkeys(
    ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "HUB_TOKEN_PUBLIC_KEY", "SITE_URL"), ""
)
ONLY_WEB = {"cpu": 0, "check": 0, "publish": 0}


@pytest.fixture(scope="module")
def var():
    with tempfile.TemporaryDirectory(prefix="cw-", dir="/tmp") as folder:
        os.chmod(folder, 0o711)
        yield Path(folder)


@pytest.fixture
def site(var):
    started = stack.start(var, port=free_port(), workers=ONLY_WEB, env=OWN_SERVERS)
    yield started
    started.stop()


def _manage(var, *command):
    return subprocess.run(
        [sys.executable, "manage.py", *command, "--var", str(var)],
        cwd=stack.ROOT,
        env={**os.environ, **OWN_SERVERS},
        capture_output=True,
        text=True,
        timeout=60,
    )


def _family(started):
    parent = psutil.Process(started.process.pid)
    return [parent, *parent.children(recursive=True)]


def _all_gone(processes, seconds=20):
    return process.wait_for(lambda: not any(_alive(p) for p in processes), seconds=seconds)


def _alive(p):
    try:
        return p.is_running() and p.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_it_serves_on_servers_of_its_own(site):
    with urllib.request.urlopen(f"{site.url}/health/", timeout=10) as answer:
        assert json.load(answer)["status"] == "ok"
    names = {p.name() for p in _family(site)}
    assert {"postgres", "redis-server"} <= names


@pytest.mark.slow
def test_a_web_process_is_small_and_has_no_torch(site):
    web = [p for p in _family(site) if "gunicorn" in p.cmdline()]
    assert len(web) == 3  # one that starts the others, two that answer
    for process_ in web:
        assert process_.memory_info().rss < 150_000_000
        assert not any("torch" in mapped.path for mapped in process_.memory_maps())


def test_a_second_one_on_the_same_folder_says_where_the_first_one_is(site, var):
    second = _manage(var, "up", "--port", str(free_port()))
    assert second.returncode != 0
    assert f"already running with {var} at {site.url}" in second.stderr
    assert "Traceback" not in second.stderr
    assert stack.running_at(var) == site.url
    site.stop()
    assert stack.running_at(var) == ""


def test_ctrl_c_leaves_no_process_behind(site):
    family = _family(site)
    assert len(family) > 5
    site.process.send_signal(signal.SIGINT)
    assert site.process.wait(30) == 0
    assert _all_gone(family, seconds=2)


@pytest.mark.slow
def test_it_comes_back_after_everything_was_killed_at_once(var, site):
    family = _family(site)
    site.process.kill()
    site.process.wait()
    assert _all_gone(family), [p for p in family if _alive(p)]
    again = stack.start(var, port=free_port(), workers=ONLY_WEB, env=OWN_SERVERS)
    assert stack.answers(f"{again.url}/health/")
    again.stop()


@pytest.mark.slow
def test_it_restarts_what_crashed(site, var):
    pids = Layout(var).pids
    for name in ("web", "redis", "postgres"):
        pid = int((pids / name).read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        assert process.wait_for(
            lambda name=name, pid=pid: (
                (pids / name).exists()
                and (pids / name).read_text().split()[:1] not in ([], [str(pid)])
                and stack.answers(f"{site.url}/health/")
            ),
            seconds=30,
            every=0.1,
        ), site.log.read_text()


def test_a_taken_port_is_one_clear_line(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        refused = _manage(tmp_path, "up", "--port", str(port))
    assert refused.returncode == 1
    assert f"port {port} on 127.0.0.1 cannot be used" in refused.stderr
    assert "--port N" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


@pytest.mark.slow
def test_data_of_another_version_is_not_touched(var, site):
    site.stop()
    path = Layout(var).fingerprint
    before = path.read_text()
    told = json.loads(before)
    told["migrations"]["registry.0001_initial"] = "of another time"
    path.write_text(json.dumps(told))
    try:
        with pytest.raises(ServerError, match=r"another version of Commonweight.*make reset"):
            stack.start(var, port=free_port(), workers=ONLY_WEB, env=OWN_SERVERS)
    finally:
        path.write_text(before)


@pytest.mark.slow
def test_reset_refuses_a_running_site_and_deletes_a_stopped_one(site, var):
    reset = [sys.executable, "-m", "registry.servers.reset", str(var)]
    running = subprocess.run(reset, cwd=stack.ROOT, capture_output=True, text=True)
    assert running.returncode == 1
    assert "stop it first" in running.stdout
    site.stop()
    assert subprocess.run(reset, cwd=stack.ROOT, capture_output=True).returncode == 0
    assert not var.exists()
    var.mkdir(mode=0o711)
