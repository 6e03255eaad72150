"""Nothing outlives its job, and no job outlives its runner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from tests.workers.conftest import Lab, gone_within, running_with
from workers.folder import sweep_stale
from workers.runner import Limits

pytestmark = pytest.mark.slow

GRANDCHILD = """
    for _ in range(2):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                sleep = "import time; time.sleep(60)"
                os.execv(sys.executable, [sys.executable, "-c", sleep, {mark!r}])
            os._exit(0)
    time.sleep(0.3)
    print("started", flush=True)
"""


@pytest.fixture
def mark() -> str:
    return f"mark-{uuid.uuid4().hex}"


def test_a_grandchild_in_its_own_session_ends_with_the_program(lab: Lab, mark: str) -> None:
    outcome = lab.run(GRANDCHILD.format(mark=mark) + "    finish()\n")
    assert outcome.status == "ok"
    assert running_with(mark) == []


def test_a_grandchild_ends_when_the_time_is_over(lab: Lab, mark: str) -> None:
    source = GRANDCHILD.format(mark=mark) + "    time.sleep(60)\n"
    outcome = lab.run(source, limits=Limits(wall_seconds=1))
    assert outcome.failure is not None
    assert outcome.failure.class_ == "time-out"
    assert "limit of 1 seconds" in outcome.failure.message
    assert "started" in outcome.log_tail
    assert running_with(mark) == []


def test_it_cannot_ignore_the_end(lab: Lab) -> None:
    began = time.monotonic()
    outcome = lab.run(
        """
        for number in range(1, 65):
            attempt(lambda: signal.signal(number, signal.SIG_IGN))
        while True:
            pass
        """,
        limits=Limits(wall_seconds=0.5),
    )
    assert outcome.failure is not None
    assert outcome.failure.class_ == "time-out"
    assert time.monotonic() - began < 5


def test_cancelling_takes_less_than_two_seconds(lab: Lab, mark: str) -> None:
    asked: list[float] = []

    def stop() -> str | None:
        if lab.told and lab.told[-1].seconds > 0.9:
            asked.append(time.monotonic())
            return "cancelled"
        return None

    outcome = lab.run(GRANDCHILD.format(mark=mark) + "    time.sleep(60)\n", should_stop=stop)
    assert time.monotonic() - asked[0] < 2
    assert (outcome.status, outcome.reason) == ("cancelled", "cancelled")
    assert outcome.failure is None
    assert running_with(mark) == []


def test_a_program_killed_from_outside_is_reported_not_waited_for(lab: Lab, mark: str) -> None:
    def kill_it() -> str | None:
        for pid in running_with(mark):
            os.kill(pid, signal.SIGKILL)
        return None

    outcome = lab.run(
        f"""
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", {mark!r}])
        sys.exit(abs(child.wait()))
        """,
        should_stop=kill_it,
    )
    assert outcome.failure is not None
    assert outcome.failure.class_ == "platform-error"
    assert "ended with 9" in outcome.failure.message


def test_everything_dies_with_a_killed_runner(lab: Lab, mark: str) -> None:
    lab.write(GRANDCHILD.format(mark=mark) + "    time.sleep(60)\n")
    script = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path.cwd())!r})
from tests.workers.conftest import Lab
lab = Lab(Path({str(lab.folder)!r}))
from workers.runner import Job, run_job
run_job(Job("hostile", {{}}), work=lab.work, programs=lab.programs,
        on_progress=lambda told: print(told.log, flush=True), should_stop=lambda: None)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as runner:
        assert runner.stdout is not None
        assert any(b"started" in line for line in runner.stdout)
        assert running_with(mark) != []
        runner.kill()
    assert gone_within(3, mark)
    deadline = time.monotonic() + 3
    while not sweep_stale(lab.work) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list((lab.work / "slots").iterdir()) == []


def test_the_folder_of_a_running_job_is_not_swept(lab: Lab) -> None:
    swept: list[int] = []
    lab.run(
        "time.sleep(1.2); finish()",
        should_stop=lambda: swept.append(sweep_stale(lab.work)) or None,  # type: ignore[func-returns-value]
    )
    assert swept
    assert set(swept) == {0}
