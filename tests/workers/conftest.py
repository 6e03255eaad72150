"""Small programs run as jobs, for real, so that a test can say what a hostile one gets."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from workers.runner import Job, Limits, Outcome, Progress, run_job
from workers.sandbox import Programs, probe

MIB = 1024 * 1024
SMALL = Limits(wall_seconds=20, memory_bytes=256 * MIB, output_bytes=8 * MIB, processes=40)

PREFIX = """
import ctypes, errno, json, os, signal, socket, subprocess, sys, time

def finish(**found):
    told = {"format": 1, "kind": "hostile", "status": "ok", "failure": None, **found}
    with open("result.tmp", "w") as file:
        json.dump(told, file)
    os.rename("result.tmp", "result.json")

def attempt(action):
    try:
        return action()
    except OSError as error:
        return errno.errorcode[error.errno]
"""


@dataclass
class Lab:
    """Runs program text as a job of kind "hostile", with the work folder of one worker."""

    folder: Path
    told: list[Progress] = field(default_factory=list)

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def programs(self) -> Programs:
        return Programs({"hostile": "hostile_program"}, self.folder / "programs")

    def write(self, source: str) -> None:
        (self.folder / "programs").mkdir(exist_ok=True)
        text = PREFIX + textwrap.dedent(source)
        (self.folder / "programs" / "hostile_program.py").write_text(text)

    def run(
        self,
        source: str,
        *,
        limits: Limits = SMALL,
        should_stop: Callable[[], str | None] = lambda: None,
        spec: dict[str, Any] | None = None,
        **more: Any,
    ) -> Outcome:
        self.write(source)
        return run_job(
            Job("hostile", spec or {}, more.pop("inputs", ()), limits),
            work=self.work,
            on_progress=self.told.append,
            should_stop=should_stop,
            programs=self.programs,
            **more,
        )

    def saw(self, source: str, **more: Any) -> dict[str, Any]:
        """What the program found, after it ended well."""
        outcome = self.run(source, **more)
        assert outcome.status == "ok", (outcome.failure, outcome.log_tail)
        assert outcome.result is not None
        return outcome.result


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    found = probe()
    if not found.ok:
        pytest.skip(f"needs a sandbox: {found.reason} {found.fix}")
    lab = Lab(tmp_path)
    yield lab
    slots = list((lab.work / "slots").glob("*"))
    assert slots == [], "every slot is removed when its job is over"


def running_with(mark: str) -> list[int]:
    """Processes of this machine that have the mark in their arguments."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def gone_within(seconds: float, mark: str) -> bool:
    deadline = time.monotonic() + seconds
    while running_with(mark):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
