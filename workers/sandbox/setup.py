"""What is decided about a sandbox before it starts."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from workers.sandbox.limits import Limits

# own-account: root turns into an account without rights first. as-started: it stays what it is.
Mode = Literal["own-account", "as-started", "none"]
CARDS = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER")


@dataclass(frozen=True)
class Programs:
    """Which module runs for a kind of job; `folder` holds modules beyond those we ship."""

    modules: Mapping[str, str] = field(
        default_factory=lambda: {
            kind: f"workers.recipes.{kind}"
            for kind in ("check", "finetune", "benchmark", "merge", "attribute")
        }
    )
    folder: Path | None = None


@dataclass(frozen=True)
class Setup:
    """What is fixed when a sandbox starts, which for a warm one is before its job exists."""

    work: Path
    mode: Mode
    programs: Programs = field(default_factory=Programs)
    limits: Limits = field(default_factory=Limits)
    preload: tuple[str, ...] = ()
    cuda: bool = False
    threads: int = 1
    nice: int = 0

    def environment(self, tmp: str) -> dict[str, str]:
        """All that the program gets; of the runner's own only which graphics card is its."""
        cards = [name for name in CARDS if self.cuda and name in os.environ]
        return {
            **{name: os.environ[name] for name in cards},
            "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
            "HOME": tmp,
            "TMPDIR": tmp,
            "USER": "job",
            "LOGNAME": "job",
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "HF_HOME": f"{tmp}/hf",
            "HF_HUB_OFFLINE": "1",
            "TRANSFORMERS_OFFLINE": "1",
            "HF_DATASETS_OFFLINE": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "OMP_NUM_THREADS": str(self.threads),
            "OPENBLAS_NUM_THREADS": "1",
            "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
            "JE_ARROW_MALLOC_CONF": "background_thread:false",
        }
