"""Fine-tunes a model on examples by a recipe.

    python -m workers.recipes.finetune FOLDER

Reads FOLDER/spec.json (python -m workers.recipes.example FOLDER writes one) and leaves
out/model or out/adapter, progress.jsonl and result.json.
"""

from __future__ import annotations

import itertools
import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
import torch.nn.functional as F

from workers.training.adapters import add_lora
from workers.training.checkpoint import save_adapter, save_model
from workers.training.data import Table, read_table
from workers.training.device import seed_everything
from workers.training.encoding import IGNORED, Examples, Integers, encode
from workers.training.errors import BadInput, TimeOut
from workers.training.model import Bundle, load_model, output_head
from workers.training.optimizer import freeze, make_optimizer, rate_factor, set_rate
from workers.training.order import steps_per_epoch, training_steps
from workers.training.outcomes import measure, scores
from workers.training.recipe import Recipe, read_recipe
from workers.training.scoring import predict_logits
from workers.training.spec import Job, run_program
from workers.training.tasks import Task

CURVE_POINTS = 200
LOG_LINES = 20
EVAL_BATCH = 64


def main(job: Job) -> dict[str, Any]:
    task = Task.of(job.get("task"))
    recipe, shown = _recipe(job, task)
    job.seed = _seed(job, recipe)
    job.precision = recipe.precision
    seed_everything(job.seed)
    bundle = load_model(job.input("model"), task, device=job.device)
    train = encode(_table(job, task, recipe, "train"), bundle, recipe.max_length)
    held_out = None
    if job.get("data.eval") is not None:
        held_out = encode(_table(job, task, recipe, "eval"), bundle, recipe.max_length)
    head = output_head(bundle.model)[0]
    if recipe.method == "lora":
        bundle.model = add_lora(bundle.model, recipe.lora, task, head, shown)
    freeze(bundle.model, recipe.freeze, shown)
    _describe(job, bundle, train, recipe)
    log, seconds = _train(job, bundle, train.to(job.device), recipe, head)
    result = {
        "artifact": _save(job, bundle, recipe),
        "curve": log.curve(),
        "train": {
            "examples": len(train),
            "truncated": train.truncated,
            "steps": len(log.losses),
            "seconds": round(seconds, 3),
            "final_loss": log.losses[-1],
        },
        "eval": None,
        "recipe": asdict(recipe),
    }
    if held_out is not None:
        result["eval"] = _evaluate(job, bundle, held_out.to(job.device))
    return result


def _recipe(job: Job, task: Task) -> tuple[Recipe, str]:
    inline = job.get("recipe")
    if isinstance(inline, dict):
        return read_recipe(inline, task, shown="spec.json, recipe"), "spec.json, recipe"
    path = job.input("recipe")
    shown = job.shown(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"The recipe cannot be read: {error}", where=shown, next="Save it as UTF-8 text."
        ) from error
    return read_recipe(text, task, shown=shown), shown


def _seed(job: Job, recipe: Recipe) -> int:
    """The spec's seed wins, so that runs that are compared differ in nothing else."""
    if "seed" in job.spec or recipe.seed is None:
        return job.seed
    return recipe.seed


def _table(job: Job, task: Task, recipe: Recipe, split: str) -> Table:
    path = job.input(f"data.{split}")
    columns = job.get("columns")
    if columns is None or isinstance(columns, dict):
        columns = recipe.columns | (columns or {})
    return read_table(path, columns, task, shown=job.shown(path))


def _describe(job: Job, bundle: Bundle, train: Examples, recipe: Recipe) -> None:
    trainable = sum(p.numel() for p in bundle.model.parameters() if p.requires_grad)
    job.say(
        f"{recipe.method} fine-tuning for {bundle.task.value}: {len(train)} examples, "
        f"{len(bundle.labels)} labels, {trainable:,} trainable parameters, "
        f"{recipe.precision} on {job.device_name}, seed {job.seed}"
    )
    if train.truncated:
        job.say(f"{train.truncated} examples are longer than the model or max_length and were cut")


@dataclass
class LossLog:
    """Losses stay on the device until someone reads them, so that steps do not wait."""

    rates: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    said: int = 0  # the step that the log showed last
    _pending: list[torch.Tensor] = field(default_factory=list)

    def add(self, loss: torch.Tensor, rate: float) -> None:
        self._pending.append(loss)
        self.rates.append(rate)

    def read(self) -> float:
        """The mean loss since the last reading; refuses one that is not a number."""
        if not self._pending:
            return self.losses[-1]
        fresh = torch.stack(self._pending).tolist()
        self._pending.clear()
        for loss in fresh:
            self.losses.append(loss)
            if not math.isfinite(loss):
                raise BadInput(
                    f"The loss became {loss} at step {len(self.losses)}",
                    where=f"learning rate {self.rates[len(self.losses) - 1]:.3g}",
                    next="Lower learning_rate or max_grad_norm, or lengthen warmup_ratio.",
                )
        return math.fsum(fresh) / len(fresh)

    def curve(self) -> list[dict[str, float]]:
        """At most CURVE_POINTS points, each the mean loss of the steps since the one before."""
        width = math.ceil(len(self.losses) / CURVE_POINTS)
        points = []
        for start in range(0, len(self.losses), width):
            part = self.losses[start : start + width]
            step = start + len(part)
            loss = math.fsum(part) / len(part)
            points.append({"step": step, "loss": loss, "learning_rate": self.rates[step - 1]})
        return points


def _train(
    job: Job, bundle: Bundle, examples: Examples, recipe: Recipe, head: str
) -> tuple[LossLog, float]:
    total = _total_steps(job, len(examples), recipe)
    limit = _limit(job, "max_seconds", (int, float)) or math.inf
    optimizer = make_optimizer(bundle.model, recipe, head)
    parameters = [p for p in bundle.model.parameters() if p.requires_grad]
    plan = training_steps(
        examples.lengths, recipe.batch_size, recipe.gradient_accumulation, job.seed
    )
    log, started = LossLog(), time.monotonic()
    bundle.model.train()
    for step, group in enumerate(itertools.islice(plan, total), start=1):
        factor = rate_factor(recipe.scheduler, step - 1, total, recipe.warmup_ratio)
        set_rate(optimizer, factor)
        log.add(_accumulate(bundle, examples, group, recipe), recipe.learning_rate * factor)
        if recipe.max_grad_norm is not None:
            torch.nn.utils.clip_grad_norm_(parameters, recipe.max_grad_norm)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if job.progress_due("train", step, total):
            _report(job, log, step, total)
        _refuse_overtime(time.monotonic() - started, limit, step, total)
    last = log.read()
    seconds = time.monotonic() - started
    job.say(f"Trained {total} steps in {seconds:.1f} s; the last loss is {last:.4f}")
    bundle.model.eval()
    return log, seconds


def _accumulate(
    bundle: Bundle, examples: Examples, group: list[Integers], recipe: Recipe
) -> torch.Tensor:
    """Gradients of the mean loss over all labels of the step, whatever batch they fall in."""
    labels = max(1, sum(int(examples.counts[index].sum()) for index in group))
    total = torch.zeros((), device=examples.device)
    for index in group:
        batch = examples.gather(index)
        with _precision(recipe, examples.device):
            logits = predict_logits(bundle, batch)
        loss = F.cross_entropy(
            logits.flatten(0, -2),
            batch.labels.flatten(),
            ignore_index=IGNORED,
            label_smoothing=recipe.label_smoothing,
            reduction="sum",
        )
        loss = loss / labels
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.detach()
    return total


@contextmanager
def _precision(recipe: Recipe, device: torch.device) -> Iterator[None]:
    with torch.autocast(device.type, torch.bfloat16, enabled=recipe.precision == "bf16"):
        yield


def _total_steps(job: Job, examples: int, recipe: Recipe) -> int:
    per_epoch = steps_per_epoch(examples, recipe.batch_size * recipe.gradient_accumulation)
    planned = recipe.max_steps or math.ceil((recipe.epochs or 1) * per_epoch)
    limit = _limit(job, "max_steps", (int,))
    if limit is not None and planned > limit:
        job.say(f"The recipe asks for {planned} steps; the limit is {int(limit)}")
        return int(limit)
    return planned


def _limit(job: Job, name: str, kinds: tuple[type, ...]) -> float | None:
    value = job.get(f"limits.{name}")
    if value is None:
        return None
    if type(value) in kinds and value > 0:
        return float(value)
    raise BadInput(
        f'"{name}" is {value!r}', where=f"spec.json, limits.{name}", next="Give a number above 0."
    )


def _report(job: Job, log: LossLog, step: int, total: int) -> None:
    metrics = {"loss": log.read(), "learning_rate": log.rates[-1]}
    job.progress(step, total, "train", metrics)
    if step in (1, total) or step - log.said >= total / LOG_LINES:
        job.say(f"step {step} of {total}: loss {metrics['loss']:.4f}")
        log.said = step


def _refuse_overtime(seconds: float, limit: float, step: int, total: int) -> None:
    if seconds > limit and step < total:
        raise TimeOut(
            f"Training took longer than {limit:g} s: {step} of {total} steps were done, "
            f"all would take about {seconds / step * total:.0f} s",
            where="spec.json, limits.max_seconds",
            next="Lower epochs, max_steps or max_length, or train with method: lora.",
        )


def _save(job: Job, bundle: Bundle, recipe: Recipe) -> dict[str, str]:
    if recipe.method == "lora":
        save_adapter(bundle.model, job.output("adapter"))
        return {"kind": "adapter", "path": "out/adapter"}
    save_model(bundle, job.output("model"))
    return {"kind": "weights", "path": "out/model"}


def _evaluate(job: Job, bundle: Bundle, examples: Examples) -> dict[str, Any]:
    measured = scores(measure(bundle, examples, EVAL_BATCH, "trained model"))
    metrics = ", ".join(f"{name} {value:.4f}" for name, value in measured["metrics"].items())
    job.say(f"On {len(examples)} held-out examples: loss {measured['loss']:.4f}, {metrics}")
    job.progress(1, 1, "eval", {"loss": measured["loss"], **measured["metrics"]})
    return measured


if __name__ == "__main__":
    sys.exit(run_program("finetune", main))
