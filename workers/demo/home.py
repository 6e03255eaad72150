"""What a contributor does at home: trains with the recipe program, by hand, on their own data.

Exactly the program that the workers run (`python -m workers.recipes.finetune FOLDER`), called in
this process so that torch is imported once.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from pathlib import Path
from typing import Any

import yaml

from workers.demo.materials import Row, Subject, write_parquet


class TrainingFailed(Exception):
    """The program ended without a result; carries its last words."""


def train(
    folder: Path,
    *,
    subject: Subject,
    model: Path,
    rows: list[Row],
    changes: dict[str, Any],
    seed: int,
) -> Path:
    """Fine-tune `model` on `rows` by the subject's recipe with `changes`; return what came out."""
    from workers.recipes import finetune
    from workers.training.spec import run_program

    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(model, folder / "in" / "model")
    write_parquet(folder / "in" / "data" / "train.parquet", rows)
    recipe = {**yaml.safe_load(subject.recipe), **changes}
    spec = {
        "format": 1,
        "kind": "finetune",
        "task": subject.task,
        "model": "in/model",
        "recipe": recipe,
        "data": {"train": "in/data/train.parquet"},
        "seed": seed,
        "device": "cpu",
        "threads": 1,
    }
    (folder / "spec.json").write_text(json.dumps(spec), encoding="utf-8")
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = run_program("finetune", finetune.main, [str(folder)])
    if code:
        raise TrainingFailed(said.getvalue()[-2000:])
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return folder / str(result["artifact"]["path"])
