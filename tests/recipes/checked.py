"""A repository on disk, and the check program run over it as the platform runs it."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from workers.recipes.check import main
from workers.training.spec import run_program

CARD = "---\nlicense: apache-2.0\n---\n# A model\n"
LICENCE = "Apache License, Version 2.0\n" * 3
CONFIG = {
    "model_type": "bert",
    "id2label": {"0": "no", "1": "yes"},
    "label2id": {"no": 0, "yes": 1},
}
SHAPES = {"layer.query.weight": (4, 3), "classifier.weight": (2, 4), "classifier.bias": (2,)}


def safetensors(shapes, dtype="F32", width=4):
    """The bytes of a safetensors file of zeros."""
    header, position = {}, 0
    for name, shape in shapes.items():
        size = width
        for length in shape:
            size *= length
        header[name] = {
            "dtype": dtype, "shape": list(shape), "data_offsets": [position, position + size],
        }  # fmt: skip
        position += size
    raw = json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + b"\0" * position


def base(config=CONFIG, shapes=SHAPES):
    tensors = {name: {"shape": list(shape), "dtype": "F32"} for name, shape in shapes.items()}
    return {"tensors": tensors, "config": config}


def model(**changes):
    """The files of a model repository in order; a change of None leaves a file out."""
    files = {
        "README.md": CARD,
        "LICENSE": LICENCE,
        "config.json": json.dumps(CONFIG),
        "model.safetensors": safetensors(SHAPES),
    }
    return {path: content for path, content in (files | changes).items() if content is not None}


def check(folder: Path, files, *, status="ok", **spec):
    """The result of checking these files (path → text or bytes)."""
    root = folder / "in" / "head"
    root.mkdir(parents=True)
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    spec = {"format": 1, "kind": "check", "tree": "in/head", "repo_type": "model"} | spec
    (folder / "spec.json").write_text(json.dumps(spec))
    code = run_program("check", main, [str(folder)], needs_torch=False)
    result = json.loads((folder / "result.json").read_text())
    assert (code, result["status"]) == (0 if status == "ok" else 1, status)
    return result


def rules(result, severity="block"):
    return [each["rule"] for each in result["findings"] if each["severity"] == severity]


def only(result):
    """The one finding that blocks."""
    (finding,) = [each for each in result["findings"] if each["severity"] == "block"]
    assert result["verdict"] == "blocked"
    assert finding["message"]
    assert finding["fix"]
    return finding
