"""Job folders that each test may change: copies of the example folders, which are made once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.recipes.folders import JobFolder

MakeJob = Callable[..., JobFolder]


@pytest.fixture(scope="session")
def example_folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    made: dict[str, Path] = {}

    def example(task: str) -> Path:
        if task not in made:
            from workers.recipes.example import write_example
            from workers.training.device import quieten
            from workers.training.tasks import Task

            quieten()
            made[task] = tmp_path_factory.mktemp(task)
            write_example(made[task], Task(task))
        return made[task]

    return example


@pytest.fixture
def make_job(example_folders: Callable[[str], Path], tmp_path: Path) -> MakeJob:
    """A fine-tuning job of twelve steps, unless the test says otherwise."""

    def make(task: str = "text-classification", name: str = "job") -> JobFolder:
        folder = tmp_path / name
        shutil.copytree(example_folders(task), folder)
        job = JobFolder(folder)
        job.recipe(epochs=None, max_steps=12)
        return job

    return make


@pytest.fixture
def text_job(make_job: MakeJob) -> JobFolder:
    return make_job("text-classification")


@pytest.fixture
def token_job(make_job: MakeJob) -> JobFolder:
    return make_job("token-classification")


@pytest.fixture
def image_job(make_job: MakeJob) -> JobFolder:
    return make_job("image-classification")
