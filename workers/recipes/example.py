"""Writes a small complete job folder to start from.

    python -m workers.recipes.example FOLDER [--task text-classification]

The model is tiny and initialised at random, the data small: written sentences, or the digits
of scikit-learn. Nothing is downloaded.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sys
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from workers.recipes import example_texts
from workers.training.device import quieten, seed_everything
from workers.training.tasks import Task

RECIPE = """\
version: 1
method: full
epochs: {epochs}
batch_size: 32
learning_rate: {learning_rate}
warmup_ratio: 0.1
weight_decay: 0.01
scheduler: linear
"""
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
HELD_OUT = 5  # every fifth example is for evaluation


def write_example(folder: Path, task: Task, *, seed: int = 0) -> None:
    """Model, data, recipe and spec; the folder must be empty or new."""
    seed_everything(seed)
    rows, labels = _examples(task, seed)
    write_model(folder / "in" / "model", task, labels, [_words(row) for row in rows])
    held_out = rows[::HELD_OUT]
    train = [row for place, row in enumerate(rows) if place % HELD_OUT]
    write_rows(folder / "in" / "data" / "train", train)
    write_rows(folder / "in" / "data" / "eval", held_out)
    epochs, learning_rate = (15, 0.002) if task is Task.IMAGE else (8, 0.002)
    recipe = RECIPE.format(epochs=epochs, learning_rate=learning_rate)
    (folder / "in" / "recipe.yaml").write_text(recipe, encoding="utf-8")
    spec = {
        "format": 1,
        "kind": "finetune",
        "task": task.value,
        "model": "in/model",
        "recipe": "in/recipe.yaml",
        "data": {"train": "in/data/train", "eval": "in/data/eval"},
        "seed": seed,
        "device": "auto",
        "threads": 1,
    }
    (folder / "spec.json").write_text(json.dumps(spec, indent=1) + "\n", encoding="utf-8")


def _examples(task: Task, seed: int) -> tuple[list[dict[str, Any]], list[str]]:
    rng = random.Random(seed)  # noqa: S311
    if task is Task.TEXT:
        return example_texts.requests(rng), list(example_texts.INTENTS)
    if task is Task.TOKENS:
        return example_texts.sentences(rng), list(example_texts.TAGS)
    return _digits(rng), [str(digit) for digit in range(10)]


def _words(row: dict[str, Any]) -> str:
    return " ".join(row["tokens"]) if "tokens" in row else row.get("text", "")


def _digits(rng: random.Random) -> list[dict[str, Any]]:
    """Handwritten digits, 8 x 8, of scikit-learn (UCI, CC-BY-4.0), as PNG in random order."""
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    rows = []
    for values, label in zip(digits.images, digits.target, strict=True):
        encoded = io.BytesIO()
        Image.fromarray((values * 255 / 16).round().astype("uint8")).save(encoded, "PNG")
        rows.append({"image": {"bytes": encoded.getvalue(), "path": None}, "label": str(label)})
    rng.shuffle(rows)
    return rows


def write_rows(folder: Path, rows: list[dict[str, Any]]) -> None:
    """JSON lines; Parquet where the rows hold bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    if "image" in rows[0]:
        import pyarrow
        from pyarrow import parquet

        parquet.write_table(pyarrow.Table.from_pylist(rows), folder / "part-0.parquet")
    else:
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / "part-0.jsonl").write_text("".join(lines), encoding="utf-8")


def write_model(folder: Path, task: Task, labels: list[str], texts: list[str]) -> None:
    """A tiny model with its preprocessor, initialised from torch's current seed."""
    names = dict(enumerate(labels))
    numbers = {label: number for number, label in names.items()}
    if task is Task.IMAGE:
        config: Any = transformers.ViTConfig(
            image_size=8, patch_size=2, num_channels=1, hidden_size=32, num_hidden_layers=2,
            num_attention_heads=2, intermediate_size=64, id2label=names, label2id=numbers,
        )  # fmt: skip
        preprocessor: Any = transformers.ViTImageProcessorPil(
            size={"height": 8, "width": 8}, image_mean=[0.5], image_std=[0.5]
        )
    else:
        preprocessor = train_tokenizer(texts, keep_case=task is Task.TOKENS)
        config = transformers.BertConfig(
            vocab_size=len(preprocessor), hidden_size=64, num_hidden_layers=2,
            num_attention_heads=2, intermediate_size=128, max_position_embeddings=64,
            id2label=names, label2id=numbers,
        )  # fmt: skip
    model = getattr(transformers, task.auto_class).from_config(config, dtype=torch.float32)
    model.save_pretrained(folder)
    preprocessor.save_pretrained(folder)


def train_tokenizer(texts: list[str], *, keep_case: bool) -> Any:
    """Whole words, and letters for the rest. The library's trainers break ties at random,
    so that the same texts would not give the same tokenizer."""
    normalizer = normalizers.BertNormalizer(lowercase=not keep_case)
    splitter = pre_tokenizers.BertPreTokenizer()
    words: set[str] = set()
    for text in texts:
        found = splitter.pre_tokenize_str(normalizer.normalize_str(text))
        words.update(word for word, _ in found)
    letters = set("".join(words)) | set("abcdefghijklmnopqrstuvwxyz0123456789.,?!")
    parts = sorted({*letters, *(f"##{letter}" for letter in letters), *words})
    vocabulary = {part: number for number, part in enumerate([*SPECIAL, *parts])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))  # noqa: S106
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, splitter
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    wrap: Any = transformers.PreTrainedTokenizerFast
    return wrap(
        tokenizer_object=tokenizer, model_max_length=64, pad_token="[PAD]",  # noqa: S106
        unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]",  # noqa: S106
    )  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m workers.recipes.example", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--task", default=Task.TEXT.value, choices=[task.value for task in Task])
    options = parser.parse_args(argv)
    if options.folder.exists() and any(options.folder.iterdir()):
        print(f"{options.folder} is not empty; name a new folder.", file=sys.stderr)
        return 2
    quieten()
    write_example(options.folder, Task(options.task))
    print(f"{options.folder} holds a job: read its spec.json and in/recipe.yaml, then run")
    print(f"    python -m workers.recipes.finetune {options.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
