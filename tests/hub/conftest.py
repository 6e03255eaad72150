"""Programs that know only an address and a token, run as their users run them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOKEN = "hf_ada_token_0000"


@pytest.fixture
def ada(live_db):
    from registry.services import accounts

    return accounts.ensure_user(name="ada", token=TOKEN)


@pytest.fixture
def emil(live_db):
    from registry.services import accounts

    return accounts.ensure_user(name="emil", token="hf_emil_token_0000")


@pytest.fixture
def run(live_db, ada, emil, tmp_path):
    """`run("hf", …)` or `run("program text")`: what it printed; it must succeed."""

    def start(*command, token=TOKEN, fails=False, **more):
        if len(command) == 1:
            command = (sys.executable, "-c", *command)
        elif command[0] == "hf":
            command = (str(Path(sys.executable).with_name("hf")), *command[1:])
        env = {
            **os.environ,
            "HF_ENDPOINT": live_db.url,
            "HF_TOKEN": token,
            "HF_HOME": str(tmp_path / "hf"),
            "HF_HUB_DISABLE_XET": "1",
            "HF_UPDATE_DOWNLOAD_COUNTS": "0",
            "DISABLE_SAFETENSORS_CONVERSION": "1",
            **more,
        }
        done = subprocess.run(
            command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=240
        )
        said = done.stdout + done.stderr
        assert bool(done.returncode) == fails, said
        return said

    return start
