"""The keys of recipe.yaml and what each of them takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workers.training.tasks import Task

VERSION = 1


class Mismatch(Exception):
    """A value that a field does not take; the text says what it takes."""


Check = Callable[[Any], Any]


def whole(low: int, high: int) -> Check:
    def check(value: Any) -> int:
        if type(value) is int and low <= value <= high:
            return value
        raise Mismatch(f"a whole number from {low} to {high}")

    return check


def number(low: float, high: float, *, above: bool = False, below: bool = False) -> Check:
    """A number in [low, high]; ``above`` and ``below`` leave the ends out."""

    def check(value: Any) -> float:
        if isinstance(value, str):  # YAML 1.1 reads 1e-4, without a point, as text
            try:
                value = float(value)
            except ValueError:
                pass
        in_range = (
            type(value) in (int, float)
            and (low < value if above else low <= value)
            and (value < high if below else value <= high)
        )
        if in_range:
            return float(value)
        start, end = ("above" if above else "from"), ("to below" if below else "to")
        raise Mismatch(f"a number {start} {low:g} {end} {high:g}")

    return check


def one_of(*choices: Any) -> Check:
    def check(value: Any) -> Any:
        if value in choices and type(value) in {type(choice) for choice in choices}:
            return value
        raise Mismatch("one of " + ", ".join(map(str, choices)) if choices[1:] else f"{choices[0]}")

    return check


def texts(value: Any) -> list[str]:
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return value
    raise Mismatch("a list of texts")


def all_or_texts(value: Any) -> str | list[str]:
    return value if value == "all-linear" else texts(value)


def or_null(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


Fields = dict[str, "Check | dict[str, Check]"]

FIELDS: Fields = {
    "version": one_of(VERSION),
    "method": one_of("full", "lora"),
    "epochs": number(0, 1000, above=True),
    "max_steps": whole(1, 10_000_000),
    "batch_size": whole(1, 4096),
    "gradient_accumulation": whole(1, 1024),
    "learning_rate": number(0, 1, above=True),
    "head_learning_rate": or_null(number(0, 1, above=True)),
    "warmup_ratio": number(0, 1, below=True),
    "weight_decay": number(0, 1),
    "scheduler": one_of("linear", "cosine", "constant"),
    "max_length": or_null(whole(4, 131_072)),
    "max_grad_norm": or_null(number(0, 1e6, above=True)),
    "label_smoothing": number(0, 1, below=True),
    "precision": one_of("fp32", "bf16"),
    "seed": or_null(whole(0, 2**32 - 1)),
    "freeze": texts,
    "lora": {
        "r": whole(1, 1024),
        "alpha": whole(1, 10_000),
        "dropout": number(0, 1, below=True),
        "target_modules": all_or_texts,
        "modules_to_save": or_null(texts),
    },
    "data": {},  # columns, whose keys depend on the task
}
REQUIRED = ("version", "method", "learning_rate")


def column_names(task: Task) -> Check:
    def check(value: Any) -> dict[str, str]:
        roles = task.columns
        if isinstance(value, dict) and all(
            role in roles and isinstance(name, str) for role, name in value.items()
        ):
            return value
        raise Mismatch(f"a map from {' and '.join(roles)} to names of columns")

    return check
