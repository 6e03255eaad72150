"""LoRA adapters: where they lie, and whether they fit the base."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workers.checks.findings import Finding, Severity
from workers.checks.tensors import HeaderError, TensorInfo, read_header
from workers.checks.tree import Tree
from workers.checks.weights import Base, read_json

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
PREFIX = "base_model.model."
_FACTOR = re.compile(r"^(?P<module>.+)\.lora_(?:embedding_)?(?P<factor>[AB])(?:\.weight)?$")
_FIX_FIT = (
    "Train the adapter on the base revision of this track and save it with PEFT's save_pretrained."
)
# Variants whose change of the weights is not scaling * B @ A, so that it cannot be merged here.
UNSUPPORTED = (
    "use_dora", "use_qalora", "use_bdlora", "lora_bias", "trainable_token_indices",
    "target_parameters", "layer_replication", "megatron_config", "arrow_config",
    "alora_invocation_tokens", "kasa_config", "velora_config", "monteclora_config",
)  # fmt: skip


@dataclass(frozen=True)
class AdapterTensors:
    """Names are those of the base model; factors hold (A, B) per module."""

    factors: dict[str, dict[str, TensorInfo]]
    replaced: dict[str, TensorInfo]


# A module of transformers' own models, as PEFT writes it.
_TRANSFORMERS_MODULE = re.compile(r"transformers\.models\.\w+\.modeling_\w+")


def split_tensors(tensors: Mapping[str, TensorInfo]) -> AdapterTensors:
    factors: dict[str, dict[str, TensorInfo]] = {}
    replaced: dict[str, TensorInfo] = {}
    for name, info in tensors.items():
        # PEFT saves a trained bias under the layer it wraps.
        plain = name.removeprefix(PREFIX).replace(".base_layer.", ".")
        match = _FACTOR.match(plain)
        if match:
            factors.setdefault(match["module"], {})[match["factor"]] = info
        else:
            replaced[plain] = info
    return AdapterTensors(factors, replaced)


def adapter_findings(tree: Tree, base: Base | None) -> Iterator[Finding]:
    if tree.get(CONFIG) or tree.get(WEIGHTS):
        yield _block(
            "adapter-place",
            f"{CONFIG} lies at the root, where it would replace the model for everybody who "
            "loads this repository.",
            "Move the adapter's files to adapters/<name>/, for example: "
            "hf upload <repo> ./adapter adapters/my-adapter --create-pr",
            CONFIG if tree.get(CONFIG) else WEIGHTS,
        )
    for entry in tree.entries:
        if entry.name in {CONFIG, WEIGHTS} and not entry.at_root:
            parts = entry.path.split("/")
            if len(parts) != 3 or parts[0] != "adapters":
                message = f"{entry.path} does not lie in adapters/<name>/."
                yield _block("adapter-place", message, "Move it there.", entry.path)
    for folder in adapter_folders(tree):
        yield from _one(tree, folder, base)


def adapter_folders(tree: Tree) -> list[str]:
    folders = {
        entry.path.rsplit("/", 1)[0]
        for entry in tree.entries
        if entry.name in {CONFIG, WEIGHTS} and entry.path.startswith("adapters/")
    }
    return sorted(folder for folder in folders if folder.count("/") == 1)


def _one(tree: Tree, folder: str, base: Base | None) -> Iterator[Finding]:
    config_entry, weights_entry = tree.get(f"{folder}/{CONFIG}"), tree.get(f"{folder}/{WEIGHTS}")
    if config_entry is None or weights_entry is None:
        missing = WEIGHTS if config_entry else CONFIG
        message = f"{folder} has no {missing}, so the adapter cannot be loaded."
        yield _block("adapter", message, "Upload both files.", f"{folder}/{missing}")
        return
    config, fault = read_json(config_entry)
    if fault is not None:
        yield fault
    if config is not None:
        yield from _kind_findings(config, config_entry.path)
    try:
        tensors = split_tensors(read_header(weights_entry.file).tensors)
    except HeaderError:
        return  # reported by the file check
    if base is not None and base.tensors and config is not None:
        problems = list(_misfits(tensors, config, base.tensors))
        if problems:
            more = f"; and {len(problems) - 3} more" if len(problems) > 3 else ""
            message = f"{folder} does not fit the base: {'; '.join(problems[:3])}{more}."
            yield _block("adapter", message, _FIX_FIT, weights_entry.path)


def _kind_findings(config: Mapping[str, Any], path: str) -> Iterator[Finding]:
    kind = config.get("peft_type")
    if kind != "LORA":
        message = f"{path} has peft_type {kind!r}; only LORA adapters can be merged exactly."
        yield _block("adapter", message, "Train it with LoraConfig.", path)
    for key in unsupported(config):
        message = f"{path} sets {key}; its change of the weights is not scaling times B times A."
        yield _block("adapter", message, f"Train the adapter without {key}.", path)
    if not _is_known_library(config.get("auto_mapping")):
        message = f"{path} has an auto_mapping, which makes loaders import code by name."
        yield _block("remote-code", message, "Set auto_mapping to null.", path)


def _is_known_library(auto_mapping: object) -> bool:
    """PEFT writes where the base's class lies when it has no task type for it, as for images.

    Only modules of transformers pass: a loader imports what stands here.
    """
    if auto_mapping is None:
        return True
    library = auto_mapping.get("parent_library") if isinstance(auto_mapping, Mapping) else None
    return isinstance(library, str) and bool(_TRANSFORMERS_MODULE.fullmatch(library))


def unsupported(config: Mapping[str, Any]) -> list[str]:
    return [key for key in UNSUPPORTED if config.get(key)] + [
        f"{key} with groups or many repetitions"
        for key in ("rank_pattern", "alpha_pattern")
        if not all(_is_simple(str(pattern)) for pattern in config.get(key) or ())
    ]


def _is_simple(pattern: str) -> bool:
    """Patterns are regular expressions of strangers: only such as cannot take long to match."""
    repetitions = sum(pattern.count(sign) for sign in "*+{?")
    return "(" not in pattern and repetitions <= 3 and len(pattern) <= 200


def pattern_value(patterns: object, module: str, default: Any) -> Any:
    """The entry of PEFT's rank_pattern or alpha_pattern that applies to a module."""
    if isinstance(patterns, Mapping):
        for pattern, value in patterns.items():
            try:
                if re.match(rf"(.*\.)?({pattern})$", module):
                    return value
            except re.error:
                continue
    return default


def _misfits(
    tensors: AdapterTensors, config: Mapping[str, Any], base: Mapping[str, TensorInfo]
) -> Iterator[str]:
    if not tensors.factors and not tensors.replaced:
        yield "it holds no tensors"
    renamed = _are_renamed(tensors.factors, base)
    for module, factors in sorted(tensors.factors.items()):
        weight = base.get(f"{module}.weight")
        if set(factors) != {"A", "B"}:
            yield f"{module} has only one of the factors A and B"
        elif weight is None:
            if not renamed or not _fits_somewhere(factors, base):
                yield f"{module} is not in the base"
        else:
            yield from _factor_misfits(module, factors, config, weight)
    for name, info in sorted(tensors.replaced.items()):
        if name not in base:
            yield f"{name} is not in the base"
        elif info.shape != base[name].shape:
            yield f"{name} has shape {list(info.shape)}, the base has {list(base[name].shape)}"


def _are_renamed(modules: Iterable[str], base: Mapping[str, TensorInfo]) -> bool:
    """Whether no target has the name of a file's tensor, yet all lie in the same backbone.

    transformers loads some architectures (ViT) under other names than their files have, and PEFT
    writes the loaded ones. Headers cannot say which is which, so shapes decide here; the
    benchmark, which loads the model, is strict.
    """
    roots = {name.split(".")[0] for name in base if "." in name}
    modules = list(modules)
    return all(
        f"{module}.weight" not in base and module.split(".")[0] in roots for module in modules
    )


def _fits_somewhere(factors: dict[str, TensorInfo], base: Mapping[str, TensorInfo]) -> bool:
    a, b = factors["A"].shape, factors["B"].shape
    if len(a) < 2 or len(b) < 2:
        return False
    shapes = {info.shape for info in base.values()}
    return (b[0], *a[1:]) in shapes or (a[1], b[0]) in shapes


def _factor_misfits(
    module: str, factors: dict[str, TensorInfo], config: Mapping[str, Any], weight: TensorInfo
) -> Iterator[str]:
    """A is (r, in, …) and B (out, r, …); an embedding or Conv1D weight is stored transposed."""
    a, b = factors["A"].shape, factors["B"].shape
    rank = pattern_value(config.get("rank_pattern"), module, config.get("r"))
    if len(a) < 2 or len(b) < 2 or a[0] != b[1]:
        yield f"{module} has factors of shapes {list(a)} and {list(b)}"
        return
    if a[0] != rank:
        yield f"{module} has rank {a[0]}, {CONFIG} says {rank}"
    if (b[0], *a[1:]) != weight.shape and (a[1], b[0]) != weight.shape:
        yield f"{module} changes {b[0]} x {a[1]} values, the base has {list(weight.shape)}"


def _block(rule: str, message: str, fix: str, path: str) -> Finding:
    return Finding(rule, Severity.BLOCK, message, fix, path)
