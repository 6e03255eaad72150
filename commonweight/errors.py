"""What the client may end with. The exit codes are a promise to CI scripts."""

from __future__ import annotations

import enum


class Exit(enum.IntEnum):
    """`wait` and `submit --wait` say how the submission stands; 4 is about the command itself."""

    APPROVED = 0
    FAILED = 1
    NEEDS_HUMAN = 2
    TIME_OUT = 3
    NOT_DONE = 4
    INTERRUPTED = 130


class ClientError(Exception):
    """The command could not be carried out: what was wrong, and what to do next."""

    def __init__(self, message: str, *, next: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.message, self.next, self.status = message, next, status

    def __str__(self) -> str:
        return f"{self.message} {self.next}".strip()
