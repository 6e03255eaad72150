"""The keys of recipe.yaml: what each takes, and what it does, for people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

VERSION = 1
REQUIRED = ("version", "method", "learning_rate")


@dataclass(frozen=True)
class Field:
    """`takes` judges a value as YAML gives it; `words` says what it takes, for error texts."""

    key: str
    takes: Callable[[Any], bool]
    words: str
    help: str | _StrPromise = ""
    choices: tuple[Any, ...] = ()
    nullable: bool = False


def _whole(
    key: str, low: int, high: int, help: str | _StrPromise, *, nullable: bool = False
) -> Field:
    def takes(value: Any) -> bool:
        if value is None:
            return nullable
        return type(value) is int and low <= value <= high

    return Field(key, takes, f"a whole number from {low} to {high}", help, nullable=nullable)


def _number(
    key: str,
    low: float,
    high: float,
    help: str | _StrPromise,
    *,
    above: bool = False,
    below: bool = False,
    nullable: bool = False,
) -> Field:
    """In [low, high]; `above` and `below` leave the ends out."""

    def takes(value: Any) -> bool:
        if value is None:
            return nullable
        if isinstance(value, str):  # YAML 1.1 reads 1e-4, without a point, as text
            try:
                value = float(value)
            except ValueError:
                return False
        if type(value) not in (int, float):
            return False
        over = low < value if above else low <= value
        return bool(over and (value < high if below else value <= high))

    start, end = ("above" if above else "from"), ("to below" if below else "to")
    return Field(key, takes, f"a number {start} {low:g} {end} {high:g}", help, nullable=nullable)


def _choice(key: str, choices: tuple[Any, ...], help: str | _StrPromise) -> Field:
    def takes(value: Any) -> bool:
        return type(value) is type(choices[0]) and value in choices

    words = "one of " + ", ".join(map(str, choices)) if choices[1:] else str(choices[0])
    return Field(key, takes, words, help, choices)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(x, str) for x in value)


FIELDS = (
    _choice("version", (VERSION,), _("Of the format.")),
    _choice("method", ("full", "lora"), _("All weights, or a low-rank adapter that is merged.")),
    _number("epochs", 0, 1000, _("Passes over the training data."), above=True),
    _whole("max_steps", 1, 10_000_000, _("Steps of the optimiser, instead of epochs.")),
    _whole("batch_size", 1, 4096, _("Examples at a time.")),
    _whole("gradient_accumulation", 1, 1024, _("Batches that make one step.")),
    _number("learning_rate", 0, 1, _("Its highest value."), above=True),
    _number(
        "head_learning_rate", 0, 1, _("Of the output head, if another."), above=True, nullable=True
    ),
    _number(
        "warmup_ratio", 0, 1, _("Share of the steps in which the rate rises from 0."), below=True
    ),
    _number("weight_decay", 0, 1, _("Of AdamW.")),
    _choice("scheduler", ("linear", "cosine", "constant"), _("How the learning rate falls.")),
    _whole("max_length", 4, 131_072, _("Tokens kept of a text."), nullable=True),
    _number("max_grad_norm", 0, 1e6, _("Gradients are clipped to it."), above=True, nullable=True),
    _number("label_smoothing", 0, 1, _("Share given to the other labels."), below=True),
    _choice("precision", ("fp32", "bf16"), _("Of the arithmetic.")),
    _whole("seed", 0, 2**32 - 1, _("Of shuffling and dropout."), nullable=True),
    Field("freeze", _is_texts, "a list of texts", _("Beginnings of names of frozen weights.")),
)
LORA = (
    _whole("r", 1, 1024, _("Rank of the factors.")),
    _whole("alpha", 1, 10_000, _("The change is scaled by alpha / r.")),
    _number("dropout", 0, 1, _("On the input of the factors."), below=True),
    Field(
        "target_modules",
        lambda value: value == "all-linear" or _is_texts(value),
        "a list of texts",
    ),
    Field("modules_to_save", lambda value: value is None or _is_texts(value), "a list of texts"),
)
# Those that the form on the site asks for; the rest of a file stays as it is.
ASKED = (
    "method", "epochs", "max_steps", "learning_rate", "batch_size", "gradient_accumulation",
    "scheduler", "warmup_ratio", "weight_decay", "label_smoothing", "max_length", "seed",
)  # fmt: skip
ASKED_LORA = ("r", "alpha", "dropout")
