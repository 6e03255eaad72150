"""One sandbox: started, told what to do once, watched, killed as a whole."""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import signal
import subprocess
import sys
from pathlib import Path

from workers.folder import Slot
from workers.sandbox import command as commands
from workers.sandbox.limits import Cgroup, Limits, Usage, descendants, usage
from workers.sandbox.log import Log
from workers.sandbox.seccomp import filter_bytes
from workers.sandbox.setup import Setup

LAUNCHER = Path(__file__).with_name("launch.py")
STUB = commands.WORKERS / "warm.py"
# No system gives these numbers to an account; one for each slot, so jobs cannot meet in one.
FIRST_UID, LAST_UID = 1_879_048_192, 2_147_000_000
DEATH_SECONDS = 10.0
START_SECONDS = 60.0  # a busy machine takes long to load what a sandbox preloads


class SandboxError(Exception):
    """The sandbox did not start or did not end; the text says what the system answered."""


class Sandbox:
    """Started by a thread that outlives it: the kernel kills it when that thread ends."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        own_account = setup.mode == "own-account"
        uid = random.SystemRandom().randint(FIRST_UID, LAST_UID) if own_account else None
        self.slot = Slot.create(setup.work, uid)
        self.cgroup = Cgroup.create(self.slot.path.name)
        if self.cgroup:
            self.cgroup.hold(setup.limits)
        self._gone = False
        self.init: int | None = None  # pidfd of PID 1 in the sandbox: when it ends, all has ended
        try:
            self._start()
        except BaseException:
            self.discard()
            raise

    def _start(self) -> None:
        with _Pipes() as pipes:
            command = self._command(pipes)
            order = {
                "command": command.arguments,
                "sources": command.sources,
                "cgroups": [str(self.cgroup.procs)] if self.cgroup else [],
                "uid": self.slot.owner,
                "parent": os.getpid(),
                "nice": self.setup.nice,
                "environment": self._bare_environment(),
            }
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(LAUNCHER), json.dumps(order)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                bufsize=0,
                env={},  # what PID 1 was started with can be read in the sandbox
                cwd="/",
                pass_fds=pipes.inside,
                start_new_session=True,
            )
            pipes.close_inside()
            self.log = Log(self.process.stdout, self.setup.limits.log_bytes)
            if self.setup.mode != "none":
                self.init = self._find_init(pipes.info)

    def _command(self, pipes: _Pipes) -> commands.Command:
        if self.setup.mode == "none":
            return commands.Command(
                self._program(str(commands.PROJECT), self.setup.programs.folder)
            )
        binary = commands.bubblewrap()
        if binary is None:
            raise SandboxError("bubblewrap is not installed")
        return commands.sandboxed(
            self.slot.job,
            self._program(commands.APP, Path(commands.PROGRAMS)),
            binary=binary,
            private=[self.setup.work],
            programs=self.setup.programs.folder,
            environment=self.setup.environment("/tmp"),  # noqa: S108  its own
            cuda=self.setup.cuda,
            descriptors={
                "--info-fd": pipes.open_info(),
                "--seccomp": pipes.open_filter(filter_bytes(cuda=self.setup.cuda)),
            },
        )

    def _program(self, root: str, extra: Path | None) -> list[str]:
        stub = f"{commands.APP}/workers/warm.py" if self.setup.mode != "none" else str(STUB)
        path = [root] if extra is None else [root, str(extra)]
        setup = {"path": path, "preload": self.setup.preload}
        return [sys.executable, "-P", "-s", "-B", stub, json.dumps(setup)]

    def _bare_environment(self) -> dict[str, str]:
        if self.setup.mode != "none":
            return {}
        tmp = self.slot.path / "tmp"
        tmp.mkdir(exist_ok=True)
        return self.setup.environment(str(tmp))

    def _find_init(self, info: int) -> int | None:
        text = b""
        while select.select([info], [], [], START_SECONDS)[0]:
            piece = os.read(info, 4096)
            if not piece:
                break
            text += piece
        try:
            return os.pidfd_open(json.loads(text)["child-pid"])
        except ProcessLookupError:
            return None  # already over
        except ValueError:
            raise SandboxError(self._last_words()) from None

    def _last_words(self) -> str:
        # What the system answered may still be in the pipe when the process has ended.
        self.log.wait_end(DEATH_SECONDS)
        return self.log.all_text().strip()[-500:] or "no answer"

    @property
    def folder(self) -> str:
        """The job folder as the program sees it."""
        return str(self.slot.job) if self.setup.mode == "none" else commands.JOB

    def ready(self, seconds: float) -> bool:
        return self.log.wait_ready(seconds)

    def go(self, module: str, limits: Limits) -> None:
        """One line, once. From now on the process says whatever it wants."""
        if self.cgroup:
            self.cgroup.hold(limits)
        if self.setup.nice:
            self._stop_being_nice()
        order = {"module": module, "folder": self.folder, "limits": self._rlimits(limits)}
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended, which the watch will see
            self.process.stdin.write(json.dumps(order).encode() + b"\n")
            self.process.stdin.close()

    def _stop_being_nice(self) -> None:
        own = os.getpriority(os.PRIO_PROCESS, 0)
        for pid in descendants(self.process.pid):
            with contextlib.suppress(OSError):
                for thread in os.listdir(f"/proc/{pid}/task"):
                    os.setpriority(os.PRIO_PROCESS, int(thread), own)

    def _rlimits(self, limits: Limits) -> dict[str, int]:
        found = {
            "RLIMIT_CORE": 0,
            "RLIMIT_NOFILE": 1024,
            "RLIMIT_FSIZE": limits.output_bytes,
            "RLIMIT_CPU": int(limits.wall_seconds * (os.cpu_count() or 1)) + 60,
        }
        if not self.setup.cuda:  # CUDA maps more than it uses
            found["RLIMIT_DATA"] = limits.memory_bytes
        if self.setup.mode != "none":  # outside a user namespace it counts the account's others
            found["RLIMIT_NPROC"] = limits.processes
        return found

    def usage(self, limit: int) -> Usage:
        return usage(self.process.pid, limit)

    def wait(self, seconds: float) -> bool:
        """True when the main program has ended."""
        try:
            self.process.wait(max(seconds, 0.001))
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """Everything in it, also what left the session; returns when it is gone."""
        if self._gone:
            return
        alive = self.process.poll() is None
        # Without a sandbox there is no PID namespace; what was orphaned before is not found.
        below = descendants(self.process.pid) if self.setup.mode == "none" and alive else []
        if self.cgroup:
            self.cgroup.kill()
        if self.init is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.init, signal.SIGKILL)
        if alive:
            self.process.kill()
        for pid in below[1:]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._await_death()
        self._gone = True

    def _await_death(self) -> None:
        try:
            self.process.wait(DEATH_SECONDS)
        except subprocess.TimeoutExpired:
            raise SandboxError("the sandbox does not end after SIGKILL") from None
        if self.init is not None:
            if not select.select([self.init], [], [], DEATH_SECONDS)[0]:
                raise SandboxError("processes in the sandbox do not end after SIGKILL")
            os.close(self.init)
            self.init = None

    def discard(self) -> None:
        """Kill what is left and remove every trace."""
        try:
            if hasattr(self, "process"):
                self.kill()
                if self.process.stdin:
                    self.process.stdin.close()
                if hasattr(self, "log"):
                    self.log.close()
        finally:
            if self.cgroup:
                self.cgroup.remove()
            self.slot.remove()


class _Pipes:
    """The two descriptors that bubblewrap itself reads and writes; it closes both before exec."""

    def __init__(self) -> None:
        self.inside: list[int] = []
        self.info = -1

    def __enter__(self) -> _Pipes:
        return self

    def open_info(self) -> int:
        self.info, inner = os.pipe()
        self.inside.append(inner)
        return inner

    def open_filter(self, program: bytes) -> int:
        inner, outer = os.pipe()
        self.inside.append(inner)
        os.write(outer, program)  # far below the size of a pipe
        os.close(outer)
        return inner

    def close_inside(self) -> None:
        for number in self.inside:
            os.close(number)
        self.inside.clear()

    def __exit__(self, *details: object) -> None:
        self.close_inside()
        if self.info >= 0:
            os.close(self.info)
