"""Deltas: what a patch changes of the base, as one vector of all float tensors.

Delta = theta_patch - theta0 for full weights. For a LoRA adapter it is scaling * B @ A for each
target module, plus the full difference of every tensor that the adapter replaces
(modules_to_save, trained biases). Taken in float32; a tied tensor counts once.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn
from transformers.pytorch_utils import Conv1D

from workers.checks.adapters import PREFIX, pattern_value, unsupported
from workers.training.errors import BadInput
from workers.training.model import Bundle, load_model

_FACTORS = {
    ".lora_A.weight": "A",
    ".lora_B.weight": "B",
    ".lora_embedding_A": "A",
    ".lora_embedding_B": "B",
}
_FIX = "Train the adapter on this base and save it with PEFT's save_pretrained."


@dataclass(frozen=True)
class Slot:
    name: str
    tensor: torch.Tensor
    start: int
    stop: int


class Parameters:
    """The float tensors of a model, parameters and kept buffers, laid end to end: P numbers."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.slots: list[Slot] = []
        self._by_tensor: dict[int, Slot] = {}
        kept = set(model.state_dict())
        tensors = [*model.named_parameters(), *model.named_buffers()]
        for name, tensor in tensors:
            if name in kept and tensor.is_floating_point():
                start = self.size
                slot = Slot(name, tensor, start, start + tensor.numel())
                self.slots.append(slot)
                self._by_tensor[id(tensor)] = slot

    @property
    def size(self) -> int:
        return self.slots[-1].stop if self.slots else 0

    @torch.no_grad()
    def read(self) -> torch.Tensor:
        """[P] float32 on the CPU."""
        return torch.cat([slot.tensor.detach().reshape(-1).float().cpu() for slot in self.slots])

    @torch.no_grad()
    def write(self, vector: torch.Tensor) -> None:
        for slot in self.slots:
            slot.tensor.copy_(vector[slot.start : slot.stop].view_as(slot.tensor))

    def slot_of(self, module: str, attribute: str) -> tuple[nn.Module, Slot] | None:
        """The module of that path and the slot of its tensor, also when the tensor is tied."""
        try:
            owner = self.model.get_submodule(module)
        except AttributeError:
            return None
        tensor = getattr(owner, attribute, None)
        slot = self._by_tensor.get(id(tensor))
        return None if slot is None else (owner, slot)


def full_delta(base: Bundle, theta0: torch.Tensor, folder: Path) -> torch.Tensor:
    """[P]: the difference between the model in ``folder`` and the base."""
    patch = load_model(folder, base.task)
    if patch.labels != base.labels:
        raise BadInput(
            "The model's label map is not the base's",
            where=f"{folder.name}/config.json, id2label",
            next="Keep the labels of the base and their order.",
        )
    ours, theirs = Parameters(patch.model), Parameters(base.model)
    shapes = [(slot.name, tuple(slot.tensor.shape)) for slot in ours.slots]
    for found, expected in zip(
        shapes, [(slot.name, tuple(slot.tensor.shape)) for slot in theirs.slots], strict=False
    ):
        if found != expected:
            raise _other_architecture(folder, found, expected)
    if len(ours.slots) != len(theirs.slots):
        raise _other_architecture(folder, (f"{len(ours.slots)} tensors", ()), ("other", ()))
    return ours.read().sub_(theta0)


def _other_architecture(folder: Path, found: Any, expected: Any) -> BadInput:
    return BadInput(
        f"It is a model of another architecture than the base: {found[0]} {list(found[1])} "
        f"stands where the base has {expected[0]} {list(expected[1])}",
        where=folder.name,
        next="Fine-tune from the base revision of the track.",
    )


def adapter_delta(parameters: Parameters, theta0: torch.Tensor, folder: Path) -> torch.Tensor:
    """[P]: what merging the LoRA adapter in ``folder`` would add to the base."""
    config = _read_config(folder)
    delta = torch.zeros_like(theta0)
    factors: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in _read_tensors(folder).items():
        plain = name.removeprefix(PREFIX).replace(".base_layer.", ".")
        suffix = next((ending for ending in _FACTORS if plain.endswith(ending)), None)
        if suffix is None and not tensor.is_floating_point():
            continue  # a counter, such as num_batches_tracked
        if suffix is None:
            _replace(delta, parameters, theta0, plain, tensor, folder)
        else:
            factors.setdefault(plain.removesuffix(suffix), {})[_FACTORS[suffix]] = tensor
    for module, pair in factors.items():
        _add_product(delta, parameters, module, pair, config, folder)
    return delta


def scaling(config: Mapping[str, Any], module: str, rank: int) -> float:
    """alpha / r, or alpha / sqrt(r) for rank-stabilised LoRA."""
    alpha = pattern_value(config.get("alpha_pattern"), module, config.get("lora_alpha", 8))
    return float(alpha) / (math.sqrt(rank) if config.get("use_rslora") else rank)


def _add_product(
    delta: torch.Tensor,
    parameters: Parameters,
    module: str,
    pair: Mapping[str, torch.Tensor],
    config: Mapping[str, Any],
    folder: Path,
) -> None:
    found = parameters.slot_of(module, "weight")
    if found is None or set(pair) != {"A", "B"}:
        problem = "one factor only" if found else "no weight in the base"
        raise _misfit(folder, f"{module} has {problem}")
    owner, slot = found
    a, b = pair["A"].float(), pair["B"].float()  # (r, in, …) and (out, r, …)
    rank = int(pattern_value(config.get("rank_pattern"), module, config.get("r", 8)))
    if a.shape[0] != rank or b.shape[1] != rank:
        raise _misfit(folder, f"{module} does not have rank {rank}")
    product = b.reshape(len(b), rank) @ a.reshape(rank, -1)
    # Conv1D of GPT-2 and embeddings store in x out.
    if isinstance(owner, Conv1D | nn.Embedding):
        product = product.T
    if product.numel() != slot.stop - slot.start or len(product) != len(slot.tensor):
        raise _misfit(folder, f"{module} changes {list(product.shape)} values")
    delta[slot.start : slot.stop] += product.reshape(-1) * scaling(config, module, rank)


def _replace(
    delta: torch.Tensor,
    parameters: Parameters,
    theta0: torch.Tensor,
    name: str,
    tensor: torch.Tensor,
    folder: Path,
) -> None:
    module, _, attribute = name.rpartition(".")
    found = parameters.slot_of(module, attribute)
    if found is None or found[1].tensor.shape != tensor.shape:
        raise _misfit(folder, f"{name} is not in the base with shape {list(tensor.shape)}")
    slot = found[1]
    before = theta0[slot.start : slot.stop]
    delta[slot.start : slot.stop] = tensor.float().reshape(-1) - before


def _read_config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        refused = unsupported(config)
        kind = config.get("peft_type")
    except (OSError, ValueError, AttributeError) as error:
        raise BadInput(
            f"{folder.name} is not an adapter folder: {error}",
            where=f"{folder.name}/adapter_config.json",
            next="Give the folder that PEFT's save_pretrained wrote.",
        ) from error
    if kind != "LORA" or refused:
        what = f"sets {', '.join(refused)}" if refused else f"is of type {kind!r}"
        raise BadInput(
            f"The adapter {what}, so its change is not scaling times B times A",
            where=f"{folder.name}/adapter_config.json",
            next="Train a plain LoRA adapter.",
        )
    return dict(config)


def _read_tensors(folder: Path) -> dict[str, torch.Tensor]:
    try:
        return dict(load_file(folder / "adapter_model.safetensors"))
    except (OSError, SafetensorError) as error:
        raise BadInput(
            f"The adapter's weights cannot be read: {error}",
            where=f"{folder.name}/adapter_model.safetensors",
            next="Save the adapter with PEFT's save_pretrained, as safetensors.",
        ) from error


def _misfit(folder: Path, problem: str) -> BadInput:
    return BadInput(f"The adapter does not fit the base: {problem}", where=folder.name, next=_FIX)
