"""Writing a model or adapter folder: safetensors only, all of it or nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workers.training.model import Bundle

# Files of a preprocessor that save_pretrained writes; they pass through a job unchanged.
PREPROCESSOR_FILES = (
    "added_tokens.json",
    "merges.txt",
    "preprocessor_config.json",
    "processor_config.json",
    "sentencepiece.bpe.model",
    "special_tokens_map.json",
    "spiece.model",
    "spm.model",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
)
ONE_FILE = "1000GB"


@contextmanager
def written_whole(folder: Path) -> Iterator[Path]:
    """A folder beside the final one, renamed only when everything in it was written."""
    temporary = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    yield temporary
    shutil.rmtree(folder, ignore_errors=True)
    temporary.rename(folder)


def save_model(bundle: Bundle, folder: Path) -> None:
    """The weights in float32 beside the untouched preprocessor files of the loaded model."""
    with written_whole(folder) as temporary:
        model: Any = bundle.model
        model.save_pretrained(temporary, max_shard_size=ONE_FILE)
        for path in temporary.iterdir():
            if path.suffix != ".safetensors":
                path.unlink()
        for name in PREPROCESSOR_FILES:
            if (bundle.folder / name).is_file():
                shutil.copyfile(bundle.folder / name, temporary / name)
        (temporary / "config.json").write_bytes(_config(bundle.folder / "config.json"))


def _config(source: Path) -> bytes:
    """The loaded model's own config.json, which names float32, as the weights now are."""
    text = source.read_bytes()
    config: dict[str, Any] = json.loads(text)
    narrow = [key for key in ("dtype", "torch_dtype") if config.get(key, "float32") != "float32"]
    if not narrow:
        return text
    config |= dict.fromkeys(narrow, "float32")
    return (json.dumps(config, indent=2) + "\n").encode()


def save_adapter(model: Any, folder: Path) -> None:
    """What PEFT's from_pretrained loads; it names no base, whose path is of no use elsewhere."""
    with written_whole(folder) as temporary:
        model.save_pretrained(temporary, safe_serialization=True)
        (temporary / "README.md").unlink(missing_ok=True)
        path = temporary / "adapter_config.json"
        config = json.loads(path.read_text(encoding="utf-8"))
        config["base_model_name_or_path"] = None
        config["modules_to_save"] = sorted(set(config["modules_to_save"] or [])) or None
        path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
