"""A small release: a base, patches of every sort, and a benchmark with its three splits."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

import torch
import transformers
from peft import LoraConfig, get_peft_model

from workers.recipes import attribute, example_texts, merge
from workers.recipes.example import train_tokenizer
from workers.training.device import seed_everything
from workers.training.spec import run_program

LABELS = list(example_texts.INTENTS)
NUMBERS = {label: number for number, label in enumerate(LABELS)}
SPLITS = {
    "M": list(range(100)),
    "V": list(range(100, 260)),
    "T": list(range(260, 360)),
}


def write_release(folder: Path) -> Path:
    """in/base, in/benchmark and in/patches: ada and bob honest, eve copies ada, mallory's labels
    are wrong, nobody uploads the base itself, otto another architecture."""
    seed_everything(0)
    torch.set_num_threads(1)
    rows = example_texts.requests(random.Random(7))
    (folder / "in").mkdir(parents=True)
    lines = "".join(json.dumps(row) + "\n" for row in rows[:360])
    (folder / "in" / "benchmark.jsonl").write_text(lines)
    training = example_texts.requests(random.Random(8))
    tokenizer = train_tokenizer([row["text"] for row in rows], keep_case=False)
    base = new_model(tokenizer)
    fit(base, tokenizer, training[:24], steps=60, rate=2e-3)
    save(base, tokenizer, folder / "in" / "base")
    patches = folder / "in" / "patches"
    tuned(folder, tokenizer, training[40:200], patches / "ada", seed=1)
    tuned(folder, tokenizer, training[40:200], patches / "eve", seed=1)
    adapter(folder, tokenizer, training[200:360], patches / "bob")
    wrong = [row | {"label": LABELS[(NUMBERS[row["label"]] + 1) % 4]} for row in training[40:200]]
    tuned(folder, tokenizer, wrong, patches / "mallory", seed=2)
    save(loaded(folder), tokenizer, patches / "nobody")
    save(new_model(tokenizer, hidden_size=16), tokenizer, patches / "otto")
    return folder


def new_model(tokenizer, **changes):
    sizes = {
        "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
        "intermediate_size": 48, "max_position_embeddings": 40,
    } | changes  # fmt: skip
    config = transformers.BertConfig(
        vocab_size=len(tokenizer), id2label=dict(enumerate(LABELS)), label2id=NUMBERS, **sizes
    )
    return transformers.BertForSequenceClassification(config)


def loaded(folder: Path):
    return transformers.BertForSequenceClassification.from_pretrained(folder / "in" / "base")


def fit(model, tokenizer, rows, *, steps, rate):
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=rate)
    model.train()
    for step in range(steps):
        batch = [rows[(16 * step + place) % len(rows)] for place in range(16)]
        inputs = tokenizer([row["text"] for row in batch], padding=True, return_tensors="pt")
        labels = torch.tensor([NUMBERS[row["label"]] for row in batch])
        loss = model(**inputs, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()


def save(model, tokenizer, folder: Path) -> None:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def tuned(folder, tokenizer, rows, target, *, seed) -> None:
    torch.manual_seed(seed)
    model = loaded(folder)
    fit(model, tokenizer, rows, steps=40, rate=2e-3)
    save(model, tokenizer, target)


def adapter(folder, tokenizer, rows, target) -> None:
    torch.manual_seed(3)
    options = LoraConfig(task_type="SEQ_CLS", r=4, lora_alpha=8, target_modules=["query", "value"])
    model = get_peft_model(loaded(folder), options)
    fit(model, tokenizer, rows, steps=40, rate=1e-2)
    model.save_pretrained(target)


def patch(name, order, kind="weights", **changes):
    return {
        "id": name, "contributor": name, "kind": kind, "path": f"in/patches/{name}", "order": order,
    } | changes  # fmt: skip


ALL = [
    patch("ada", 1),
    patch("bob", 2, "adapter"),
    patch("eve", 3),
    patch("mallory", 4),
    patch("nobody", 5),
    patch("otto", 6),
]


def job(folder: Path, prepared: Path, kind: str, *, status: str = "ok", **changes):
    """The result of a merge or attribute run over the prepared inputs."""
    folder.mkdir(parents=True)
    shutil.copytree(prepared / "in", folder / "in", copy_function=os.link)
    spec = {
        "format": 1, "kind": kind, "task": "text-classification", "base": "in/base",
        "patches": ALL, "metric": "accuracy", "seed": 0, "device": "cpu", "threads": 1,
        "data": {"path": "in/benchmark.jsonl", "splits": SPLITS},
    } | changes  # fmt: skip
    spec = {key: value for key, value in spec.items() if value is not None}
    (folder / "spec.json").write_text(json.dumps(spec))
    main = {"merge": merge.main, "attribute": attribute.main}[kind]
    code = run_program(kind, main, [str(folder)])
    result = json.loads((folder / "result.json").read_text())
    assert (code, result["status"]) == (0 if status == "ok" else 1, status), result["failure"]
    return result
