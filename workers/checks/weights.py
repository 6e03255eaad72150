"""A model's weights held against the base: same tensors, same shapes, same labels."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workers.checks.findings import Finding, Severity
from workers.checks.tensors import FLOATS, HeaderError, TensorInfo, read_header
from workers.checks.tree import Entry, Tree

CONFIG = "config.json"
_SHAPING = ("model_type", "architectures", "hidden_size", "num_hidden_layers", "vocab_size")
_SAME_TRACK = (
    "A patch keeps the base's architecture, labels and vocabulary: fine-tune from the base "
    "revision of this track. Another architecture needs another track."
)
_TOKENIZER = frozenset(
    {"tokenizer.json", "vocab.txt", "vocab.json", "merges.txt", "spiece.model",
     "tokenizer.model", "sentencepiece.bpe.model", "added_tokens.json"}
)  # fmt: skip


@dataclass(frozen=True)
class Base:
    """What the platform keeps of a track's base: tensors by name, and its config.json."""

    tensors: dict[str, TensorInfo]
    config: dict[str, Any]

    @classmethod
    def parse(cls, value: Mapping[str, Any]) -> Base:
        tensors = {
            name: TensorInfo(tuple(info["shape"]), info["dtype"])
            for name, info in (value.get("tensors") or {}).items()
        }
        return cls(tensors, dict(value.get("config") or {}))


def model_tensors(tree: Tree) -> dict[str, TensorInfo]:
    """Tensors of the model at the root (one file or shards); files with faults count as empty."""
    found: dict[str, TensorInfo] = {}
    for entry in tree.named(".safetensors"):
        if entry.at_root and not entry.name.startswith("adapter"):
            try:
                found.update(read_header(entry.file).tensors)
            except HeaderError:
                continue  # reported by the file check
    return found


def read_json(entry: Entry) -> tuple[dict[str, Any] | None, Finding | None]:
    try:
        value = json.loads(entry.file.read_bytes())
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        message = f"{entry.path} is not valid JSON: {str(error)[:150]}."
        return None, _block("json", message, "Write the file again.", entry.path, line)
    if not isinstance(value, dict):
        message = f"{entry.path} must hold a JSON object."
        return None, _block("json", message, "Write the file again.", entry.path)
    return value, None


def model_findings(
    tree: Tree, base: Base | None, changed: frozenset[str] | None
) -> Iterator[Finding]:
    """`changed` names the paths the patch touches; None means all of them are new."""
    entry = tree.get(CONFIG)
    config: dict[str, Any] | None = None
    if entry is not None:
        config, fault = read_json(entry)
        if fault is not None:
            yield fault
    if config is not None and config.get("auto_map"):
        message = f"{CONFIG} has an auto_map, which makes loaders run code of the repository."
        yield _block("remote-code", message, "Remove the auto_map entry.", CONFIG)
    yield from _index(tree)
    if base is None:
        return
    yield from tensor_findings(model_tensors(tree), base)
    if config is not None:
        yield from _config_findings(config, base)
    for path in sorted((changed or frozenset()) & _TOKENIZER):
        message = f"{path} changes the tokenizer; a release keeps the base's, so it has no effect."
        fix = "Leave the tokenizer out of the patch; a new vocabulary needs a new track."
        yield Finding("tokenizer", Severity.WARN, message, fix, path)


def tensor_findings(tensors: dict[str, TensorInfo], base: Base) -> Iterator[Finding]:
    if not base.tensors:
        return
    if not tensors:
        message = "The repository has no readable model.safetensors at its root."
        fix = "Upload the whole model as save_pretrained writes it."
        yield _block("tensors", message, fix, "model.safetensors")
        return
    differences = list(_differences(tensors, base.tensors))
    if differences:
        shown = "; ".join(differences[:3])
        more = f"; and {len(differences) - 3} more" if len(differences) > 3 else ""
        message = f"This is a model of another architecture than the track's: {shown}{more}."
        yield _block("tensors", message, _SAME_TRACK, "model.safetensors")


def _differences(tensors: dict[str, TensorInfo], base: dict[str, TensorInfo]) -> Iterator[str]:
    for name in sorted(base.keys() | tensors.keys()):
        if name not in tensors:
            yield f"{name} is missing"
        elif name not in base:
            yield f"{name} is not in the base"
        elif tensors[name].shape != base[name].shape:
            yield (
                f"{name} has shape {list(tensors[name].shape)}, "
                f"the base has {list(base[name].shape)}"
            )
        elif not _same_family(tensors[name].dtype, base[name].dtype):
            yield f"{name} is {tensors[name].dtype}, the base has {base[name].dtype}"


def _same_family(dtype: str, other: str) -> bool:
    """Deltas are taken in fp32, so any float type will do; integers must be equal."""
    return dtype == other or (dtype in FLOATS and other in FLOATS)


def _config_findings(config: dict[str, Any], base: Base) -> Iterator[Finding]:
    for key in _SHAPING:
        ours, theirs = config.get(key), base.config.get(key)
        if theirs is not None and ours is not None and ours != theirs:
            message = f"{CONFIG} has {key} {ours!r}, the base has {theirs!r}."
            yield _block("config", message[:400], _SAME_TRACK, CONFIG)
    ours, theirs = labels(config), labels(base.config)
    if theirs and ours != theirs:
        message = (
            f"{CONFIG} maps labels differently from the base: {_label_difference(ours, theirs)}."
        )
        fix = "Keep id2label and label2id of the base; new labels need a new track."
        yield _block("label-map", message, fix, CONFIG)


def labels(config: Mapping[str, Any]) -> dict[int, str]:
    """id → label; a config without a map gives {}."""
    raw = config.get("id2label")
    if not isinstance(raw, dict):
        return {}
    return {int(key): str(value) for key, value in raw.items() if str(key).isdigit()}


def _label_difference(ours: dict[int, str], theirs: dict[int, str]) -> str:
    for number in sorted(ours.keys() | theirs.keys()):
        if ours.get(number) != theirs.get(number):
            return f"{number} is {ours.get(number)!r}, the base has {theirs.get(number)!r}"
    return "no difference"


def _index(tree: Tree) -> Iterator[Finding]:
    entry = tree.get("model.safetensors.index.json")
    if entry is None:
        return
    index, fault = read_json(entry)
    if fault is not None or index is None:
        if fault is not None:
            yield fault
        return
    weight_map = index.get("weight_map")
    shards = set(weight_map.values()) if isinstance(weight_map, dict) else set()
    for shard in sorted(str(name) for name in shards):
        if "/" in shard or tree.get(shard) is None:
            message = f"{entry.path} names the file {shard[:100]!r}, which is not beside it."
            yield _block("shards", message, "Upload all shards with their index.", entry.path)


def _block(rule: str, message: str, fix: str, path: str, line: int | None = None) -> Finding:
    return Finding(rule, Severity.BLOCK, message, fix, path, line)
