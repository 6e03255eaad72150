"""The benchmark of the portal runs, on a small community."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_it_measures_every_page():
    command = [sys.executable, "-m", "benchmarks.portal"]
    command += ["--submissions=100", "--requests=1", "--seconds=2"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=380)
    assert ended.returncode == 0, ended.stderr[-2000:]
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert all(set(x) == {"benchmark", "metric", "value", "baseline", "ratio"} for x in lines)
    found = {line["metric"]: line["value"] for line in lines}
    for page in ("home", "models", "search, common word", "submission", "model", "track"):
        assert found[f"{page} (anybody): p95 (ms)"] > 0
    assert found["own submissions (signed in): queries"] > 0
    assert found["most queries of all pages"] <= 20
    assert found["100 viewers of one live page (cores)"] > 0
