"""Without a sandbox nothing that a contributor made is loaded, unless the operator says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workers.conftest import Lab, gone_within, running_with
from workers.runner import Job, Limits, Outcome, run_job
from workers.sandbox import Availability, Programs, Sandbox, Setup, describe, probe
from workers.sandbox.limits import Cgroup
from workers.sandbox.seccomp import filter_bytes

MISSING = Availability(False, "none", "bubblewrap is not installed.", "apt-get install bubblewrap")


def run_without(
    lab: Lab, kind: str, *, allow: bool = False, source: str = "finish()", seconds: float = 10
) -> Outcome:
    lab.write(source)
    programs = Programs({kind: "hostile_program"}, lab.folder / "programs")
    return run_job(
        Job(kind, {}, limits=Limits(wall_seconds=seconds)),
        work=lab.work,
        on_progress=lab.told.append,
        should_stop=lambda: None,
        programs=programs,
        availability=MISSING,
        allow_unsandboxed=allow,
    )


@pytest.mark.parametrize("kind", ["finetune", "benchmark", "merge", "attribute"])
def test_it_refuses_to_load_a_contribution(lab: Lab, kind: str) -> None:
    outcome = run_without(lab, kind)
    assert outcome.failure is not None
    assert outcome.failure.class_ == "platform-error"
    assert outcome.failure.message == "No sandbox: bubblewrap is not installed"
    assert "apt-get install bubblewrap" in outcome.failure.next


def test_a_check_runs_because_it_reads_headers_only(lab: Lab) -> None:
    outcome = run_without(lab, "check", source="finish(kind='check')")
    assert outcome.status == "ok"
    assert outcome.sandbox == "none"


def test_what_an_operator_allows_runs_and_says_that_it_had_no_sandbox(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN_OF_THE_PLATFORM", "secret")
    outcome = run_without(
        lab,
        "merge",
        allow=True,
        source="finish(kind='merge', environment=dict(os.environ), here=os.listdir('.'))",
    )
    assert outcome.status == "ok"
    assert outcome.sandbox == "none"
    assert outcome.result is not None
    assert "secret" not in json.dumps(outcome.result["environment"])
    assert {"in", "out", "spec.json"} <= set(outcome.result["here"])


def test_a_grandchild_ends_also_without_a_sandbox(lab: Lab) -> None:
    mark = f"mark-{os.urandom(8).hex()}"
    outcome = run_without(
        lab,
        "check",
        seconds=1,
        source=f"""
        if os.fork() == 0:
            os.setsid()
            sleep = "import time; time.sleep(60)"
            os.execv(sys.executable, [sys.executable, "-c", sleep, {mark!r}])
        time.sleep(60)
        """,
    )
    assert outcome.failure is not None
    assert outcome.failure.class_ == "time-out"
    assert gone_within(1, mark), running_with(mark)


def test_a_kind_without_a_program_is_refused(lab: Lab) -> None:
    outcome = run_job(
        Job("publish", {}),
        work=lab.work,
        on_progress=lab.told.append,
        should_stop=lambda: None,
    )
    assert outcome.failure is not None
    assert "No program runs 'publish'" in outcome.failure.message


def test_an_operator_can_read_what_holds_a_job(lab: Lab) -> None:
    assert describe().startswith("bubblewrap ")
    assert "no network" in describe()


def test_the_weaker_way_of_a_root_worker_keeps_the_same_walls(lab: Lab) -> None:
    """Where root cannot give itself up, jobs run as root without any right."""
    lab.write("""
        def open_to_write(path):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT))
            return "opened"
        paths = ["/proc/sys/kernel/core_pattern", "/proc/sys/vm/swappiness", "/usr/mark",
                 "/proc/1/oom_score_adj", "/job/in/mark", "/etc/mark", "/mark"]
        finish(found={path: attempt(lambda: open_to_write(path)) for path in paths},
               network=attempt(lambda: socket.socket(socket.AF_INET)),
               shadow=attempt(lambda: open("/etc/shadow").read()),
               keys=attempt(lambda: open("/proc/kcore", "rb").read(1) and "read"))
    """)
    sandbox = Sandbox(Setup(work=lab.work, mode="as-started", programs=lab.programs))
    try:
        assert sandbox.ready(10)
        sandbox.go("hostile_program", Limits())
        assert sandbox.wait(10)
        saw = json.loads((sandbox.slot.job / "result.json").read_text())
    finally:
        sandbox.discard()
    assert set(saw["found"].values()) <= {"EROFS", "EACCES", "EPERM"}
    assert saw["network"] == "EPERM"
    assert saw["shadow"] == "ENOENT"
    assert saw["keys"] in {"EPERM", "EACCES", "ENOENT"}


def test_a_worker_with_root_gives_each_job_an_account_without_rights(lab: Lab) -> None:
    expected = "own-account" if os.geteuid() == 0 else "as-started"
    assert probe().mode == expected
    sandbox = Sandbox(Setup(work=lab.work, mode=probe().mode))
    try:
        assert sandbox.ready(10)
        status = Path(f"/proc/{sandbox.process.pid}/status").read_text()
        account = next(line.split()[1] for line in status.splitlines() if line.startswith("Uid:"))
        assert (int(account) > 1_000_000_000) == (expected == "own-account")
    finally:
        sandbox.discard()


def test_a_control_group_is_made_only_in_a_folder_that_was_delegated(tmp_path: Path) -> None:
    (tmp_path / "cgroup.subtree_control").write_text("memory pids")
    assert Cgroup.create("x", below=tmp_path) is None  # no controller came with the folder
    assert not (tmp_path / "commonweight-x").exists()
    group = Cgroup(tmp_path)
    group.hold(Limits(memory_bytes=1000, processes=7))
    assert (tmp_path / "memory.max").read_text() == "1000"
    assert (tmp_path / "pids.max").read_text() == "7"
    assert not group.ran_out_of_memory()
    (tmp_path / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    assert group.ran_out_of_memory()


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("cuda", [False, True])
def test_a_filter_is_whole_instructions_and_ends_by_allowing(machine: str, cuda: bool) -> None:
    program = filter_bytes(machine=machine, cuda=cuda)
    assert len(program) % 8 == 0
    assert program[-4:] == (0x7FFF0000).to_bytes(4, "little")


def test_there_is_no_filter_for_a_machine_nobody_looked_at() -> None:
    with pytest.raises(NotImplementedError, match="riscv64"):
        filter_bytes(machine="riscv64")


def test_a_machine_that_forbids_namespaces_is_found_out_and_explained() -> None:
    script = (
        "echo 0 > /proc/sys/user/max_user_namespaces; exec "
        f"{sys.executable} -c 'from workers.sandbox import probe; print(probe())'"
    )
    answer = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ok=False" in answer.stdout, answer.stderr
    assert "The sandbox does not start here" in answer.stdout
    assert "Allow user namespaces" in answer.stdout
