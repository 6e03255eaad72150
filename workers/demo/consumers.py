"""Anybody who loads a published model: another process, with the Hub's address and no account."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from workers.demo import materials
from workers.demo.materials import Row, Subject
from workers.demo.site import ROOT, Site, rows
from workers.demo.terminal import StoryStopped


def load_and_score(
    subject: Subject, held_out: list[Row], *, hub: Site, work: Path
) -> dict[str, Any]:
    """Loss in nats and metrics of the published model on split T."""
    sent = rows("Publication").get(release__track__name=subject.name, release__number=1)
    data = work / f"{subject.name}-held-out.parquet"
    materials.write_parquet(data, held_out)
    spec = {
        "repo_id": sent.repo_id,
        "revision": sent.remote_commit,
        "task": subject.task,
        "data": str(data),
        "rows": sent.release.track.benchmark.split_t,
    }
    path = work / f"{subject.name}-consume.json"
    path.write_text(json.dumps(spec), encoding="utf-8")
    return _consume(path, hub, work / "consumer")


def _consume(spec: Path, hub: Site, home: Path) -> dict[str, Any]:
    switches = {
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "workers.demo.consume", str(spec)],
        cwd=ROOT,
        env={**os.environ, **switches},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise StoryStopped(f"the published model cannot be loaded:\n{done.stderr[-1500:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found
