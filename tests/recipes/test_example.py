"""The example is what a newcomer runs first, so it must explain itself and never overwrite."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recipes.folders import JobFolder
from workers.recipes.example import main


def test_it_writes_a_job_and_prints_the_command_that_runs_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "job"
    assert main([str(folder), "--task", "token-classification"]) == 0
    assert f"python -m workers.recipes.finetune {folder}" in capsys.readouterr().out
    job = JobFolder(folder)
    job.recipe(epochs=1)
    assert job.succeed()["train"]["examples"] == 240


def test_it_never_writes_into_a_folder_that_holds_something(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert main([str(tmp_path)]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_same_seed_writes_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert main([str(tmp_path / name)]) == 0
    files = [path for path in (tmp_path / "one").rglob("*") if path.is_file()]
    assert len(files) == 8
    for path in files:
        twin = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == twin.read_bytes(), path.name
