"""What goes into a run, what it tells on the way, and what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from workers.failures import Failure
from workers.folder import remove_tree
from workers.inputs import InputFile
from workers.sandbox.limits import Limits


@dataclass(frozen=True)
class Job:
    kind: str
    spec: dict[str, Any]
    inputs: Sequence[InputFile] = ()
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Progress:
    """What is new since the last call, about a second ago."""

    lines: list[dict[str, Any]]
    log: str
    seconds: float
    resident_bytes: int


@dataclass
class Outcome:
    status: Literal["ok", "failed", "cancelled"]
    failure: Failure | None
    result: dict[str, Any] | None
    out: Path
    seconds: float = 0.0
    max_rss: int = 0
    log_tail: str = ""
    sandbox: str = "none"
    started_warm: bool = False
    reason: str = ""  # why it was cancelled

    def discard(self) -> None:
        """Remove the collected files, once they are stored elsewhere."""
        remove_tree(self.out)
