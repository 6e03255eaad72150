"""A community with a real tiny text model: what a platform test offers, trains and merges.

Models are made by the training programs themselves, once for all tests of a process.
"""

from __future__ import annotations

import functools
import json
import random
import shutil
from pathlib import Path

from contributions.models import Run, RunStatus, Submission, Task, Track
from contributions.services import benchmarks, tracks
from contributions.services.tracks import TrainingData
from registry.services.commits import AddFile, AddLfsFile
from tests.contributions.cast import Cast

CARD = """\
---
license: mit
language: en
---
# Requests

What a customer wants, told from one sentence.
"""
LICENCE = """\
MIT License

Copyright (c) 2026 Berta

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND.
"""
RECIPE = """\
version: 1
method: {method}
epochs: {epochs}
batch_size: 16
learning_rate: {rate}
warmup_ratio: 0.1
scheduler: linear
"""


class Materials:
    """Folders of models and data; `base` knows little, `better` was trained on more."""

    def __init__(self, folder: Path) -> None:
        from workers.recipes import example, example_texts
        from workers.training.device import seed_everything
        from workers.training.tasks import Task as TrainedTask

        seed_everything(0)
        self.folder = folder
        self.rows = example_texts.requests(random.Random(1))
        self.held_out, self.public = self.rows[:180], self.rows[180:]
        start = folder / "start"
        texts = [row["text"] for row in self.rows]
        example.write_model(start, TrainedTask.TEXT, list(example_texts.INTENTS), texts)
        self.base = self.train("base", start, self.public[:120], epochs=4)
        self.better = self.train("better", self.base, self.public, epochs=4)

    @functools.cached_property
    def adapter(self) -> Path:
        return self.train("adapter", self.base, self.public, epochs=6, method="lora")

    def train(self, name: str, model: Path, rows, *, epochs: int, method: str = "full") -> Path:
        """A model folder (or an adapter's) that the finetune program made."""
        from workers.recipes import example, finetune
        from workers.training.spec import run_program

        job = self.folder / f"job-{name}"
        shutil.copytree(model, job / "in/model")
        example.write_rows(job / "in/data/train", rows)
        recipe = RECIPE.format(method=method, epochs=epochs, rate=0.001)
        (job / "in/recipe.yaml").write_text(recipe)
        spec = {"format": 1, "kind": "finetune", "task": "text-classification", "seed": 0}
        spec |= {
            "model": "in/model",
            "recipe": "in/recipe.yaml",
            "data": {"train": "in/data/train"},
        }
        (job / "spec.json").write_text(json.dumps(spec | {"device": "cpu", "threads": 1}))
        assert run_program("finetune", finetune.main, [str(job)]) == 0
        result = json.loads((job / "result.json").read_text())
        return job / result["artifact"]["path"]


def jsonl(rows) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


class Community(Cast):
    """The cast with real files. Berta's model `berta/digits` is a text model here."""

    def __init__(self, materials: Materials) -> None:
        self.materials = materials

    @functools.cached_property
    def model(self):
        described = [
            AddFile("README.md", CARD.encode()),
            AddFile("LICENSE", LICENCE.encode()),
            AddFile("recipe.yaml", RECIPE.format(method="full", epochs=1, rate=0.0005).encode()),
        ]
        files = self.files(self.materials.base, by=self.berta)
        return self.repository("requests", "model", *described, *files)

    @functools.cached_property
    def training_set(self):
        rows = jsonl(self.materials.public[:100])
        card = AddFile("README.md", CARD.encode()), AddFile("LICENSE", LICENCE.encode())
        return self.repository("said", "dataset", AddFile("data/train.jsonl", rows), *card)

    @functools.cached_property
    def dataset(self):
        rows = AddFile("data/test.jsonl", jsonl(self.materials.held_out))
        return self.repository("held-out", "dataset", rows, private=True)

    def files(self, folder: Path, *, by, below: str = ""):
        """Operations that add a model folder: weights as large files, the rest as text."""
        from registry.services import blobs

        operations = []
        for path in sorted(folder.iterdir()):
            name = f"{below}{path.name}"
            if path.suffix == ".safetensors":
                with path.open("rb") as stream:
                    blob = blobs.store(stream, user=by)
                operations.append(AddLfsFile(name, blob.sha256, blob.size))
            else:
                operations.append(AddFile(name, path.read_bytes()))
        return operations

    def prepare_track(self, name="requests", *, policy=None) -> Track:
        benchmark = benchmarks.create_benchmark(
            owner=self.berta, name="held out", dataset=self.dataset, task=Task.TEXT_CLASSIFICATION
        )
        return tracks.create_track(
            maintainer=self.berta,
            repository=self.model,
            name=name,
            title="What customers want",
            task=Task.TEXT_CLASSIFICATION,
            benchmark=benchmark,
            training_data=[TrainingData(self.training_set, path="data")],
            policy=policy,
        )

    def turn_keys(self, submission: Submission) -> Submission:
        for key in ("licence", "privacy"):
            self.review(submission, key)
        submission.refresh_from_db()
        return submission

    def first(self) -> Submission:
        return Submission.objects.get(repository=self.model, discussion=None)

    def weights(self, folder: Path | None = None, *, by=None) -> Submission:
        """A pull request that replaces the weights by those of a trained model."""
        by = by or self.ada
        files = self.files(folder or self.materials.better, by=by)
        weights = [file for file in files if isinstance(file, AddLfsFile)]
        return self.offer(*weights, by=by)

    def adapter(self, *, by=None) -> Submission:
        """A pull request that adds a LoRA adapter trained from the base."""
        by = by or self.emil
        made = self.materials.adapter
        return self.offer(*self.files(made, by=by, below="adapters/small/"), by=by)

    def recipe(self, *, by=None, method="full", epochs=6, rate=0.001) -> Submission:
        text = RECIPE.format(method=method, epochs=epochs, rate=rate)
        return self.offer(AddFile("recipe.yaml", text.encode()), by=by or self.dora)

    def more_data(self, *, by=None) -> Submission:
        rows = AddFile("data/more.jsonl", jsonl(self.materials.public[100:]))
        return self.offer(rows, by=by or self.chloe, repository=self.training_set)


def due_now() -> None:
    """Nobody waits for the debounce."""
    from django.db.models.functions import Now

    Run.objects.filter(status=RunStatus.QUEUED).update(eligible_at=Now())


def told(submission: Submission) -> str:
    """Why a submission is where it is, for the message of a failing test."""
    lines = [f"{submission.status}: {submission.status_reason}"]
    for run in submission.runs.order_by("pk"):
        lines.append(f"{run} {run.failure_class} {run.reason}\n{run.log[-1500:]}")
    lines += [f"{f.severity} {f.rule} {f.path}: {f.message}" for f in submission.findings.all()]
    return "\n".join(lines)
