"""What a job says about itself, read as the word of a stranger: bounded, checked, cleaned."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workers.failures import FAILURE_CLASSES, Failure
from workers.outputs import FOLDER, open_regular, read_regular

RESULT_BYTES = 16 * 1024 * 1024
PROGRESS_BYTES = 64 * 1024 * 1024
TICK_BYTES = 256 * 1024
LINES_A_TICK = 200
LINE_BYTES = 8192
MOST_METRICS = 64
DEEPEST = 32
LONGEST_TEXT = 2000


class BadReport(Exception):
    """The result file is not one; the text says how."""


def read_result(job: Path, kind: str) -> dict[str, Any] | None:
    """The parsed result.json, or None where there is none."""
    data = read_regular(job, "result.json", RESULT_BYTES)
    if data is None:
        return None
    if len(data) > RESULT_BYTES:
        raise BadReport(f"it is larger than {RESULT_BYTES // 2**20} MiB")
    try:
        result = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadReport(f"it is not JSON: {error}") from None
    result = _cleaned(result, 0)
    if not isinstance(result, dict) or result.get("format") != 1 or result.get("kind") != kind:
        raise BadReport(f'it has no "format": 1 and "kind": "{kind}"')
    if result.get("status") not in ("ok", "failed"):
        raise BadReport('its status is neither "ok" nor "failed"')
    return result


def failure_of(result: dict[str, Any]) -> Failure:
    told = result.get("failure")
    if not isinstance(told, dict) or told.get("class") not in FAILURE_CLASSES:
        raise BadReport("it failed and does not say how")
    text = {name: str(told.get(name) or "")[:LONGEST_TEXT] for name in ("message", "where", "next")}
    return Failure(class_=told["class"], **text)


def _cleaned(value: Any, depth: int) -> Any:
    """The same value, with nothing in it that a database or a page cannot hold."""
    if depth > DEEPEST:
        raise BadReport(f"it is nested more than {DEEPEST} deep")
    if isinstance(value, dict):
        return {_text(key): _cleaned(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list):
        return [_cleaned(inner, depth + 1) for inner in value]
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise BadReport("it holds a number that is not finite")
    return value


def _text(value: str) -> str:
    """Without NUL and lone surrogates."""
    return value.replace("\0", "").encode("utf-8", errors="replace").decode()


@dataclass
class ProgressReader:
    """Follows progress.jsonl while the job writes it."""

    job: Path
    _offset: int = 0
    _rest: bytes = field(default=b"", repr=False)

    def new_lines(self) -> list[dict[str, Any]]:
        lines = (self._rest + self._read()).split(b"\n")
        self._rest = lines.pop()[-LINE_BYTES:]
        found = [_progress(line) for line in lines if len(line) <= LINE_BYTES]
        return [line for line in found if line is not None][-LINES_A_TICK:]

    def _read(self) -> bytes:
        if self._offset >= PROGRESS_BYTES:
            return b""
        try:
            folder = os.open(self.job, FOLDER)
        except OSError:  # the job took away the right to look
            return b""
        try:
            handle = open_regular(folder, "progress.jsonl")
        finally:
            os.close(folder)
        if handle is None:
            return b""
        try:
            data = os.pread(handle, TICK_BYTES, self._offset)
        finally:
            os.close(handle)
        self._offset += len(data)
        return data


def _progress(line: bytes) -> dict[str, Any] | None:
    """One line as {"step", "of", "stage", "metrics"}; None for anything else."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    step, of, stage = told.get("step"), told.get("of"), told.get("stage")
    if not _count(step) or not _count(of) or not isinstance(stage, str):
        return None
    metrics = told.get("metrics")
    return {
        "step": step,
        "of": of,
        "stage": _text(stage)[:60],
        "metrics": _metrics(metrics) if isinstance(metrics, dict) else {},
    }


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _metrics(told: dict[str, Any]) -> dict[str, float]:
    return {
        _text(name)[:60]: float(value)
        for name, value in list(told.items())[:MOST_METRICS]
        if isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) < 1e300  # also leaves out what is not a number
    }
