"""LoRA adapters in PEFT's format: read strictly, never unpickled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from workers.training.errors import BadInput
from workers.training.recipe import Lora
from workers.training.tasks import Task

if TYPE_CHECKING:  # importing PEFT takes a second, and jobs without an adapter do not need it
    from peft import LoraConfig, PeftModel

# Options that import named modules, need data, or change the architecture.
REFUSED = (
    "megatron_config",
    "layer_replication",
    "loftq_config",
    "eva_config",
    "corda_config",
    "trainable_token_indices",
)
WEIGHTS = "adapter_model.safetensors"


def attach_adapter(model: nn.Module, folder: Path) -> PeftModel:
    """Wraps the model in the adapter, every tensor accounted for."""
    from peft import get_peft_model, set_peft_model_state_dict

    config = _read_adapter_config(folder)
    try:
        weights = load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise BadInput(
            f"The adapter's weights cannot be read: {error}",
            where=f"{folder.name}/{WEIGHTS}",
            next="Save the adapter with PEFT's save_pretrained, as safetensors.",
        ) from error
    try:
        wrapped = get_peft_model(model, config)
        report: Any = set_peft_model_state_dict(wrapped, weights)
    except (ValueError, RuntimeError, KeyError, TypeError) as error:
        raise BadInput(
            f"The adapter does not fit the model: {str(error).strip().splitlines()[-1].strip()}",
            where=folder.name,
            next="Train the adapter on this base model.",
        ) from error
    missing = [name for name in report.missing_keys if ".lora_" in name or "modules_to_" in name]
    faults = [f"{name} is missing" for name in missing]
    faults += [f"{name} is not part of the adapter" for name in report.unexpected_keys]
    if faults:
        raise BadInput(
            f"The adapter does not fit its configuration: {'; '.join(sorted(faults)[:5])}",
            where=f"{folder.name}/{WEIGHTS}",
            next="Save configuration and weights together with PEFT's save_pretrained.",
        )
    return wrapped


def merge_adapter(model: nn.Module, folder: Path) -> nn.Module:
    """The plain model with the adapter's change added to its weights."""
    merged: nn.Module = attach_adapter(model, folder).merge_and_unload()
    return merged


def add_lora(model: nn.Module, lora: Lora, task: Task, head: str, where: str) -> PeftModel:
    """Wraps the model in a fresh adapter; by default all linear layers, and the head in full."""
    from peft import LoraConfig, get_peft_model

    saved = [_head_module(model, head)] if lora.modules_to_save is None else lora.modules_to_save
    kinds = _linear_kinds(model, saved)
    wanted = lora.target_modules
    targets = kinds if isinstance(wanted, str) else wanted
    _refuse_unknown_modules(model, "target_modules", targets, kinds, where)
    _refuse_unknown_modules(model, "modules_to_save", saved, kinds, where)
    config = LoraConfig(
        task_type=task.peft_task_type,
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=targets,
        modules_to_save=saved or None,
    )
    try:
        return get_peft_model(model, config)
    except (ValueError, TypeError) as error:
        raise BadInput(
            f"lora does not fit the model: {str(error).strip().splitlines()[0]}",
            where=where,
            next=_name_one_of(kinds),
        ) from error


def _name_one_of(kinds: list[str]) -> str:
    return (
        f"The linear layers of the model are {', '.join(kinds)}."
        if kinds
        else "The model has no linear layers: use method: full."
    )


def _refuse_unknown_modules(
    model: nn.Module, key: str, wanted: list[str], kinds: list[str], where: str
) -> None:
    names = [f".{name}" for name, _ in model.named_modules()]
    for name in wanted:
        if not any(known.endswith(f".{name}") for known in names):
            raise BadInput(
                f'lora.{key}: the model has no module "{name}"',
                where=where,
                next=_name_one_of(kinds),
            )


def _head_module(model: nn.Module, head: str) -> str:
    """The whole classifier where the head is its last layer, as PEFT itself saves it."""
    top = head.partition(".")[0]
    return head if top == getattr(model, "base_model_prefix", "") else top


def _linear_kinds(model: nn.Module, saved: list[str]) -> list[str]:
    """Last parts of the names of linear layers, without those saved in full.

    PEFT takes a module to save by the end of its name: "classifier" is "pre_classifier" too.
    """
    from transformers.pytorch_utils import Conv1D

    inside = [name for name, _ in model.named_modules() if name.endswith(tuple(saved))]
    free = {
        name.rpartition(".")[2]
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear | Conv1D)
        and not any(name == top or name.startswith(f"{top}.") for top in inside)
    }
    return sorted(free)


def _read_adapter_config(folder: Path) -> LoraConfig:
    from peft import LoraConfig

    where = f"{folder.name}/adapter_config.json"
    try:
        values: Any = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        kind = values.get("peft_type")
    except (OSError, ValueError, AttributeError) as error:
        raise BadInput(
            f"{folder.name} is not an adapter folder: {error}",
            where=where,
            next="Give the folder that PEFT's save_pretrained wrote.",
        ) from error
    used = [name for name in REFUSED if values.get(name)]
    if kind != "LORA" or used:
        what = f"uses {', '.join(used)}" if kind == "LORA" else f"is of type {kind!r}"
        raise BadInput(
            f"The adapter {what}, which is not supported",
            where=where,
            next="Train a plain LoRA adapter (peft_type LORA).",
        )
    known = LoraConfig.__dataclass_fields__
    return LoraConfig(**{name: value for name, value in values.items() if name in known})
