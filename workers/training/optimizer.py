"""AdamW over parameter groups, and the learning rate at each step."""

from __future__ import annotations

import fnmatch
import math
import re
from collections.abc import Iterable

import torch
from torch import nn

from workers.training.errors import BadInput
from workers.training.recipe import Recipe

WRAPPED = "base_model.model."  # what PEFT puts before a parameter's name


def freeze(model: nn.Module, patterns: Iterable[str], where: str) -> None:
    """Keeps the parameters whose names match a shell pattern as they are."""
    names = [name.removeprefix(WRAPPED) for name, _ in model.named_parameters()]
    for pattern in patterns:
        if not fnmatch.filter(names, pattern):
            raise BadInput(
                f'freeze: "{pattern}" matches no parameter; the first are {", ".join(names[:5])}',
                where=where,
                next="Write shell patterns over parameter names, such as *.embeddings.*",
            )
    for name, parameter in model.named_parameters():
        if any(fnmatch.fnmatchcase(name.removeprefix(WRAPPED), pattern) for pattern in patterns):
            parameter.requires_grad = False
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise BadInput(
            "freeze leaves nothing to train", where=where, next="Freeze fewer parameters."
        )


def make_optimizer(model: nn.Module, recipe: Recipe, head: str) -> torch.optim.AdamW:
    """Vectors (biases, norms) do not decay; the output head may learn at its own rate."""
    of_head = re.compile(rf"(^|\.){re.escape(head)}\.")
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            own = recipe.head_learning_rate if of_head.search(name) else None
            decay = recipe.weight_decay if parameter.dim() > 1 else 0.0
            groups.setdefault((own or recipe.learning_rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": parameters, "lr": rate, "peak_lr": rate, "weight_decay": decay}
            for (rate, decay), parameters in groups.items()
        ],
        fused=True,
    )


def rate_factor(scheduler: str, step: int, total: int, warmup_ratio: float) -> float:
    """The share of the peak learning rate at a step, counted from 0."""
    warmup = round(warmup_ratio * total)
    if step < warmup:
        return (step + 1) / warmup
    if scheduler == "constant":
        return 1.0
    done = (step - warmup) / (total - warmup)
    return 1 - done if scheduler == "linear" else (1 + math.cos(math.pi * done)) / 2


def set_rate(optimizer: torch.optim.Optimizer, factor: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = group["peak_lr"] * factor
