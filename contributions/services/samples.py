"""A sample from which a track can be opened: a tiny model, data to train on, held-out data.

Made without network and without training libraries, so that an empty site leads somewhere.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from contributions.models import Task
from contributions.services import licences, pushes, sample_model, sample_texts
from registry.models import Repository, RepoType, User
from registry.services import blobs, repositories
from registry.services.access import Caller
from registry.services.commits import AddFile, AddLfsFile, Operation

NAME = "sample-requests"
LICENCE = "cc-by-4.0"
TRAINING, HELD_OUT = 240, 240
# Short on purpose: more epochs are the first thing to try.
RECIPE = """\
version: 1
method: full
epochs: 2
batch_size: 16
learning_rate: 0.0005
warmup_ratio: 0.1
scheduler: linear
"""
_MODEL_CARD = f"""\
---
license: {LICENCE}
library_name: transformers
pipeline_tag: text-classification
language: en
---
# What a customer wants

A sample: a tiny BERT with random weights that sorts what customers write into
{", ".join(sample_texts.LABELS)}. It knows nothing yet: `recipe.yaml` trains it for two epochs only,
and more of them are the first improvement to offer.
"""
_DATA_CARD = f"""\
---
license: {LICENCE}
task_categories:
- text-classification
language: en
personal_data: 'no'
---
# Sentences of customers

Put together from words by a program; they are about nobody.
"""


@dataclass(frozen=True)
class Sample:
    model: Repository
    data: Repository
    held_out: Repository


@transaction.atomic
def make(*, owner: User) -> Sample:
    """The three repositories in the owner's namespace; those that are there stay as they are."""
    rows = sample_texts.rows(TRAINING + HELD_OUT)
    training, held_out = rows[:TRAINING], rows[TRAINING:]
    return Sample(
        model=_model(owner),
        data=_dataset(owner, f"{NAME}-data", training, "train"),
        held_out=_dataset(owner, f"{NAME}-held-out", held_out, "test", private=True),
    )


def track_facts(sample: Sample) -> dict[str, Any]:
    """What a track on the sample says, as in the file of `open_track`."""
    return facts_for(sample.model.created_by)


def facts_for(owner: User) -> dict[str, Any]:
    """The same for the sample that its owner has or may make."""
    space = owner.namespace.name
    slug = "".join(sign if sign.isalnum() else "-" for sign in space.lower())
    return {
        "name": f"{slug}-sample".strip("-"),
        "title": "What a customer wants",
        "description": "A sample track: sort sentences of customers into four kinds.",
        "task": Task.TEXT_CLASSIFICATION.value,
        "repository": f"{space}/{NAME}",
        "benchmark": {
            "name": f"{NAME}-held-out",
            "dataset": f"{space}/{NAME}-held-out",
            "path": "data",
        },
        "training_data": [{"dataset": f"{space}/{NAME}-data", "path": "data"}],
    }


def _model(owner: User) -> Repository:
    files: list[Operation] = [
        AddFile("README.md", _MODEL_CARD.encode()),
        AddFile("LICENSE", _licence(owner)),
        AddFile("recipe.yaml", RECIPE.encode()),
    ]
    there = _find(owner, RepoType.MODEL, NAME)
    if there is not None:
        return there
    for path, content in sample_model.files().items():
        if path.endswith(".safetensors"):
            blob = blobs.store(io.BytesIO(content), user=owner)
            files.append(AddLfsFile(path, blob.sha256, blob.size))
        else:
            files.append(AddFile(path, content))
    return _made(owner, RepoType.MODEL, NAME, files)


def _dataset(
    owner: User, name: str, rows: list[dict[str, str]], split: str, *, private: bool = False
) -> Repository:
    there = _find(owner, RepoType.DATASET, name)
    if there is not None:
        return there
    files: list[Operation] = [
        AddFile("README.md", _DATA_CARD.encode()),
        AddFile("LICENSE", _licence(owner)),
        AddFile(f"data/{split}.jsonl", sample_texts.jsonl(rows)),
    ]
    return _made(owner, RepoType.DATASET, name, files, private=private)


def _licence(owner: User) -> bytes:
    return licences.text_of(LICENCE, holder=owner.username).encode()


def _find(owner: User, kind: RepoType, name: str) -> Repository | None:
    found = Repository.objects.select_related("namespace")
    return found.named(kind, owner.namespace.name, name).first()


def _made(
    owner: User, kind: RepoType, name: str, files: list[Operation], *, private: bool = False
) -> Repository:
    repository = repositories.create(
        actor=owner, namespace=owner.namespace, name=name, repo_type=kind, private=private
    )
    to = pushes.destination(
        Caller(user=owner), repository, repository.default_branch, create_pr=False
    )
    to.commit(title="Bring the sample", message="", operations=files, parent=None)
    return repository
