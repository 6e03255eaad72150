"""Runs one job: fetches its inputs, starts its program in a sandbox, watches, collects.

Whatever the program does, `run_job` returns an Outcome; it raises only when a callback raises or
the operator's own folder cannot be written.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from workers.failures import (
    Failure,
    RunFailed,
    no_sandbox,
    out_of_memory,
    sandbox_failure,
    timed_out,
)
from workers.folder import sweep_stale
from workers.inputs import Cache, InputError, InputFile, InputsStopped, checked_path
from workers.jobs import Job, Outcome, Progress
from workers.outputs import collect, measure
from workers.pool import WarmPool
from workers.reports import BadReport, ProgressReader, failure_of, read_result
from workers.sandbox import Availability, Limits, Programs, Sandbox, SandboxError, Setup, probe
from workers.sandbox.limits import GIB
from workers.sandbox.process import START_SECONDS

__all__ = ["Failure", "InputFile", "Job", "Limits", "Outcome", "Progress", "run_job", "sweep_stale"]

TICK = 1.0
WATCH = 0.25
CACHE_BYTES = 20 * GIB
NEEDS_NO_SANDBOX = frozenset({"check"})  # reads headers only, with code that we ship
MEMORY_SIGNS = re.compile(r"MemoryError|can't allocate memory|out of memory", re.IGNORECASE)


OnProgress = Callable[[Progress], None]
ShouldStop = Callable[[], str | None]


class _Stopped(Exception):
    """should_stop gave a reason."""


def run_job(
    job: Job,
    *,
    work: Path,
    on_progress: OnProgress,
    should_stop: ShouldStop,
    pool: WarmPool | None = None,
    programs: Programs | None = None,
    allow_unsandboxed: bool = False,
    availability: Availability | None = None,
    cache_bytes: int = CACHE_BYTES,
) -> Outcome:
    """Run a job to its end. `work` is a folder of this worker's own, kept between jobs.

    The callbacks are called about once a second, from this thread. Without a sandbox only checks
    run, unless `allow_unsandboxed`; `Outcome.sandbox` says which it was.
    """
    work = work.resolve()
    work.mkdir(parents=True, exist_ok=True, mode=0o700)
    outcome = Outcome("failed", None, None, work / "collected" / uuid.uuid4().hex)
    outcome.out.mkdir(parents=True)
    run = _Run(job, outcome, on_progress, should_stop, Cache(work / "cache", cache_bytes))
    try:
        found = availability or probe()
        setup = run.setup(work, programs or Programs(), found, allow_unsandboxed)
        run.fetch_inputs()
        run.start(setup, pool)
        run.place_inputs()
        run.watch()
        run.finish()
        outcome.status = "ok"
    except (_Stopped, InputsStopped) as stopped:
        outcome.status, outcome.reason = "cancelled", str(stopped)
    except RunFailed as failed:
        outcome.failure = failed.failure
    except InputError as error:
        outcome.failure = Failure("platform-error", error.message, error.where, error.next)
    except SandboxError as error:
        outcome.failure = sandbox_failure(str(error))
    except BaseException:
        outcome.discard()
        raise
    finally:
        run.end()
    return outcome


@dataclass
class _Run:
    job: Job
    outcome: Outcome
    on_progress: OnProgress
    should_stop: ShouldStop
    cache: Cache
    sandbox: Sandbox | None = None
    began: float = field(default_factory=time.monotonic)
    told: float = 0.0
    exit_code: int = 0

    def setup(
        self, work: Path, programs: Programs, found: Availability, allow_unsandboxed: bool
    ) -> Setup:
        if self.job.kind not in programs.modules:
            known = ", ".join(sorted(programs.modules))
            raise RunFailed("platform-error", f"No program runs {self.job.kind!r} jobs", known)
        if not found.ok and not allow_unsandboxed and self.job.kind not in NEEDS_NO_SANDBOX:
            raise no_sandbox(found.reason, found.fix)
        self.outcome.sandbox = found.backend
        return Setup(
            work=work,
            mode=found.mode,
            programs=programs,
            limits=self.job.limits,
            cuda=self.job.spec.get("device") == "cuda",
            threads=int(self.job.spec.get("threads", 1)),
        )

    def fetch_inputs(self) -> None:
        for file in self.job.inputs:
            checked_path(file)
            self._tell(Progress([], "", time.monotonic() - self.began, 0))
            self.cache.fetch(file, self.should_stop)

    def start(self, setup: Setup, pool: WarmPool | None) -> None:
        if pool:
            self.sandbox = pool.take(self.job.kind, cuda=setup.cuda, programs=setup.programs)
            self.outcome.started_warm = self.sandbox is not None
        if self.sandbox is None:
            self.sandbox = Sandbox(setup)
            if not self.sandbox.ready(START_SECONDS):
                raise SandboxError(self.sandbox.log.all_text().strip()[-500:] or "no answer")
        self.module = setup.programs.modules[self.job.kind]

    def place_inputs(self) -> None:
        assert self.sandbox is not None
        folder = self.sandbox.slot.job
        # A link is safe where in/ is read-only: then nothing can change the kept original.
        link = self.outcome.sandbox != "none"
        for file in self.job.inputs:
            self.cache.place(file, folder / "in", link=link, stop=self.should_stop)
            self._tell(Progress([], "", time.monotonic() - self.began, 0))
        spec = {"format": 1, "kind": self.job.kind, "seed": 0, "device": "cpu", "threads": 1}
        (folder / "spec.json").write_text(json.dumps(spec | self.job.spec), encoding="utf-8")
        (folder / "spec.json").chmod(0o644)

    def watch(self) -> None:
        """Until the program ends, breaks a limit, or is asked to stop."""
        assert self.sandbox is not None
        sandbox, limits = self.sandbox, self.job.limits
        progress = ProgressReader(sandbox.slot.job)
        self.began, ticked, wait = time.monotonic(), 0.0, 0.02
        sandbox.go(self.module, limits)
        self.outcome.max_rss = sandbox.usage(limits.memory_bytes).resident_bytes
        try:
            while not sandbox.wait(wait):
                wait = min(WATCH, wait * 2)
                seconds = time.monotonic() - self.began
                resident = self._check_usage(sandbox, limits)
                if seconds > limits.wall_seconds:
                    raise timed_out(limits)
                if seconds - ticked >= TICK:
                    ticked = seconds
                    self._check_output(sandbox, limits)
                    self.told = 0.0
                    log = sandbox.log.fresh()
                    self._tell(Progress(progress.new_lines(), log, seconds, resident))
        finally:
            self.outcome.seconds = time.monotonic() - self.began
        self.exit_code = sandbox.process.returncode
        self._end_sandbox()
        log = sandbox.log.fresh(last=True)
        self.on_progress(Progress(progress.new_lines(), log, self.outcome.seconds, 0))

    def _tell(self, progress: Progress) -> None:
        if time.monotonic() - self.told < TICK:
            return
        self.told = time.monotonic()
        self.on_progress(progress)
        reason = self.should_stop()
        if reason:
            raise _Stopped(reason)

    def _check_usage(self, sandbox: Sandbox, limits: Limits) -> int:
        used = sandbox.usage(limits.memory_bytes)
        self.outcome.max_rss = max(self.outcome.max_rss, used.resident_bytes)
        if used.resident_bytes > limits.memory_bytes or self._cgroup_ran_out():
            raise out_of_memory(limits)
        if used.tasks > 2 * limits.processes:  # where the kernel's own limit does not hold
            raise RunFailed(
                "bad-input",
                f"The run started more than {limits.processes} processes and threads",
                "processes",
                "Use fewer data loader workers and threads.",
            )
        return used.resident_bytes

    def _cgroup_ran_out(self) -> bool:
        return bool(
            self.sandbox and self.sandbox.cgroup and self.sandbox.cgroup.ran_out_of_memory()
        )

    def _check_output(self, sandbox: Sandbox, limits: Limits) -> None:
        problem = measure(sandbox.slot.job, limits.output_bytes).problem
        if problem:
            raise RunFailed(
                "bad-input", problem, "the job folder", "Write less, or raise the limit."
            )

    def _end_sandbox(self) -> None:
        """Nothing in the folder is believed or taken before all processes are dead."""
        assert self.sandbox is not None
        if self.sandbox.cgroup:
            self.outcome.max_rss = max(self.outcome.max_rss, self.sandbox.cgroup.peak_bytes())
        self.sandbox.kill()
        self.sandbox.slot.job.chmod(0o755)  # a job can forbid even its owner to look
        self.sandbox.log.wait_end(5)
        self.outcome.log_tail = self.sandbox.log.tail()

    def finish(self) -> None:
        assert self.sandbox is not None
        folder, limits = self.sandbox.slot.job, self.job.limits
        self._check_output(self.sandbox, limits)
        try:
            result = read_result(folder, self.job.kind)
            if result is None:
                raise self._vanished()
            if result["status"] == "failed":
                told = failure_of(result)
                self.outcome.result = result
                raise RunFailed(told.class_, told.message, told.where, told.next)
            if self.exit_code != 0:
                raise BadReport(f"it says ok, but the program ended with {self.exit_code}")
        except BadReport as error:
            raise RunFailed(
                "scoring-error",
                f"The program's result cannot be used: {error}",
                "result.json",
                "Run it again; if it comes back, report it with the log.",
            ) from None
        self.outcome.result = result
        notes = collect(folder, self.outcome.out, limits.output_bytes)
        self.outcome.log_tail += "".join(f"{note}\n" for note in notes)

    def _vanished(self) -> RunFailed:
        last = self.outcome.log_tail.strip().splitlines()[-1:] or ["it printed nothing"]
        if self._cgroup_ran_out() or MEMORY_SIGNS.search(self.outcome.log_tail[-4000:]):
            return out_of_memory(self.job.limits)
        return RunFailed(
            "platform-error",
            f"The program ended with {self.exit_code} and left no result: {last[0][:500]}",
            f"{self.module}",
            "The log has the details; run it again, and report it if it comes back.",
        )

    def end(self) -> None:
        if self.sandbox is None:
            return
        try:
            self.sandbox.kill()
            if not self.outcome.log_tail:
                self.sandbox.log.wait_end(2)
                self.outcome.log_tail = self.sandbox.log.tail()
        finally:
            self.sandbox.discard()
