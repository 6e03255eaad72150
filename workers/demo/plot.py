"""What happens in the demo: who offers what, and how each offer is made."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from workers.demo import materials, sentences
from workers.demo.home import train
from workers.demo.materials import DIGITS, ENTITIES, Row, Subject

BENCHMARK_DIGITS = 800
PUBLIC_DIGITS = 200


@dataclass(frozen=True)
class Data:
    """Who holds which examples of a subject."""

    public: list[Row]
    held_out: list[Row]
    private: dict[str, list[Row]]


def digits_data(seed: int) -> Data:
    rows = materials.digit_rows(seed)
    held_out, rest = rows[:BENCHMARK_DIGITS], rows[BENCHMARK_DIGITS:]
    public, rest = rest[:PUBLIC_DIGITS], rest[PUBLIC_DIGITS:]
    return Data(
        public,
        held_out,
        {
            "ada": rest[:250],
            "ben": rest[250:450],
            "chloe": rest[450:650],
            "eve": materials.wrong_digits(rest[650:]),
        },
    )


def entities_data(seed: int) -> Data:
    """Contributors know names that the public data lacks; the benchmark knows them all."""
    names = sentences.Names.all()

    def rows(part: int, of: int, count: int, shift: int) -> list[Row]:
        known = names if of == 1 else names.share(part, of)
        return materials.sentence_rows(sentences.write(known, count=count, seed=seed * 100 + shift))

    return Data(
        public=rows(0, 4, 120, 1),
        held_out=rows(0, 1, 700, 2),
        private={"hana": rows(1, 2, 240, 3), "chloe": rows(2, 4, 160, 4)},
    )


DATA: dict[str, Callable[[int], Data]] = {
    DIGITS.name: digits_data,
    ENTITIES.name: entities_data,
}


@dataclass(frozen=True)
class Offer:
    """One pull request of the story. `make(base, data, work, seed)` fills a folder to upload."""

    who: str
    subject: Subject
    title: str
    kind: str
    make: Callable[[Path, Data, Path, int], Path]
    to_dataset: bool = False
    # Copies and refusals do not wait for anything; a copy needs the original first.
    copy_of: str = ""


def _weights(who: str, **changes: Any) -> Callable[[Path, Data, Path, int], Path]:
    def make(base: Path, data: Data, work: Path, seed: int) -> Path:
        subject = DIGITS if who in {"ada", "ben", "eve"} else ENTITIES
        made = train(
            work / "job", subject=subject, model=base, rows=data.private[who],
            changes=changes, seed=seed,
        )  # fmt: skip
        upload = work / "upload"
        upload.mkdir(parents=True)
        shutil.copy2(made / "model.safetensors", upload)
        return upload

    return make


def _adapter(base: Path, data: Data, work: Path, seed: int) -> Path:
    made = train(
        work / "job", subject=DIGITS, model=base, rows=data.private["ben"], seed=seed,
        changes={"method": "lora", "learning_rate": 3e-3, "lora": {"r": 4, "alpha": 8}},
    )  # fmt: skip
    upload = work / "upload"
    shutil.copytree(made, upload / "adapters" / "ben-lora")
    return upload


def _data(base: Path, data: Data, work: Path, seed: int) -> Path:
    upload = work / "upload"
    materials.write_parquet(upload / "data" / "chloe.parquet", data.private["chloe"])
    return upload


def _recipe(base: Path, data: Data, work: Path, seed: int) -> Path:
    recipe = yaml.safe_load(DIGITS.recipe)
    recipe |= {"batch_size": 16, "learning_rate": 1e-3}
    upload = work / "upload"
    upload.mkdir(parents=True)
    text = yaml.safe_dump(recipe, sort_keys=False)
    (upload / "recipe.yaml").write_text(text, encoding="utf-8")
    return upload


def _copy(base: Path, data: Data, work: Path, seed: int) -> Path:
    """The same weights under another name: found by looking, not by trusting."""
    upload = work / "upload"
    upload.mkdir(parents=True)
    shutil.copy2(work.parent / "digits-ada" / "upload" / "model.safetensors", upload)
    return upload


def _pickle(base: Path, data: Data, work: Path, seed: int) -> Path:
    upload = work / "upload"
    upload.mkdir(parents=True)
    with (upload / "pytorch_model.bin").open("wb") as file:
        pickle.dump({"weights": list(range(64))}, file)
    return upload


OFFERS = (
    Offer("ada", DIGITS, "Full fine-tune on 250 digits of my own", "full weights",
          _weights("ada", epochs=12, learning_rate=5e-4)),
    Offer("ben", DIGITS, "A LoRA adapter, 200 digits", "LoRA adapter", _adapter),
    Offer("chloe", DIGITS, "200 more labelled digits", "data", _data, to_dataset=True),
    Offer("dev", DIGITS, "Smaller batches, a higher learning rate", "recipe", _recipe),
    Offer("eve", DIGITS, "Fine-tune on my labels", "wrong labels",
          _weights("eve", epochs=12, learning_rate=5e-4)),
    Offer("finn", DIGITS, "Improved weights", "a copy of Ada's", _copy, copy_of="ada"),
    Offer("gus", DIGITS, "My weights as a .bin file", "a pickle", _pickle),
    Offer("hana", ENTITIES, "Weights that know more names", "full weights",
          _weights("hana", epochs=8)),
    Offer("chloe", ENTITIES, "160 more sentences", "data", _data, to_dataset=True),
)  # fmt: skip


def track_file(subject: Subject, *, community: str, seed: int) -> dict[str, Any]:
    """What the maintainer writes for `manage.py open_track`."""
    return {
        "name": subject.name,
        "title": subject.title,
        "task": subject.task,
        "repository": f"{community}/{subject.model}",
        "benchmark": {
            "name": f"{subject.name}-held-out",
            "dataset": f"{community}/{subject.benchmark}",
            "path": "data",
            "seed": seed,
        },
        "training_data": [{"dataset": f"{community}/{subject.dataset}", "path": "data"}],
        "seed": seed,
    }


def write_track_file(path: Path, subject: Subject, *, community: str, seed: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(track_file(subject, community=community, seed=seed), indent=2))
    return path
