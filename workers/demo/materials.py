"""What the people of the demo own: labelled data, a base model, and the cards that go with them."""

from __future__ import annotations

import io
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.demo import sentences

Row = dict[str, Any]

CC_BY = (
    "Creative Commons Attribution 4.0 International\n\n"
    "You may share and adapt this work for any purpose if you give appropriate credit, link to\n"
    "the licence and say what was changed. Full text:\n"
    "https://creativecommons.org/licenses/by/4.0/legalcode\n\n"
)
DIGITS_CREDIT = (
    "Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak (1998), UCI Machine\n"
    "Learning Repository, as distributed with scikit-learn.\n"
)
SENTENCES_CREDIT = "Sentences written for the Commonweight demo by its authors.\n"


@dataclass(frozen=True)
class Subject:
    """One of the demo's two tracks: its names, task and recipe."""

    name: str
    title: str
    task: str
    model: str
    dataset: str
    benchmark: str
    labels: tuple[str, ...]
    credit: str
    recipe: str
    # Changes to the recipe with which the base is trained from nothing.
    base_changes: dict[str, Any]


DIGITS = Subject(
    name="digits",
    title="Reading handwritten digits",
    task="image-classification",
    model="digits-vit",
    dataset="digits",
    benchmark="digits-held-out",
    labels=tuple(str(digit) for digit in range(10)),
    credit=DIGITS_CREDIT,
    recipe="""\
version: 1
method: full
epochs: 8
batch_size: 32
learning_rate: 0.0003
warmup_ratio: 0.1
weight_decay: 0.01
scheduler: linear
""",
    base_changes={"epochs": 16, "learning_rate": 1e-3},
)
ENTITIES = Subject(
    name="entities",
    title="Finding people, organisations and places",
    task="token-classification",
    model="entities-bert",
    dataset="entities-sentences",
    benchmark="entities-held-out",
    labels=sentences.LABELS,
    credit=SENTENCES_CREDIT,
    recipe="""\
version: 1
method: full
epochs: 6
batch_size: 32
learning_rate: 0.001
warmup_ratio: 0.1
weight_decay: 0.01
scheduler: linear
""",
    base_changes={"epochs": 16, "learning_rate": 2e-3},
)


def digit_rows(seed: int) -> list[Row]:
    """All 1,797 digit images of scikit-learn as PNG, in an order drawn from `seed`."""
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    rows: list[Row] = []
    for values, label in zip(digits.images, digits.target, strict=True):
        encoded = io.BytesIO()
        Image.fromarray((values * 255 / 16).round().astype("uint8")).save(encoded, "PNG")
        rows.append({"image": {"bytes": encoded.getvalue(), "path": None}, "label": str(label)})
    random.Random(seed).shuffle(rows)  # noqa: S311
    return rows


def sentence_rows(found: list[sentences.Sentence]) -> list[Row]:
    return [{"tokens": sentence.tokens, "tags": sentence.tags} for sentence in found]


def wrong_digits(rows: list[Row]) -> list[Row]:
    """Every label moved to the next digit."""
    return [{**row, "label": str((int(row["label"]) + 1) % 10)} for row in rows]


def write_parquet(path: Path, rows: list[Row]) -> None:
    """One file that `datasets.load_dataset` reads with its column types (images as images)."""
    import pyarrow
    from pyarrow import parquet

    string = {"dtype": "string", "_type": "Value"}
    if "image" in rows[0]:
        features: dict[str, Any] = {"image": {"_type": "Image"}, "label": string}
    else:
        features = {name: {"feature": string, "_type": "List"} for name in ("tokens", "tags")}
    table = pyarrow.Table.from_pylist(rows)
    metadata = json.dumps({"info": {"features": features}})
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table.replace_schema_metadata({"huggingface": metadata}), path)


def write_dataset(folder: Path, subject: Subject, rows: list[Row], *, name: str) -> None:
    """A dataset repository: `data/<name>.parquet`, card and licence."""
    write_parquet(folder / "data" / f"{name}.parquet", rows)
    (folder / "LICENSE").write_text(CC_BY + subject.credit, encoding="utf-8")
    (folder / "README.md").write_text(
        f"---\nlicense: cc-by-4.0\ntask_categories:\n- {subject.task}\n"
        f"pretty_name: {subject.title}\n---\n\n# {subject.title}: data\n\n"
        f"{len(rows)} labelled examples. {subject.credit}",
        encoding="utf-8",
    )


def write_model_papers(folder: Path, subject: Subject) -> None:
    """Card, licence and recipe of a model repository."""
    (folder / "LICENSE").write_text(CC_BY + subject.credit, encoding="utf-8")
    (folder / "recipe.yaml").write_text(subject.recipe, encoding="utf-8")
    (folder / "README.md").write_text(
        f"---\nlicense: cc-by-4.0\nlibrary_name: transformers\npipeline_tag: {subject.task}\n"
        f"---\n\n# {subject.title}\n\nA small model, trained from nothing for the demo of "
        "Commonweight and improved by its contributors.\n",
        encoding="utf-8",
    )


def write_untrained_model(folder: Path, subject: Subject, texts: list[str], *, seed: int) -> None:
    """A tiny model with its preprocessor, initialised at random from `seed`."""
    import torch
    import transformers

    from workers.recipes.example import train_tokenizer

    torch.manual_seed(seed)
    names = dict(enumerate(subject.labels))
    numbers = {label: number for number, label in names.items()}
    if subject is DIGITS:
        config: Any = transformers.ViTConfig(
            image_size=8, patch_size=4, num_channels=1, hidden_size=64, num_hidden_layers=2,
            num_attention_heads=4, intermediate_size=256, hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0, id2label=names, label2id=numbers,
        )  # fmt: skip
        preprocessor: Any = transformers.ViTImageProcessorPil(
            size={"height": 8, "width": 8}, image_mean=[0.5], image_std=[0.5]
        )
        model: Any = transformers.ViTForImageClassification(config)
    else:
        preprocessor = train_tokenizer(texts, keep_case=True)
        config = transformers.BertConfig(
            vocab_size=len(preprocessor), hidden_size=64, num_hidden_layers=2,
            num_attention_heads=4, intermediate_size=256, max_position_embeddings=64,
            id2label=names, label2id=numbers,
        )  # fmt: skip
        model = transformers.BertForTokenClassification(config)
    model.save_pretrained(folder)
    preprocessor.save_pretrained(folder)
