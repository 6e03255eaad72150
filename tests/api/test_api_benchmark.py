"""The benchmark of the API runs, on a small community, and counts what was accepted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_it_measures_lists_and_loses_no_offer():
    command = [sys.executable, "-m", "benchmarks.api", "--submissions=100"]
    command += ["--seconds=0.2", "--offers=40"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=380)
    assert ended.returncode == 0, ended.stderr[-2000:]
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert all(set(x) == {"benchmark", "metric", "value", "baseline", "ratio"} for x in lines)
    found = {line["metric"]: line["value"] for line in lines}
    for name in ("submissions", "tracks", "repositories", "leaderboard", "submission"):
        assert found[f"{name} (anybody), 8 callers: requests/s"] > 0
        assert found[f"{name} (token): queries"] <= 15
    assert found["offers: answered with 201"] == found["offers: sent"] == 40
    assert found["offers: rows of those"] == found["offers: rows with a check run"] == 40
    for fault in ("doubled rows or runs", "repetitions with another answer", "other answers"):
        assert found[f"offers: {fault}"] == 0
