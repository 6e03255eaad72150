"""A warm sandbox serves one job with the same walls, and a cold one where none is ready."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.workers.conftest import Lab
from workers.pool import WarmPool

pytestmark = pytest.mark.slow

MakePool = Callable[..., WarmPool]


@pytest.fixture
def make_pool(lab: Lab) -> Iterator[MakePool]:
    pools: list[WarmPool] = []

    def make(**changes: Any) -> WarmPool:
        values = {
            "size": 1,
            "preload": ("decimal", "json:JSONDecoder"),
            "programs": lab.programs,
            "kinds": frozenset({"hostile"}),
        }
        pools.append(WarmPool(lab.work.resolve(), **(values | changes)))
        return pools[-1]

    lab.work.mkdir()
    lab.write("")
    yield make
    for pool in pools:
        pool.close()


def test_a_job_starts_in_a_process_that_has_imported_already(lab: Lab, make_pool: MakePool) -> None:
    pool = make_pool()
    assert pool.wait_ready(10)
    outcome = lab.run("finish(loaded='decimal' in sys.modules)", pool=pool)
    assert outcome.started_warm
    assert outcome.result is not None
    assert outcome.result["loaded"] is True


def test_each_job_gets_a_process_of_its_own(lab: Lab, make_pool: MakePool) -> None:
    pool = make_pool()
    seen = []
    for _ in range(2):
        assert pool.wait_ready(10)
        seen.append(
            lab.saw(
                "found = os.path.exists('/tmp/mark'); open('/tmp/mark', 'w'); finish(found=found)",
                pool=pool,
            )["found"]
        )
    assert seen == [False, False]


def test_a_warm_sandbox_has_the_same_walls(lab: Lab, make_pool: MakePool) -> None:
    pool = make_pool()
    assert pool.wait_ready(10)
    saw = lab.saw(
        """
        import resource
        finish(
            network=attempt(lambda: socket.socket(socket.AF_INET)),
            inputs=attempt(lambda: open("in/x", "w")),
            folder=attempt(lambda: os.listdir("/var")),
            processes=resource.getrlimit(resource.RLIMIT_NPROC)[1],
            nice=os.nice(0),
        )
        """,
        pool=pool,
    )
    assert (saw["network"], saw["folder"]) == ("EPERM", "ENOENT")
    assert saw["inputs"] in {"EROFS", "EACCES"}
    assert saw["processes"] == 40
    assert saw["nice"] == os.nice(0)  # only the warming is at low priority


def test_without_a_ready_one_the_job_starts_cold(lab: Lab, make_pool: MakePool) -> None:
    outcome = lab.run("finish()", pool=make_pool(size=0))
    assert outcome.status == "ok"
    assert not outcome.started_warm


def test_other_kinds_do_not_use_up_what_is_warm(lab: Lab, make_pool: MakePool) -> None:
    pool = make_pool(kinds=frozenset({"finetune"}))
    assert pool.wait_ready(10)
    assert not lab.run("finish()", pool=pool).started_warm
    assert pool.wait_ready(0)


def test_a_warm_sandbox_that_died_is_not_given_out(lab: Lab, make_pool: MakePool) -> None:
    pool = make_pool()
    assert pool.wait_ready(10)
    pool._ready[0].sandbox.process.kill()
    pool._ready[0].sandbox.process.wait()
    outcome = lab.run("finish()", pool=pool)
    assert outcome.status == "ok"


def test_an_old_one_is_replaced(lab: Lab, make_pool: MakePool) -> None:
    pool = make_pool(max_age=0.3)
    assert pool.wait_ready(10)
    first = pool._ready[0].sandbox
    deadline = time.monotonic() + 10
    while pool._ready and pool._ready[0].sandbox is first and time.monotonic() < deadline:
        time.sleep(0.05)
    pool.close()
    assert first.process.poll() is not None
    assert not first.slot.path.exists()


def test_one_that_is_not_ready_in_time_is_given_up(lab: Lab, make_pool: MakePool) -> None:
    (lab.folder / "programs" / "slow.py").write_text("import time; time.sleep(60)")
    pool = make_pool(preload=("slow",), ready_within=0.5)
    assert not pool.wait_ready(1.5)
    assert "not ready in time" in pool.last_error


def test_what_cannot_be_imported_in_advance_does_not_stop_it(lab: Lab, make_pool: MakePool) -> None:
    pool = make_pool(preload=("no_such_module", "json:NoSuchName"))
    assert pool.wait_ready(10)
    assert lab.run("finish()", pool=pool).log_tail == ""


def test_closing_ends_all_of_them(lab: Lab, make_pool: MakePool) -> None:
    pool = make_pool(size=2)
    deadline = time.monotonic() + 10
    while len(pool._ready) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    processes = [warm.sandbox.process for warm in pool._ready]
    assert [process.poll() for process in processes] == [None, None]
    pool.close()
    assert None not in [process.poll() for process in processes]
