"""What a job leaves behind is read as the word of a stranger."""

from __future__ import annotations

import pytest

from tests.workers.conftest import Lab
from workers.runner import Limits

pytestmark = pytest.mark.slow


def test_it_collects_plain_files_and_removes_the_rest(lab: Lab) -> None:
    outcome = lab.run("""
        os.makedirs("out/model/nested")
        open("out/model/nested/weights.bin", "wb").write(b"abc")
        open("out/名.txt", "w").write("x")
        open("elsewhere", "w").write("not an output")
        finish(artifact="out/model")
    """)
    assert outcome.status == "ok"
    assert outcome.result is not None
    assert outcome.result["artifact"] == "out/model"
    found = {str(path.relative_to(outcome.out)) for path in outcome.out.rglob("*")}
    assert found == {"model", "model/nested", "model/nested/weights.bin", "名.txt"}
    assert (outcome.out / "model/nested/weights.bin").read_bytes() == b"abc"
    assert outcome.seconds > 0
    assert outcome.max_rss > 0
    assert outcome.sandbox == "bubblewrap"
    outcome.discard()
    assert not outcome.out.exists()


def test_links_pipes_sockets_and_odd_names_are_not_collected(lab: Lab) -> None:
    outcome = lab.run("""
        os.symlink("/etc/passwd", "out/passwd")
        os.symlink("/etc", "out/etc")
        os.mkfifo("out/pipe")
        open("secret", "w").write("x")
        os.link("secret", "out/hard")
        socket.socket(socket.AF_UNIX).bind("out/socket")
        open("out/new\\nline", "w").close()
        open(b"out/\\xff", "w").close()
        open("out/back\\\\slash", "w").close()
        open("out/good", "w").write("x")
        os.chmod("out/good", 0o4777)
        finish()
    """)
    assert outcome.status == "ok"
    assert [path.name for path in outcome.out.iterdir()] == ["good"]
    assert (outcome.out / "good").stat().st_mode & 0o7777 == 0o644
    assert "out/passwd: it is not a plain file" in outcome.log_tail
    assert "out/hard: it is a hard link" in outcome.log_tail


@pytest.mark.parametrize("target", ["/etc", "/", "in"])
def test_an_out_folder_that_became_a_link_gives_nothing(lab: Lab, target: str) -> None:
    outcome = lab.run(f"os.rmdir('out'); os.symlink({target!r}, 'out'); finish()")
    assert list(outcome.out.iterdir()) == []
    assert "out is not a folder any more" in outcome.log_tail


def test_a_sparse_file_beyond_the_limit_is_not_collected(lab: Lab) -> None:
    outcome = lab.run(
        """
        for number in range(3):
            open(f"out/{number}", "w").truncate(7 << 20)
        finish()
        """,
    )
    assert [path.name for path in outcome.out.iterdir()] == ["0"]
    assert "the limit of the run's output is reached" in outcome.log_tail


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("open('result.json', 'w').write('{')", "not JSON"),
        ("open('result.json', 'w').write('[' * 100_000)", "not JSON"),
        ("open('result.json', 'w').write('[]')", 'no "format": 1'),
        ("finish(kind='merge')", 'no "format": 1'),
        ("finish(status='fine')", "status is neither"),
        ("finish(loss=float('nan'))", "not finite"),
        ("finish(loss=float('inf'))", "not finite"),
        ("finish(status='failed')", "does not say how"),
        ("finish(status='failed', failure={'class': 'no-fault'})", "does not say how"),
        ("finish(x=eval('[' * 50 + ']' * 50))", "nested"),
    ],
)
def test_a_result_that_is_none_is_a_scoring_error(lab: Lab, source: str, says: str) -> None:
    outcome = lab.run(source)
    assert outcome.status == "failed"
    assert outcome.result is None
    assert outcome.failure is not None
    assert outcome.failure.class_ == "scoring-error"
    assert says in outcome.failure.message
    assert outcome.failure.where == "result.json"


def test_a_giant_result_is_refused_without_reading_it(lab: Lab) -> None:
    outcome = lab.run(
        "open('result.json', 'w').truncate(3 << 30)",
        limits=Limits(wall_seconds=20, output_bytes=4 << 30),
    )
    assert outcome.failure is not None
    assert "larger than 16 MiB" in outcome.failure.message


@pytest.mark.parametrize(
    "make",
    [
        "os.mkfifo('result.json')",
        "os.symlink('/proc/self/environ', 'result.json')",
        "os.symlink('/etc/passwd', 'result.json')",
        "os.mkdir('result.json')",
    ],
)
def test_a_result_that_is_no_plain_file_is_no_result(lab: Lab, make: str) -> None:
    outcome = lab.run(make)
    assert outcome.failure is not None
    assert outcome.failure.class_ == "platform-error"
    assert "left no result" in outcome.failure.message


def test_a_good_result_before_a_failure_is_not_believed(lab: Lab) -> None:
    outcome = lab.run("finish(); sys.exit(3)")
    assert outcome.status == "failed"
    assert outcome.result is None
    assert outcome.failure is not None
    assert "ended with 3" in outcome.failure.message


def test_a_good_result_before_the_time_is_over_is_not_believed(lab: Lab) -> None:
    outcome = lab.run("finish(); time.sleep(60)", limits=Limits(wall_seconds=1))
    assert outcome.failure is not None
    assert outcome.failure.class_ == "time-out"
    assert outcome.result is None


def test_a_failure_that_the_program_explains_is_passed_on(lab: Lab) -> None:
    failure = {
        "class": "bad-input",
        "message": "No column 'text'",
        "where": "in/data/train.csv",
        "next": "Name it in columns.",
    }
    outcome = lab.run(f"finish(status='failed', failure={failure!r}); sys.exit(1)")
    assert outcome.failure is not None
    assert outcome.failure.as_dict() == failure


def test_an_exception_is_a_platform_error_with_its_last_line(lab: Lab) -> None:
    outcome = lab.run("print('loading'); raise ValueError('odd tensor')")
    assert outcome.failure is not None
    assert outcome.failure.class_ == "platform-error"
    assert "ValueError: odd tensor" in outcome.failure.message
    assert "loading" in outcome.log_tail


def test_text_that_a_database_cannot_hold_is_cleaned(lab: Lab) -> None:
    outcome = lab.run(r"""
        open("result.json", "w").write(
            '{"format": 1, "kind": "hostile", "status": "ok", "note": "a\\u0000b\\ud800c"}')
    """)
    assert outcome.result is not None
    assert outcome.result["note"] == "ab?c"


def test_progress_is_told_about_once_a_second_and_only_what_is_well_formed(lab: Lab) -> None:
    outcome = lab.run("""
        lines = [
            {"step": 1, "of": 3, "stage": "train", "metrics": {"loss": 0.5}},
            "nonsense",
            {"step": -1, "of": 3, "stage": "train"},
            {"step": True, "of": 3, "stage": "x"},
            {"step": 2, "of": 3, "stage": "s" * 500, "metrics": {"loss": float("nan"), "lr": 1e-4}},
            {"step": 3, "of": 3, "stage": "train", "metrics": {"deep": {"er": 1}}, "extra": "x"},
        ]
        with open("progress.jsonl", "a") as file:
            for line in lines:
                print(json.dumps(line), file=file, flush=True)
                print("said", line, flush=True)
                time.sleep(0.4)
            file.write("x" * 100_000)
        finish()
    """)
    assert outcome.status == "ok"
    lines = [line for told in lab.told for line in told.lines]
    assert lines[0] == {"step": 1, "of": 3, "stage": "train", "metrics": {"loss": 0.5}}
    assert lines[1] == {"step": 2, "of": 3, "stage": "s" * 60, "metrics": {"lr": 1e-4}}
    assert lines[2] == {"step": 3, "of": 3, "stage": "train", "metrics": {}}
    assert len(lines) == 3
    assert 3 <= len(lab.told) <= 6
    assert any(told.resident_bytes > 0 for told in lab.told)


@pytest.mark.parametrize("target", ["os.mkfifo", "lambda to: os.symlink('/dev/zero', to)"])
def test_a_progress_file_that_is_no_file_harms_nobody(lab: Lab, target: str) -> None:
    outcome = lab.run(f"({target})('progress.jsonl'); time.sleep(1.2); finish()")
    assert outcome.status == "ok"
    assert [line for told in lab.told for line in told.lines] == []


def test_the_program_gets_its_spec_as_a_file(lab: Lab) -> None:
    saw = lab.saw("finish(spec=json.load(open('spec.json')))", spec={"seed": 7, "task": "x"})
    assert saw["spec"] == {
        "format": 1,
        "kind": "hostile",
        "seed": 7,
        "device": "cpu",
        "threads": 1,
        "task": "x",
    }


def test_an_error_in_a_callback_ends_the_job_and_comes_through(lab: Lab) -> None:
    def broken() -> str | None:
        raise RuntimeError("the database is away")

    with pytest.raises(RuntimeError, match="database is away"):
        lab.run("time.sleep(60)", should_stop=broken)
    assert list((lab.work / "collected").iterdir()) == []
