"""What a project copies into its CI runs beside its token: nothing there installs the newest."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from commonweight import __version__

CI = Path(__file__).parents[2] / "deploy" / "ci"
ACTION = yaml.safe_load((CI / "github" / "action.yml").read_text())
TEMPLATE = yaml.safe_load((CI / "gitlab" / "commonweight.yml").read_text())[".commonweight"]
INSTALLS = {
    "github": (ACTION["runs"]["steps"][1]["run"], ACTION["inputs"]["version"]["default"]),
    "gitlab": (TEMPLATE["before_script"][0], TEMPLATE["variables"]["VERSION"]),
}


@pytest.mark.parametrize("where", INSTALLS)
def test_the_client_of_the_template_s_own_release_is_installed(where, tmp_path):
    script, version = INSTALLS[where]
    (tmp_path / "python").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "python").chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "VERSION": version}
    asked = subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True)
    assert asked.stdout.split()[-1] == f"commonweight=={__version__}", asked.stderr
