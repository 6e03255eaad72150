"""The job folder: what a person sees who runs a program by hand, and what the runner relies on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.recipes.folders import JobFolder

ROOT = Path(__file__).parents[2]
WITHOUT_THE_SITE = """
import runpy, sys
for name in ("django", "celery", "rest_framework", "redis", "psycopg", "datasets"):
    sys.modules[name] = None
sys.argv = ["finetune", sys.argv[1]]
runpy.run_module("workers.recipes.finetune", run_name="__main__")
"""


@pytest.mark.slow
def test_it_trains_on_a_machine_without_the_site(text_job: JobFolder) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_SITE, str(text_job.path)],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "Trained 12 steps" in ended.stdout
    assert ended.stderr == ""
    assert json.loads((text_job / "result.json").read_text())["status"] == "ok"


def run(*arguments: str) -> int:
    from workers.recipes.finetune import main
    from workers.training.spec import run_program

    return run_program("finetune", main, arguments)


@pytest.mark.parametrize("arguments", [(), ("one", "two"), ("--help",)])
def test_other_arguments_than_one_folder_show_the_usage(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    message = capsys.readouterr().err
    assert "usage: python -m workers.recipes.finetune FOLDER" in message
    assert "python -m workers.recipes.example FOLDER" in message


def test_a_missing_folder_names_the_command_that_makes_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(tmp_path / "nowhere")) == 2
    message = capsys.readouterr().err
    assert "There is no folder" in message
    assert "python -m workers.recipes.example FOLDER" in message


def test_a_folder_without_a_spec_names_the_command_that_makes_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failure = JobFolder(tmp_path).fail()
    assert failure["class"] == "bad-input"
    assert "holds no spec.json" in failure["message"]
    assert "python -m workers.recipes.example FOLDER" in failure["next"]


@pytest.mark.parametrize(
    ("changes", "message", "next_step"),
    [
        ({"kind": None}, '"kind" is missing', "one of check, finetune, benchmark"),
        ({"kind": "train"}, '"kind" is "train"', "one of check, finetune, benchmark"),
        ({"kind": "merge"}, '"kind" is "merge"', "python -m workers.recipes.merge"),
        ({"format": 2}, '"format" is 2', "It must be 1."),
        ({"seed": -1}, '"seed" is -1', "a whole number from 0"),
        ({"seed": "7"}, '"seed" is "7"', "a whole number from 0"),
        ({"threads": 0}, '"threads" is 0', "at least 1"),
        ({"device": "tpu"}, '"device" is "tpu"', "one of auto, cpu, cuda"),
        ({"task": "translation"}, "The task 'translation' is not known", "text-classification"),
        ({"task": None}, "The task None is not known", "text-classification"),
        ({"model": None}, 'The spec names no "model"', "relative to the job folder"),
        ({"model": "in/other"}, "in/other does not exist", "correct the path"),
        ({"recipe": None}, 'The spec names no "recipe"', "relative to the job folder"),
        ({"data": {}}, 'The spec names no "data.train"', "relative to the job folder"),
        ({"data": "in/data"}, 'The spec names no "data.train"', "relative to the job folder"),
        ({"model": "../other"}, 'The path "../other" leads out', "in/model"),
        ({"model": "/etc"}, 'The path "/etc" leads out', "in/model"),
        ({"model": "in/a\0b"}, "leads out of the job folder", "in/model"),
        ({"limits": {"max_steps": 0}}, '"max_steps" is 0', "above 0"),
        ({"model": "in/recipe.yaml"}, "recipe.yaml is not a model folder", "save_pretrained"),
        ({"columns": {"txt": "x"}}, "is not a column of text-classification", "text, label"),
        ({"columns": ["text"]}, "\"columns\" is ['text']", "its name"),
    ],
)
def test_a_wrong_spec_says_which_key_and_what_it_takes(
    text_job: JobFolder, changes: dict[str, object], message: str, next_step: str
) -> None:
    text_job.spec(**changes)
    failure = text_job.fail()
    assert failure["class"] == "bad-input"
    assert message in failure["message"]
    assert next_step in failure["next"]
    assert failure["where"].startswith(("spec.json", "recipe.yaml"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"format": 1,,}', "spec.json is not JSON"),
        ("[]", "not a JSON object"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_spec_that_is_no_json_says_so(
    text_job: JobFolder, text: str | bytes, message: str
) -> None:
    content = text if isinstance(text, bytes) else text.encode()
    (text_job / "spec.json").write_bytes(content)
    assert message in text_job.fail()["message"]


def test_a_link_out_of_the_folder_is_refused(text_job: JobFolder, tmp_path: Path) -> None:
    secret = tmp_path / "secret.jsonl"
    secret.write_text('{"text": "a", "label": "refund"}\n')
    (text_job / "in/data/train/z.jsonl").symlink_to(secret)
    failure = text_job.fail()
    assert failure["class"] == "bad-input"
    assert failure["message"] == "in/data/train/z.jsonl is a link that leads out of the job folder"


def test_a_pipe_among_the_inputs_is_refused_instead_of_waited_for(text_job: JobFolder) -> None:
    os.mkfifo(text_job / "in/data/train/z.jsonl")
    assert "in/data/train/z.jsonl is not a regular file" in text_job.fail()["message"]


def test_an_old_result_never_survives_a_new_run(text_job: JobFolder) -> None:
    text_job.succeed()
    text_job.spec(kind=None)
    text_job.fail()
    assert not (text_job / "result.json.tmp").exists()
    assert not (text_job / "progress.jsonl").exists()


def test_the_result_tells_what_it_was_made_from(text_job: JobFolder) -> None:
    import torch

    import workers

    provenance = text_job.succeed()["provenance"]
    assert provenance["harness"] == workers.__version__
    assert provenance["torch"] == torch.__version__
    assert (provenance["device"], provenance["precision"], provenance["threads"]) == (
        "cpu", "fp32", 1,
    )  # fmt: skip
    assert provenance["inputs"]["in/recipe.yaml"] == text_job.digest("in/recipe.yaml")
    assert set(provenance["inputs"]) >= {"spec.json", "in/model/model.safetensors"}


def test_a_failure_tells_what_it_was_made_from_too(text_job: JobFolder) -> None:
    text_job.spec(model="in/other")
    assert "spec.json" in text_job.run()["provenance"]["inputs"]


def test_progress_starts_with_the_first_step_and_ends_with_the_last(text_job: JobFolder) -> None:
    text_job.recipe(max_steps=40)
    text_job.succeed()
    lines = [json.loads(line) for line in (text_job / "progress.jsonl").read_text().splitlines()]
    steps = [line for line in lines if line["stage"] == "train"]
    assert (steps[0]["step"], steps[-1]["step"]) == (1, 40)
    assert {line["of"] for line in steps} == {40}
    assert set(steps[0]["metrics"]) == {"loss", "learning_rate"}
    assert lines[-1]["stage"] == "eval"


def test_progress_that_comes_too_fast_is_thinned(tmp_path: Path) -> None:
    from workers.training.progress import Progress

    progress = Progress(tmp_path / "progress.jsonl")
    for step in range(1, 1001):
        progress.write("train", step, 1000, {})
    progress.close()
    lines = (tmp_path / "progress.jsonl").read_text().splitlines()
    assert len(lines) < 10
    assert [json.loads(line)["step"] for line in (lines[0], lines[-1])] == [1, 1000]


def test_a_fault_of_the_program_itself_is_not_the_contributors(
    text_job: JobFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    from workers.training.spec import run_program

    def broken(job: object) -> dict[str, object]:
        raise LookupError("no such thing")

    assert run_program("finetune", broken, [str(text_job.path)]) == 1
    failure = json.loads((text_job / "result.json").read_text())["failure"]
    assert failure["class"] == "platform-error"
    assert "LookupError: no such thing" in failure["message"]
    assert "Traceback" in capsys.readouterr().err


def test_a_lack_of_memory_says_what_to_lower(text_job: JobFolder) -> None:
    text_job.config(hidden_size=10**9, intermediate_size=10**9)
    failure = text_job.fail()
    assert failure["class"] == "out-of-memory"
    assert "batch_size" in failure["next"]


def test_a_missing_gpu_is_not_the_contributors_fault(
    text_job: JobFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    text_job.spec(device="cuda")
    failure = text_job.fail()
    assert failure["class"] == "platform-error"
    assert "this machine has none" in failure["message"]


def test_the_steps_stop_at_the_limit(text_job: JobFolder) -> None:
    text_job.spec(limits={"max_steps": 5})
    result = text_job.succeed()
    assert result["train"]["steps"] == 5
    assert result["curve"][-1]["learning_rate"] < result["curve"][1]["learning_rate"]


def test_the_time_stops_at_the_limit_and_nothing_half_done_is_left(text_job: JobFolder) -> None:
    text_job.recipe(max_steps=1_000_000)
    text_job.spec(limits={"max_seconds": 0.5})
    failure = text_job.fail()
    assert failure["class"] == "time-out"
    assert "of 1000000 steps were done, all would take about" in failure["message"]
    assert not list((text_job / "out").iterdir())
