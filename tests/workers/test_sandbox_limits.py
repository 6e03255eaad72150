"""Bombs and floods end in a clear failure, and the machine does not notice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.workers.conftest import MIB, SMALL, Lab
from workers.sandbox.log import TAIL_BYTES

pytestmark = pytest.mark.slow


def test_a_fork_bomb_stops_at_the_limit_of_processes(lab: Lab) -> None:
    saw = lab.saw("""
        made, reason = 0, None
        while reason is None:
            try:
                if os.fork() == 0:
                    time.sleep(30)
                    os._exit(0)
                made += 1
            except OSError as error:
                reason = errno.errorcode[error.errno]
            if made > 500:
                break
        finish(made=made, reason=reason)
    """)
    assert saw["reason"] == "EAGAIN"
    assert saw["made"] < SMALL.processes


def test_a_fork_bomb_that_never_ends_is_ended(lab: Lab) -> None:
    outcome = lab.run(
        """
        while True:
            attempt(os.fork)
        """,
        limits=replace(SMALL, wall_seconds=1.5),
    )
    assert outcome.failure is not None
    assert outcome.failure.class_ == "time-out"


def test_a_single_allocation_beyond_the_limit_is_out_of_memory(lab: Lab) -> None:
    outcome = lab.run("bytearray(1 << 30)")
    assert outcome.failure is not None
    assert outcome.failure.class_ == "out-of-memory"
    assert "268 MB" in outcome.failure.message
    assert "batch_size" in outcome.failure.next


def test_memory_spread_over_children_is_out_of_memory(lab: Lab) -> None:
    outcome = lab.run("""
        for number in range(8):
            if os.fork() == 0:
                kept = bytearray(os.urandom(1 << 20) * 60)
                time.sleep(30)
        time.sleep(30)
    """)
    assert outcome.failure is not None
    assert outcome.failure.class_ == "out-of-memory"
    assert outcome.max_rss > 100 * MIB


def test_memory_shared_between_processes_is_out_of_memory(lab: Lab) -> None:
    outcome = lab.run("""
        import mmap
        kept = mmap.mmap(-1, 600 << 20)
        for at in range(0, len(kept), 4096):
            kept[at] = 1
        time.sleep(30)
    """)
    assert outcome.failure is not None
    assert outcome.failure.class_ == "out-of-memory"


def test_pages_shared_after_a_fork_count_once(lab: Lab) -> None:
    saw = lab.saw("""
        kept = b"x" * (120 << 20)
        children = []
        for number in range(4):
            pid = os.fork()
            if pid == 0:
                time.sleep(1)
                os._exit(0)
            children.append(pid)
        finish(ended=[os.waitpid(pid, 0)[1] for pid in children])
    """)
    assert saw["ended"] == [0, 0, 0, 0]


def test_a_file_stops_growing_at_the_limit(lab: Lab) -> None:
    saw = lab.saw("""
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        def flood():
            with open("/tmp/big", "wb") as file:
                while True:
                    file.write(bytes(1 << 20))
        finish(reason=attempt(flood), size=os.path.getsize("/tmp/big"))
    """)
    assert saw["reason"] == "EFBIG"
    assert saw["size"] <= SMALL.output_bytes


def test_a_flood_of_output_ends_the_run(lab: Lab) -> None:
    outcome = lab.run("""
        for number in range(30):
            with open(f"out/{number}", "wb") as file:
                file.write(bytes(1 << 20))
        time.sleep(30)
    """)
    assert outcome.failure is not None
    assert outcome.failure.class_ == "bad-input"
    assert "more than 8 MB" in outcome.failure.message
    assert list(outcome.out.iterdir()) == []


def test_a_flood_of_files_ends_the_run(lab: Lab) -> None:
    outcome = lab.run(
        """
        for number in range(2400):
            os.symlink("x", f"{number}")
        time.sleep(60)
        """,
        limits=replace(SMALL, wall_seconds=60),
    )
    assert outcome.failure is not None
    assert "more than 2000 files" in outcome.failure.message


def test_folders_deeper_than_any_path_are_removed(lab: Lab) -> None:
    outcome = lab.run("""
        os.chdir("out")
        for number in range(600):
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
        os.chmod(".", 0)
        os.chdir("/job")
        finish()
    """)
    assert outcome.failure is not None
    assert "deep" in outcome.failure.message


def test_a_flood_of_log_is_kept_small(lab: Lab) -> None:
    outcome = lab.run("""
        os.write(1, b"first line\\n")
        for number in range(24):
            os.write(1, b"x" * 999_999 + b"\\n")
        print("last line", flush=True)
        finish()
    """)
    assert outcome.status == "ok"
    assert len(outcome.log_tail) <= TAIL_BYTES
    assert outcome.log_tail.endswith("last line\n")
    text = "".join(told.log for told in lab.told)
    assert text.startswith("first line")
    assert "bytes of output left out" in text
    assert len(text) < 50 * 1024 * (len(lab.told) + 1)


def test_a_log_has_no_terminal_codes(lab: Lab) -> None:
    outcome = lab.run("""
        print("\\x1b[31mred\\x1b[0m \\x1b]0;title\\x07 50%\\r100% \\0 \\u202eabc 你好")
        finish()
    """)
    assert "\x1b" not in outcome.log_tail
    assert "red" in outcome.log_tail
    assert "50%\n100%" in outcome.log_tail
    assert "你好" in outcome.log_tail
    assert "\0" not in outcome.log_tail
    assert "\u202e" not in outcome.log_tail


def test_limits_cannot_be_raised_again(lab: Lab) -> None:
    saw = lab.saw("""
        import resource
        names = ["RLIMIT_NPROC", "RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_CORE", "RLIMIT_NOFILE"]
        def raised(name):
            hard = resource.getrlimit(getattr(resource, name))[1]
            try:
                resource.setrlimit(getattr(resource, name), (hard + 1, hard + 1))
            except ValueError:
                return "refused"
        finish(found={name: raised(name) for name in names})
    """)
    assert set(saw["found"].values()) == {"refused"}
