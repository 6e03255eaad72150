"""How a run fails, in the words that its contributor reads."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workers.sandbox.limits import Limits

# One dataset lies there itself, several each in a numbered folder.
_TRAINING_DATA = re.compile(r"\bin/data/train/(?:\d+/)?")
FAILURE_CLASSES = ("time-out", "out-of-memory", "bad-input", "scoring-error", "platform-error")


@dataclass(frozen=True)
class Failure:
    class_: str
    message: str
    where: str = ""
    next: str = ""

    def told(self) -> str:
        """In one line. Training data lie where their author has put them, not in a job folder."""
        where = f" ({self.where})" if self.where else ""
        said = f"{self.message.rstrip('.')}{where}. {self.next}".strip()
        return _TRAINING_DATA.sub("", said)

    def as_dict(self) -> dict[str, str]:
        return {
            "class": self.class_,
            "message": self.message,
            "where": self.where,
            "next": self.next,
        }


class RunFailed(Exception):
    def __init__(self, class_: str, message: str, where: str = "", next: str = "") -> None:
        super().__init__(message)
        self.failure = Failure(class_, message, where, next)


def timed_out(limits: Limits) -> RunFailed:
    return RunFailed(
        "time-out",
        f"The run took longer than its limit of {limits.wall_seconds:g} seconds",
        "wall clock",
        "Train fewer steps or on fewer examples, or ask for a larger budget.",
    )


def out_of_memory(limits: Limits) -> RunFailed:
    return RunFailed(
        "out-of-memory",
        f"The run needed more than its limit of {limits.memory_bytes / 1e6:.0f} MB of memory",
        "memory",
        "Lower batch_size or max_length; gradient_accumulation keeps the effective batch.",
    )


def no_sandbox(reason: str, fix: str) -> RunFailed:
    return RunFailed("platform-error", f"No sandbox: {reason}".rstrip("."), "sandbox", fix)


def sandbox_failure(text: str) -> Failure:
    return Failure(
        "platform-error",
        f"The sandbox failed: {text}",
        "sandbox",
        "The run is repeated; if it fails again, look at `describe()` of the worker's sandbox.",
    )
