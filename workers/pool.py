"""Sandboxes that have imported torch before their job exists.

Importing costs seconds, so a few sandboxes do it in advance and wait. Each serves one job and is
thrown away; where none is ready, a job starts cold with the same walls.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import threading
import time
from collections import deque
from pathlib import Path

from workers.sandbox import Limits, Programs, Sandbox, SandboxError, Setup, probe

log = logging.getLogger(__name__)

# The names that training uses: touching them runs the lazy imports, which are most of the cost.
PRELOAD = (
    "torch",
    "safetensors.torch",
    "transformers:AutoModelForSequenceClassification",
    "transformers:AutoModelForTokenClassification",
    "transformers:AutoModelForImageClassification",
    "transformers:AutoTokenizer",
    "transformers:AutoImageProcessor",
    "transformers:BertForSequenceClassification",
    "transformers:DistilBertForSequenceClassification",
    "transformers:PreTrainedTokenizerFast",
    "peft:PeftModel",
    "pyarrow.parquet",
    "scipy.stats",
    "sklearn.metrics",
    "workers.training.spec",
    "workers.training.model",
    "workers.training.scoring",
)
READY_SECONDS = 90.0  # 5 alone; much longer at low priority on a busy machine
HOURS_4 = 4 * 3600.0
LONGEST_PAUSE = 600.0
NICE = 10
NEEDS_TORCH = frozenset({"finetune", "benchmark", "merge", "attribute"})


def default_size() -> int:
    """None on a machine with little memory; one for each four cores, 0.5 GiB each."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if memory < 4 * 2**30:
        return 0
    return max(1, min(4, (os.cpu_count() or 1) // 4))


@dataclasses.dataclass(frozen=True)
class _Warm:
    sandbox: Sandbox
    born: float


class WarmPool:
    """Make it in the process that runs the jobs, after any fork, and close it at the end."""

    def __init__(
        self,
        work: Path,
        *,
        size: int | None = None,
        preload: tuple[str, ...] = PRELOAD,
        programs: Programs | None = None,
        kinds: frozenset[str] = NEEDS_TORCH,
        cuda: bool = False,
        threads: int = 1,
        max_age: float = HOURS_4,
        ready_within: float = READY_SECONDS,
    ) -> None:
        self.size = default_size() if size is None else size
        self.kinds = kinds
        self.cuda = cuda
        self.programs = programs or Programs()
        self.last_error = ""
        self._max_age = max_age
        self._ready_within = ready_within
        self._ready: deque[_Warm] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._setup = Setup(
            work=work,
            mode=probe().mode,
            programs=self.programs,
            limits=Limits(),
            preload=preload,
            cuda=cuda,
            threads=threads,
            # the job is raised again at go, which only root may do
            nice=NICE if os.geteuid() == 0 else 0,
        )
        # The kernel kills a sandbox with the thread that started it: one thread starts them all.
        self._thread = threading.Thread(target=self._keep_full, name="warm pool", daemon=True)
        if self.size > 0 and probe().ok:
            self._thread.start()

    def take(self, kind: str, *, cuda: bool, programs: Programs) -> Sandbox | None:
        """A ready sandbox, now yours to discard; None when a cold one has to do."""
        if kind not in self.kinds or cuda != self.cuda or programs != self.programs:
            return None
        with self._changed:
            while self._ready:
                warm = self._ready.popleft()
                self._changed.notify_all()
                if warm.sandbox.process.poll() is None and not self._too_old(warm):
                    return warm.sandbox
                _discard(warm.sandbox)
        return None

    def wait_ready(self, seconds: float) -> bool:
        with self._changed:
            return bool(self._changed.wait_for(lambda: self._ready, seconds))

    def close(self) -> None:
        """Also ends the jobs that run in sandboxes of this pool."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(self._ready_within + 15)
        while self._ready:
            _discard(self._ready.popleft().sandbox)

    def __enter__(self) -> WarmPool:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def _keep_full(self) -> None:
        pause = 1.0
        while not self._closing:
            self._drop_old()
            if len(self._ready) < self.size:
                sandbox = self._warm_one()
                pause = 1.0 if sandbox else min(pause * 2, LONGEST_PAUSE)
                with self._changed:
                    if sandbox:
                        self._ready.append(_Warm(sandbox, time.monotonic()))
                        self._changed.notify_all()
                    elif not self._closing:
                        self._changed.wait(pause)
            else:
                with self._changed:
                    if not self._closing and len(self._ready) >= self.size:
                        self._changed.wait(min(60.0, self._max_age))

    def _warm_one(self) -> Sandbox | None:
        sandbox: Sandbox | None = None
        try:
            sandbox = Sandbox(self._setup)
            deadline = time.monotonic() + self._ready_within
            while not self._closing and time.monotonic() < deadline:
                if sandbox.ready(0.2):
                    return sandbox
                if sandbox.process.poll() is not None:
                    break
            self.last_error = sandbox.log.all_text()[-500:] or "it was not ready in time"
        except (SandboxError, OSError) as error:
            self.last_error = str(error)
        if not self._closing:
            log.warning("a warm sandbox could not be made: %s", self.last_error)
        if sandbox:
            _discard(sandbox)
        return None

    def _drop_old(self) -> None:
        with self._changed:
            old = [warm for warm in self._ready if self._too_old(warm)]
            for warm in old:
                self._ready.remove(warm)
        for warm in old:
            _discard(warm.sandbox)

    def _too_old(self, warm: _Warm) -> bool:
        return time.monotonic() - warm.born > self._max_age


def _discard(sandbox: Sandbox) -> None:
    try:
        sandbox.discard()
    except (SandboxError, OSError) as error:
        log.warning("a warm sandbox could not be removed: %s", error)
