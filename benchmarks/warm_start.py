"""How long a contributor waits between "go" and the first training step, warm and cold.

make bench NAME=warm_start
"""

from __future__ import annotations

import hashlib
import json
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from workers.pool import WarmPool
from workers.recipes.example import write_example
from workers.runner import InputFile, Job, Limits, run_job
from workers.sandbox import describe
from workers.training.tasks import Task

RUNS = 3


def main() -> None:
    print(describe(), file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="commonweight-bench-") as name:
        folder = Path(name)
        write_example(folder / "example", Task.TEXT)
        inputs = [as_input(path, folder / "example" / "in") for path in files(folder / "example")]
        spec = json.loads((folder / "example" / "spec.json").read_text()) | {"device": "cpu"}
        finetune = Job("finetune", spec, inputs, Limits(wall_seconds=300))
        cold = statistics.median(first_step(finetune, folder, None) for _ in range(RUNS))
        warm = statistics.median(warm_runs(finetune, folder))
        say("first training step after go, warm", warm, cold)
        say("first training step after go, cold", cold, cold)
        tree = {"tree": "in", "repo_type": "model", "changed": None, "base": None, "task": None}
        check = Job("check", tree, inputs)
        say("a check, with its sandbox", min(whole(check, folder) for _ in range(RUNS)), None)


def files(example: Path) -> list[Path]:
    return sorted(path for path in (example / "in").rglob("*") if path.is_file())


def as_input(path: Path, root: Path) -> InputFile:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return InputFile(str(path.relative_to(root)), None, path.stat().st_size, digest, path)


def warm_runs(job: Job, folder: Path) -> list[float]:
    found = []
    with WarmPool(folder / "work", size=1) as pool:
        for _ in range(RUNS):
            if not pool.wait_ready(60):
                sys.exit(f"no warm sandbox: {pool.last_error}")
            found.append(first_step(job, folder, pool))
    return found


def first_step(job: Job, folder: Path, pool: WarmPool | None) -> float:
    """Seconds from the spec, written just before go, to the first line of progress."""
    seen: list[float] = []

    def look() -> None:
        slots = folder / "work" / "slots"
        while len(seen) < 2:
            name = ("spec.json", "progress.jsonl")[len(seen)]
            if any(slots.glob(f"*/job/{name}")):
                seen.append(time.monotonic())
            time.sleep(0.005)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    whole(job, folder, pool)
    watcher.join(1)
    return seen[1] - seen[0]


def whole(job: Job, folder: Path, pool: WarmPool | None = None) -> float:
    began = time.monotonic()
    outcome = run_job(
        job,
        work=folder / "work",
        on_progress=lambda told: None,
        should_stop=lambda: None,
        pool=pool,
    )
    if outcome.status != "ok" or outcome.started_warm != bool(pool):
        sys.exit(f"{outcome.failure}\n{outcome.log_tail}")
    outcome.discard()
    return time.monotonic() - began


def say(metric: str, value: float, baseline: float | None) -> None:
    line = {
        "benchmark": "warm_start",
        "metric": f"{metric} (seconds)",
        "value": round(value, 3),
        "baseline": round(baseline, 3) if baseline is not None else None,
        "ratio": round(baseline / value, 1) if baseline is not None else None,
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
