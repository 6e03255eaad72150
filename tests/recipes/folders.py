"""A job folder as a test sees it: change what is in it, run it, read what came out."""

from __future__ import annotations

import hashlib
import importlib
import json
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import load_file, save_file


class JobFolder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def spec(self, **changes: Any) -> None:
        """Sets keys of the spec; None removes one."""
        spec = json.loads((self / "spec.json").read_text()) | changes
        kept = {key: value for key, value in spec.items() if value is not None}
        (self / "spec.json").write_text(json.dumps(kept))

    def recipe(self, **changes: Any) -> None:
        """Sets keys of the recipe; None removes one."""
        recipe = yaml.safe_load((self / "in/recipe.yaml").read_text()) | changes
        kept = {key: value for key, value in recipe.items() if value is not None}
        (self / "in/recipe.yaml").write_text(yaml.safe_dump(kept))

    def config(self, **changes: Any) -> None:
        path = self / "in/model/config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    def train_rows(self) -> list[dict[str, Any]]:
        lines = (self / "in/data/train/part-0.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def write_train_rows(self, rows: list[dict[str, Any]]) -> None:
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (self / "in/data/train/part-0.jsonl").write_text(lines)

    def run(self, kind: str = "finetune") -> dict[str, Any]:
        """Runs the program and returns result.json, whose status its exit code must repeat."""
        from workers.training.spec import run_program

        program = importlib.import_module(f"workers.recipes.{kind}")
        code = run_program(kind, program.main, [str(self.path)])
        result: dict[str, Any] = json.loads((self / "result.json").read_text())
        assert code == (0 if result["status"] == "ok" else 1)
        return result

    def succeed(self, kind: str = "finetune") -> dict[str, Any]:
        result = self.run(kind)
        assert result["status"] == "ok", result["failure"]
        assert result["failure"] is None
        return result

    def fail(self, kind: str = "finetune") -> dict[str, str]:
        """The failure, which always says what, where it can be said, and what to do next."""
        result = self.run(kind)
        assert result["status"] == "failed"
        failure: dict[str, str] = result["failure"]
        assert failure["message"]
        assert failure["next"]
        return failure

    def weights(self, name: str = "in/model/model.safetensors") -> dict[str, torch.Tensor]:
        """Copies of the tensors: the file is mapped into memory, and tests write over it."""
        loaded = load_file(self / name)
        return {key: value.clone() for key, value in loaded.items()}

    def write_weights(
        self, weights: dict[str, torch.Tensor], name: str = "in/model/model.safetensors"
    ) -> None:
        save_file(weights, self / name, metadata={"format": "pt"})

    def digest(self, name: str) -> str:
        return hashlib.sha256((self / name).read_bytes()).hexdigest()
