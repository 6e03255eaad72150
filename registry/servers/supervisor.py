"""Everything that makes a site, in order, under one supervisor.

    servers -> migrate -> web -> workers -> beat          and back again when it stops

`Supervisor` is what `manage.py up` runs; `stack.start` runs one beside a program.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from registry.servers import fingerprint, parts, process
from registry.servers.errors import AlreadyRunning, ServerError
from registry.servers.layout import OWNER_ROLE, Layout, write_private
from registry.servers.output import Output
from registry.servers.postgres import Postgres
from registry.servers.redis import Redis

ROOT = fingerprint.ROOT
DEFAULT_WORKERS: Mapping[str, int] = {"cpu": 1, "check": 1, "publish": 1}
_LONGEST_PAUSE = 30.0
_STEADY_SECONDS = 60.0


@dataclass
class _Running:
    part: parts.Part
    process: subprocess.Popen[bytes]
    since: float = field(default_factory=time.monotonic)


@dataclass
class _Waiting:
    part: parts.Part
    until: float


class Supervisor:
    def __init__(
        self,
        var: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 8000,
        workers: Mapping[str, int] = DEFAULT_WORKERS,
        output: Output | None = None,
    ) -> None:
        self.layout = Layout(var.resolve())
        self.host, self.port, self.workers = host, port, dict(workers)
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104
        self.url = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"
        self.output = output or Output()
        self._servers: list[Postgres | Redis] = []
        self._running: list[_Running] = []
        self._waiting: list[_Waiting] = []
        self._pauses: dict[str, float] = {}
        self._stopping = False

    # --- the whole life ------------------------------------------------------------------

    def run(self, *, when_ready: Callable[[], None] = lambda: None) -> None:
        """Starts everything and returns when it was told to stop (SIGINT, SIGTERM)."""
        with self._only_one():
            self._refuse_taken_port()
            try:
                with self._signals():
                    self._start(when_ready)
                    while not self._stopping:
                        self._restart_what_ended()
                        time.sleep(0.2)
            finally:
                self._stop()

    def say(self, line: str) -> None:
        self.output.say("up", line)

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        """The lock belongs to this process and vanishes with it, however it ends."""
        try:
            self.layout.var.mkdir(parents=True, exist_ok=True)
            lock = self.layout.lock.open("a")
        except OSError as error:
            raise ServerError(
                f"cannot write to {self.layout.var} ({error.strerror}): choose another folder "
                "with --var DIR"
            ) from error
        with lock:
            if not take(lock):
                raise AlreadyRunning(str(self.layout.var), self.layout.site_url())
            yield

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(number: int, _frame: object) -> None:
            if not self._stopping:
                self._stopping = True
                self.say("stopping")

        numbers = [signal.SIGINT, signal.SIGTERM]
        # `nohup` ignores it, to outlive the terminal.
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            numbers.append(signal.SIGHUP)
        for number in numbers:
            signal.signal(number, stop)
        try:
            yield
        finally:
            # The stop itself is not to be interrupted by a second Ctrl-C.
            for number in numbers:
                signal.signal(number, signal.SIG_IGN)

    def _refuse_taken_port(self) -> None:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                raise ServerError(
                    f"port {self.port} on {self.host} cannot be used ({error.strerror}): stop the "
                    "program that uses it or choose another one: `manage.py up --port N` or "
                    "`make run PORT=N`"
                ) from error

    # --- starting ------------------------------------------------------------------------

    def _start(self, when_ready: Callable[[], None]) -> None:
        for name in process.end_leftovers(self.layout.pids):
            self.say(f"ended {name}, left over by an `up` that was killed")
        self._start_servers()
        self._migrate()
        told = {"url": self.url, "pid": os.getpid(), "var": str(self.layout.var)}
        write_private(self.layout.up, json.dumps(told))
        web, *others = self.chosen_parts()
        self._launch(web)
        # People come first: on few cores the workers' imports would slow the first page down.
        if not self._wait_until_ready():
            return
        self.say(f"ready: {self.url}")
        for part in others:
            self._launch(part)
        when_ready()

    def _start_servers(self) -> None:
        if not os.environ.get("DATABASE_URL"):
            database = Postgres(self.layout)
            self._servers.append(database)
            database.start()
            for message in database.messages:
                self.say(message)
        if not os.environ.get("REDIS_URL"):
            broker = Redis(self.layout)
            self._servers.append(broker)
            broker.start()

    def _migrate(self) -> None:
        embedded = not os.environ.get("DATABASE_URL")
        if embedded and fingerprint.check(self.layout):
            return
        self.say("preparing the database")
        done = self.manage("migrate", "--no-input", "--verbosity", "0", DATABASE_ROLE=OWNER_ROLE)
        if done.returncode:
            raise ServerError(f"the database could not be prepared:\n{done.stdout.strip()[-2000:]}")
        if embedded:
            fingerprint.record(self.layout)

    def manage(self, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Runs one management command beside the site, with its output captured."""
        return subprocess.run(
            [sys.executable, "-m", "django", *command],
            env={**self.env(), **env},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        )

    def env(self) -> dict[str, str]:
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "registry.config.settings",
            "COMMONWEIGHT_VAR": str(self.layout.var),
            "SITE_URL": os.environ.get("SITE_URL") or self.url,
            "PYTHONUNBUFFERED": "1",
        }
        env.pop(parts.HUB_TOKEN_PRIVATE_KEY, None)
        return env

    def chosen_parts(self) -> list[parts.Part]:
        chosen = [parts.web(self.host, self.port)]
        if self.workers.get("cpu"):
            if not parts.can_train():
                self.say(
                    "torch is not installed: workers check contributions but cannot train or "
                    "measure them; install it with `pip install 'commonweight[workers]'`"
                )
            chosen.append(parts.worker("general", concurrency=self.workers["cpu"]))
        if self.workers.get("check"):
            # Checks take a second and must not wait behind a training; they load no torch.
            env = {"WARM_SANDBOXES": "0"}
            chosen.append(parts.worker("check", concurrency=self.workers["check"], env=env))
        for number in range(self.workers.get("gpu", 0)):
            chosen.append(parts.gpu_worker(number))
        if self.workers.get("publish"):
            key = os.environ.get(parts.HUB_TOKEN_PRIVATE_KEY)
            key = key or self.layout.hub_token_private_key()
            chosen.append(parts.publisher(key, concurrency=self.workers["publish"]))
        if len(chosen) > 1:
            chosen.append(parts.beat(str(self.layout.var)))
        return chosen

    def _launch(self, part: parts.Part) -> None:
        child = process.spawn(
            part.command,
            env={**self.env(), **part.env},
            output=subprocess.PIPE,
            cwd=ROOT,
            parent_death_signal=part.parent_death_signal,
        )
        process.remember(self.layout.pids, part.name, child.pid)
        assert child.stdout is not None
        self.output.follow(part.name, child.stdout)
        self._running.append(_Running(part, child))

    def _wait_until_ready(self) -> bool:
        web = self._running[0].process
        process.wait_for(
            lambda: self._stopping or web.poll() is not None or answers(f"{self.url}/health/"),
            seconds=60,
            every=0.1,
        )
        if web.poll() is not None and not self._stopping:
            raise ServerError("the web server did not start; the lines marked `web` say why")
        return not self._stopping

    # --- running -------------------------------------------------------------------------

    def _restart_what_ended(self) -> None:
        for server in self._servers:
            if server.running is not None and server.running.poll() is not None:
                self.say(f"{type(server).__name__} ended with {server.running.returncode}: again")
                server.start()
        for running in [r for r in self._running if r.process.poll() is not None]:
            self._running.remove(running)
            process.stop(running.process, ())
            name, code = running.part.name, running.process.returncode
            steady = time.monotonic() - running.since > _STEADY_SECONDS
            pause = 1.0 if steady else min(_LONGEST_PAUSE, self._pauses.get(name, 0.5) * 2)
            self._pauses[name] = pause
            self.say(f"{name} ended with {code}, starts again in {pause:.0f} s")
            self._waiting.append(_Waiting(running.part, time.monotonic() + pause))
        for waiting in [w for w in self._waiting if w.until <= time.monotonic()]:
            self._waiting.remove(waiting)
            self._launch(waiting.part)

    # --- stopping ------------------------------------------------------------------------

    def _stop(self) -> None:
        """Everything that uses the servers first, all at once; the servers last."""
        process.stop_all([(r.process, r.part.stop_steps) for r in reversed(self._running)])
        for running in self._running:
            process.forget(self.layout.pids, running.part.name)
        for server in reversed(self._servers):
            server.stop()
        self._running.clear()
        self.layout.up.unlink(missing_ok=True)
        self.say("stopped")


def take(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310
            return True
    except (OSError, urllib.error.URLError):
        return False
