"""The job folder: ``spec.json`` in, ``result.json`` out, and the shell around every recipe."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workers.training.errors import BadInput, JobError, as_job_error
from workers.training.progress import Progress
from workers.training.provenance import provenance

FORMAT = 1
KINDS = ("check", "finetune", "benchmark", "merge", "attribute")
DEVICES = ("auto", "cpu", "cuda")
MAKE_ONE = "Make a complete folder to start from: python -m workers.recipes.example FOLDER"


@dataclass
class Job:
    """One job: its folder, its spec, and the machine it runs on."""

    folder: Path
    spec: dict[str, Any]
    device: str = "cpu"  # "cpu" or "cuda", as torch spells it
    seed: int = 0
    threads: int = 1
    device_name: str = "cpu"
    precision: str = "fp32"
    _progress: Progress | None = field(default=None, repr=False)

    def path(self, name: str, *, key: str = "") -> Path:
        """The absolute path of a name that must stay inside the folder."""
        return path_inside(self.folder, name, where=key)

    def get(self, key: str) -> Any:
        """The value at a dotted key, or None: ``job.get("data.train")``."""
        value: Any = self.spec
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def input(self, key: str) -> Path:
        """The existing file or folder that the spec names at a dotted key."""
        name = self.get(key)
        if not isinstance(name, str) or not name:
            raise BadInput(
                f'The spec names no "{key}"',
                where="spec.json",
                next=f'Add "{key}" with a path relative to the job folder.',
            )
        path = self.path(name, key=f"spec.json, {key}")
        if not path.exists():
            raise BadInput(
                f"{name} does not exist",
                where=f"spec.json, {key}",
                next="Put the file or folder there, or correct the path.",
            )
        return path

    def output(self, name: str) -> Path:
        """A path under ``out/`` whose parent folder exists."""
        path = self.folder / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def shown(self, path: Path) -> str:
        """The path as messages name it: relative to the folder."""
        return path.relative_to(self.folder).as_posix() if self.holds(path) else path.name

    def holds(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self.folder)

    def say(self, text: str) -> None:
        """One line of the log that the contributor reads."""
        print(text, flush=True)

    def progress_due(self, stage: str, step: int, of: int) -> bool:
        return self._progress is not None and self._progress.due(stage, step, of)

    def progress(
        self, step: int, of: int, stage: str, metrics: dict[str, float] | None = None
    ) -> None:
        if self._progress is not None:
            self._progress.write(stage, step, of, metrics or {})

    def close(self) -> None:
        if self._progress is not None:
            self._progress.close()


def path_inside(folder: Path, name: str, *, where: str = "") -> Path:
    root = folder.resolve()
    path = root if "\0" in name else (root / name).resolve()
    if "\0" in name or Path(name).is_absolute() or not path.is_relative_to(root):
        raise BadInput(
            f'The path "{name}" leads out of the job folder',
            where=where,
            next="Use a path relative to the job folder, such as in/model.",
        )
    return path


def load_spec(folder: Path, kind: str) -> dict[str, Any]:
    """Reads and checks what every kind has in common; each recipe checks its own keys."""
    path = folder / "spec.json"
    if not path.is_file():
        raise BadInput(f"{folder} holds no spec.json", next=MAKE_ONE)
    try:
        spec = json.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise BadInput(
            "spec.json is not UTF-8 text", where=f"byte {error.start}", next="Save it as UTF-8."
        ) from error
    except json.JSONDecodeError as error:
        raise BadInput(
            f"spec.json is not JSON: {error.msg}",
            where=f"spec.json, line {error.lineno}, column {error.colno}",
            next="Correct that line.",
        ) from error
    if not isinstance(spec, dict):
        raise BadInput("spec.json is not a JSON object", where="spec.json", next=MAKE_ONE)
    _check_common(spec, kind)
    return spec


def _check_common(spec: dict[str, Any], kind: str) -> None:
    def refuse(key: str, expected: str) -> None:
        found = f"is {json.dumps(spec[key])}" if key in spec else "is missing"
        raise BadInput(
            f'"{key}" {found}', where=f"spec.json, {key}", next=f"It must be {expected}."
        )

    if spec.get("format") != FORMAT:
        refuse("format", str(FORMAT))
    if spec.get("kind") not in KINDS:
        refuse("kind", "one of " + ", ".join(KINDS))
    if spec["kind"] != kind:
        refuse("kind", f'"{kind}" here, or run python -m workers.recipes.{spec["kind"]}')
    if type(spec.get("seed", 0)) is not int or not 0 <= spec.get("seed", 0) < 2**32:
        refuse("seed", "a whole number from 0 to 4294967295")
    if type(spec.get("threads", 1)) is not int or spec.get("threads", 1) < 1:
        refuse("threads", "a whole number of at least 1")
    if spec.get("device", "auto") not in DEVICES:
        refuse("device", "one of " + ", ".join(DEVICES))


def refuse_strange_files(folder: Path) -> None:
    """Links that lead out of the folder, and pipes and devices, which would hang a reader."""
    for parent, folders, names in os.walk(folder / "in"):
        for name in (*folders, *names):
            path = Path(parent) / name
            shown = path.relative_to(folder).as_posix()
            if not path.resolve().is_relative_to(folder):
                raise BadInput(
                    f"{shown} is a link that leads out of the job folder",
                    where=shown,
                    next="Put the file itself there.",
                )
            if not (path.is_file() or path.is_dir()):
                raise BadInput(
                    f"{shown} is not a regular file", where=shown, next="Remove or replace it."
                )


def write_result(folder: Path, result: dict[str, Any]) -> None:
    """Last of all, and atomically: a reader that sees the file sees all of it."""
    text = json.dumps(result, indent=1, allow_nan=False)
    temporary = folder / "result.json.tmp"
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / "result.json")


def open_job(folder: Path, kind: str, needs_torch: bool) -> Job:
    spec = load_spec(folder, kind)
    refuse_strange_files(folder)
    (folder / "out").mkdir(exist_ok=True)
    job = Job(
        folder=folder,
        spec=spec,
        seed=spec.get("seed", 0),
        threads=spec.get("threads", 1),
        _progress=Progress(folder / "progress.jsonl"),
    )
    if needs_torch:
        from workers.training.device import prepare_device

        job.device, job.device_name = prepare_device(
            spec.get("device", "auto"), threads=job.threads, seed=job.seed
        )
    return job


def run_program(
    kind: str,
    main: Callable[[Job], dict[str, Any]],
    argv: Sequence[str] | None = None,
    *,
    needs_torch: bool = True,
) -> int:
    """Runs ``main`` over the folder named on the command line and returns the exit code.

    0: result.json says "ok"; 1: it says "failed" and why; 2: no folder to write a result in.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(f"usage: python -m workers.recipes.{kind} FOLDER\n{MAKE_ONE}", file=sys.stderr)
        return 2
    folder = Path(arguments[0]).resolve()
    if not folder.is_dir():
        print(f"There is no folder {arguments[0]}. {MAKE_ONE}", file=sys.stderr)
        return 2
    for left_over in ("result.json", "progress.jsonl"):
        (folder / left_over).unlink(missing_ok=True)
    result: dict[str, Any] = {"format": FORMAT, "kind": kind, "status": "ok", "failure": None}
    job: Job | None = None
    try:
        job = open_job(folder, kind, needs_torch)
        result |= main(job)
    except Exception as error:
        result |= {"status": "failed", "failure": _explain(error).as_failure()}
    if job is not None:
        job.close()
        result["provenance"] = provenance(job)
    write_result(folder, result)
    return 0 if result["status"] == "ok" else 1


def _explain(error: Exception) -> JobError:
    failure = as_job_error(error)
    if type(failure) is JobError and not isinstance(error, JobError):
        traceback.print_exc()
    print(f"FAILED ({failure.failure_class}): {failure}", flush=True)
    return failure
