"""Why a job ended without a result.

JobError            the platform's fault unless a subclass says otherwise
  BadInput          the spec, recipe, data or model is wrong; its author can correct it
  OutOfMemory       the job needs more memory than the worker has
  ScoringError      the model ran, but what it gave cannot be scored
  TimeOut           the time limit passed

Every error says what was wrong (``message``), where (``where``) and what to do (``next``).
"""

from __future__ import annotations


class JobError(Exception):
    failure_class = "platform-error"

    def __init__(self, message: str, *, where: str = "", next: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.next = next

    def as_failure(self) -> dict[str, str]:
        return {
            "class": self.failure_class,
            "message": self.message,
            "where": self.where,
            "next": self.next,
        }

    def __str__(self) -> str:
        where = f" ({self.where})" if self.where else ""
        next_step = f" {self.next}" if self.next else ""
        return f"{self.message}{where}.{next_step}"


class BadInput(JobError):
    failure_class = "bad-input"


class OutOfMemory(JobError):
    failure_class = "out-of-memory"


class ScoringError(JobError):
    failure_class = "scoring-error"


class TimeOut(JobError):
    failure_class = "time-out"


def as_job_error(error: BaseException) -> JobError:
    """The job error that stands for any exception; works without importing torch."""
    if isinstance(error, JobError):
        return error
    text = str(error)
    out_of_memory = (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or "can't allocate memory" in text
        or "out of memory" in text
    )
    if out_of_memory:
        return OutOfMemory(
            "The job needs more memory than this worker has",
            where=text.splitlines()[0][:200] if text else "",
            next="Lower batch_size or max_length; gradient_accumulation keeps the effective batch.",
        )
    if "does not have a deterministic implementation" in text:
        return BadInput(
            f"The model uses an operation that is not deterministic on CUDA: {text.split()[0]}",
            next='Run it with "device": "cpu", or choose another architecture.',
        )
    return JobError(
        f"The program stopped on an error of its own: {type(error).__name__}: {text}",
        next="The traceback is in the log; run it again, and report it if it comes back.",
    )
