"""The machine a job computes on, set so that the same spec gives the same numbers."""

from __future__ import annotations

import os
import random
import warnings

import numpy as np
import torch
from transformers.utils import logging as transformers_logging

from workers.training.errors import JobError


def prepare_device(wanted: str, *, threads: int, seed: int) -> tuple[str, str]:
    """Sets threads, seeds and deterministic kernels; returns torch's name and a readable one."""
    # cuBLAS is deterministic only with a fixed workspace, read once at CUDA start-up.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false" if threads == 1 else "true")
    device = "cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu"
    if wanted == "cuda" and device == "cpu":
        raise JobError(
            "The spec asks for a CUDA device and this machine has none",
            where="spec.json, device",
            next='Run it on a GPU worker, or set "device" to "auto".',
        )
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    # A check that costs time; torch sets it through a module without types.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
    seed_everything(seed)
    quieten()
    return device, torch.cuda.get_device_name() if device == "cuda" else "cpu"


def seed_everything(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def quieten() -> None:
    """Libraries' bars and advice stay out of the contributor's log; our errors say it better."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    warnings.filterwarnings("ignore", module=r"(transformers|peft|torch|huggingface_hub)(\.|$)")
