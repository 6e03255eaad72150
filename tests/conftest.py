"""One embedded PostgreSQL and Redis for the whole run, and real servers for those who ask.

The first pytest process starts them; the processes of `-n` get their addresses by environment and
use a database and a Redis number of their own. Nothing connects beyond this machine.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path

import pytest

# Read at import time by the Hub client: whoever forgets an address must not find the real Hub.
os.environ.update(
    HF_ENDPOINT="http://127.0.0.1:9",
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HUB_DISABLE_UPDATE_CHECK="1",
    HF_HUB_DISABLE_XET="1",
    HF_HUB_DISABLE_PROGRESS_BARS="1",
    OMP_NUM_THREADS="1",
    TOKENIZERS_PARALLELISM="false",
)
for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
    os.environ.pop(name, None)

from registry.servers.layout import OWNER_ROLE, Layout  # noqa: E402
from registry.servers.postgres import UNSAFE_BUT_FAST, Postgres  # noqa: E402
from registry.servers.redis import Redis  # noqa: E402

pytest_plugins = ["tests.running", "tests.browser", "tests.trained"]
_started: list[Postgres | Redis | Layout] = []


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        _start_servers()
        if config.getoption("numprocesses", None):
            # Runs no test itself, and must not hand on settings that it has read.
            os.environ.pop("DJANGO_SETTINGS_MODULE", None)
            return
    root = Path(os.environ["COMMONWEIGHT_TEST_ROOT"])
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw-1").removeprefix("gw")) + 1
    own = root / f"process{number}"
    own.mkdir(exist_ok=True)
    os.environ.update(
        COMMONWEIGHT_VAR=str(own),
        HF_HOME=str(own / "hf"),
        DATABASE_URL=Layout(root).database_url(OWNER_ROLE),
        HUB_TOKEN_PUBLIC_KEY=Layout(root).hub_token_public_key(),
        REDIS_URL=Layout(root).redis_url(number),
        SECRET_KEY="only-for-tests-" + "0123456789" * 4,
        DJANGO_SETTINGS_MODULE="registry.config.settings",
    )
    sys.addaudithook(_refuse_the_internet)
    # pytest-django looks for settings before this file is read: it must be told here.
    import django

    django.setup()
    from django.contrib.auth.hashers import PBKDF2PasswordHasher

    # A hash tells its own number of rounds: sites that tests start can check what is hashed here.
    PBKDF2PasswordHasher.iterations = 1


def pytest_unconfigure(config: pytest.Config) -> None:
    for started in reversed(_started):
        if isinstance(started, Layout):
            shutil.rmtree(started.postgres, ignore_errors=True)
            shutil.rmtree(started.var, ignore_errors=True)
        else:
            started.stop()
    _started.clear()


def _start_servers() -> None:
    # In /tmp, which an account without rights can pass; short, because sockets need it.
    root = Path(tempfile.mkdtemp(prefix="cw-test-", dir="/tmp"))
    root.chmod(0o711)
    os.environ["COMMONWEIGHT_TEST_ROOT"] = str(root)
    layout = Layout(root)
    _started.append(layout)
    for server in (Postgres(layout, UNSAFE_BUT_FAST), Redis(layout)):
        server.start()
        _started.append(server)


def _refuse_the_internet(event: str, details: tuple[object, ...]) -> None:
    if event == "socket.connect":
        connection, address = details
        if getattr(connection, "family", None) != socket.AF_UNIX and isinstance(address, tuple):
            _refuse_unless_local(str(address[0]))
    elif event == "socket.getaddrinfo" and details[0]:
        _refuse_unless_local(str(details[0]))


def _refuse_unless_local(host: str) -> None:
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost" or host.endswith(".localhost")
    # 0.0.0.0 and :: are what a server listens on.
    if not local and host not in ("0.0.0.0", "::", socket.gethostname()):
        raise RuntimeError(f"a test tried to reach {host}: tests use this machine only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of `-n` processes each begins with a share of the slow tests, so that none comes last."""
    processes = getattr(config, "workerinput", {}).get("workercount", 1)
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("slow"):
            files.setdefault(item.path, []).append(item)
    shares: list[list[pytest.Item]] = [[] for _ in range(processes)]
    for tests in sorted(files.values(), key=len, reverse=True):
        min(shares, key=len).extend(tests)
    quick = [item for item in items if not item.get_closest_marker("slow")]
    # pytest-xdist cuts the list into as many equal pieces.
    ordered, each = [], len(items) // processes
    for share in shares:
        more = max(0, each - len(share))
        ordered += share + quick[:more]
        del quick[:more]
    items[:] = ordered + quick


@pytest.fixture(autouse=True)
def _no_ranking_is_kept():
    """Rows that a test rolls back must not stay in what this process remembers of a track."""
    yield
    if known := sys.modules.get("contributions.services.track_ranking"):
        known.kept.clear()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many cases were tried, for those who ask (tests/counts.py)."""
    from tests import counts

    if found := counts.totals():
        terminalreporter.section("counted")
        for name, number in sorted(found.items()):
            terminalreporter.line(f"{name}: {number}")


# --- nothing is skipped where COMMONWEIGHT_NO_SKIP is set (CI) -------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    report = yield
    if report.failed and (site := item.funcargs.get("live_db")):
        report.sections.append(("the site's log during this test", site.said()))
    return _not_skipped(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):
    report = yield
    return _not_skipped(report)


def _not_skipped(report):
    if report.skipped and os.environ.get("COMMONWEIGHT_NO_SKIP"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which is not allowed here: {report.longrepr}"
    return report
