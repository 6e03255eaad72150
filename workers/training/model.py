"""A task model with its preprocessor and labels, loaded without running anybody's code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import nn

from workers.training.adapters import merge_adapter
from workers.training.errors import BadInput, OutOfMemory, as_job_error
from workers.training.tasks import Task

VOCABULARIES = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "spiece.model",
    "spm.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
)
UNLIMITED = 1_000_000  # tokenizers without a limit claim 1e30


@dataclass
class Bundle:
    """A model and what it needs to read examples. Parameters are float32."""

    model: nn.Module
    preprocessor: Any  # a fast tokenizer, or an image processor
    labels: list[str]  # by id
    task: Task
    folder: Path  # where it was loaded from

    @property
    def label_ids(self) -> dict[str, int]:
        return {label: number for number, label in enumerate(self.labels)}

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    @property
    def padding(self) -> dict[str, int]:
        return {
            "input_ids": self.preprocessor.pad_token_id,
            "token_type_ids": self.preprocessor.pad_token_type_id,
        }

    @property
    def longest(self) -> int:
        """Tokens that fit: the lower of the tokenizer's and the model's limit."""
        config: Any = self.model.config
        limits = [self.preprocessor.model_max_length]
        positions = getattr(config, "max_position_embeddings", None)
        if isinstance(positions, int) and positions > 0:
            reserved = "roberta" in config.model_type or config.model_type == "camembert"
            limits.append(positions - (config.pad_token_id + 1 if reserved else 0))
        known = [limit for limit in limits if limit < UNLIMITED]
        return int(min(known)) if known else 512


def load_model(
    folder: Path, task: Task, adapter: Path | None = None, device: str = "cpu"
) -> Bundle:
    """Loads what ``save_pretrained`` wrote; an adapter is merged into the weights.

    Every tensor must be there with its shape: nothing is silently re-initialised.
    """
    labels = _read_labels(folder)
    model = _load_weights(folder, task)
    preprocessor = _load_preprocessor(folder, task)
    _refuse_unknown_tokens(model, preprocessor, folder)
    if adapter is not None:
        model = merge_adapter(model, adapter)
    _refuse_non_finite(model, adapter or folder)
    model.to(device).eval()
    return Bundle(model, preprocessor, labels, task, folder)


def _read_labels(folder: Path) -> list[str]:
    config = _read_config(folder)
    refused = {
        "auto_map": "asks to run code of its own",
        "quantization_config": "is quantised",
    }
    for key, what in refused.items():
        if config.get(key):
            raise BadInput(
                f"The model {what}, which is not allowed here",
                where=f"{folder.name}/config.json, {key}",
                next="Offer a model of an architecture in transformers, in full precision.",
            )
    labels = config.get("id2label")
    numbered = {str(number) for number in range(len(labels))} if isinstance(labels, dict) else None
    if not labels or set(labels) != numbered or len(set(map(str, labels.values()))) != len(labels):
        raise BadInput(
            "The model has no complete label map",
            where=f"{folder.name}/config.json, id2label",
            next='Write "id2label": {"0": "first label", …}, one name a label, no name twice.',
        )
    return [str(labels[str(number)]) for number in range(len(labels))]


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(
            f"{folder.name} is not a model folder: it has no config.json",
            where=folder.name,
            next="Give the folder that save_pretrained wrote.",
        ) from error
    except ValueError as error:
        raise BadInput(
            f"config.json is not JSON: {error}",
            where=f"{folder.name}/config.json",
            next="Write it again with save_pretrained.",
        ) from error
    return config if isinstance(config, dict) else {}


def _load_weights(folder: Path, task: Task) -> nn.Module:
    if not any(folder.glob("*.safetensors")):
        raise BadInput(
            "The model has no safetensors weights",
            where=folder.name,
            next="Save it with save_pretrained, which writes model.safetensors.",
        )
    try:
        model: nn.Module
        model, report = getattr(transformers, task.auto_class).from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            ignore_mismatched_sizes=True,  # so that the report can name the tensors
            output_loading_info=True,
            dtype=torch.float32,
        )
    except Exception as error:  # of many libraries, and all about what the folder holds
        if isinstance(as_job_error(error), OutOfMemory):
            raise
        raise BadInput(
            f"The model cannot be loaded for {task.value}: {str(error).strip().splitlines()[0]}",
            where=folder.name,
            next="Check that AutoModel's from_pretrained loads the folder.",
        ) from error
    _refuse_other_tensors(report, folder.name, task)
    return model


def _refuse_other_tensors(report: dict[str, Any], where: str, task: Task) -> None:
    faults = [
        f"{name} has shape {list(found)} and should have {list(expected)}"
        for name, found, expected in sorted(report["mismatched_keys"])
    ]
    faults += [f"{name} is missing" for name in sorted(report["missing_keys"])]
    faults += [f"{name} is not part of the model" for name in sorted(report["unexpected_keys"])]
    faults += list(report.get("error_msgs") or [])
    if faults:
        more = f", and {len(faults) - 5} more" if len(faults) > 5 else ""
        raise BadInput(
            f"The weights do not fit config.json for {task.value}: {'; '.join(faults[:5])}{more}",
            where=f"{where}/model.safetensors",
            next="Save weights and config together with save_pretrained of the task's model.",
        )


def _load_preprocessor(folder: Path, task: Task) -> Any:
    if task is not Task.IMAGE and not any((folder / name).is_file() for name in VOCABULARIES):
        # transformers would make up a tokenizer of that architecture that knows no word.
        raise BadInput(
            "The model has no tokenizer",
            where=f"{folder.name}/tokenizer.json",
            next="Save the tokenizer into the model's folder.",
        )
    try:
        if task is Task.IMAGE:
            # The same pixels on every machine, with torchvision installed or not.
            loader: Any = transformers.AutoImageProcessor
            return loader.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False, backend="pil"
            )
        # Byte-level tokenizers need the space to read words one by one; others ignore it.
        prefix = {"add_prefix_space": True} if task is Task.TOKENS else {}
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, **prefix
        )
    except Exception as error:  # of many libraries, and all about what the folder holds
        needed = "preprocessor_config.json" if task is Task.IMAGE else "tokenizer.json"
        raise BadInput(
            f"The preprocessor cannot be loaded: {str(error).strip().splitlines()[0]}",
            where=f"{folder.name}/{needed}",
            next="Save the tokenizer or image processor into the model's folder.",
        ) from error
    if not tokenizer.is_fast or tokenizer.pad_token_id is None:
        lacks = "a padding token" if tokenizer.is_fast else "a tokenizer.json"
        raise BadInput(
            f"The tokenizer lacks {lacks}",
            where=f"{folder.name}/tokenizer_config.json",
            next="Save a fast tokenizer with a pad_token.",
        )
    return tokenizer


def _refuse_unknown_tokens(model: nn.Module, preprocessor: Any, folder: Path) -> None:
    rows = getattr(model.config, "vocab_size", None)
    if rows is not None and hasattr(preprocessor, "pad_token_id") and len(preprocessor) > rows:
        raise BadInput(
            f"The tokenizer knows {len(preprocessor)} tokens and the model {rows}",
            where=f"{folder.name}/tokenizer.json",
            next="Give the tokenizer that the model was trained with.",
        )


def _refuse_non_finite(model: nn.Module, folder: Path) -> None:
    for name, value in model.named_parameters():
        if not torch.isfinite(value).all():
            raise BadInput(
                f"The tensor {name} holds values that are not finite",
                where=folder.name,
                next="Train again with a lower learning rate, and check the weights for NaN.",
            )


def output_head(model: nn.Module) -> tuple[str, nn.Linear]:
    """The name and module of the last Linear layer with one output a label."""
    config: Any = model.config
    labels = config.num_labels
    heads = [
        (name, module)
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and module.out_features == labels
    ]
    if not heads:
        raise BadInput(
            f"The model has no linear layer with {labels} outputs",
            where="config.json, id2label",
            next="Use an architecture that ends in a linear classifier.",
        )
    return heads[-1]


@torch.no_grad()
def scale_head(model: nn.Module, factor: float) -> None:
    """Multiplies the logits by ``factor``, for a temperature tau by 1 / tau."""
    head = output_head(model)[1]
    head.weight.mul_(factor)
    if head.bias is not None:
        head.bias.mul_(factor)
