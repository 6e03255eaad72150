"""The description of the API: checked in, complete, and shown by this site alone."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml
from django.contrib.staticfiles import finders

CHECKED_IN = Path(__file__).parents[2] / "docs" / "openapi.yaml"
REFRESH = "python manage.py spectacular --file docs/openapi.yaml"


def test_the_checked_in_description_is_that_of_the_code(tmp_path):
    made = tmp_path / "openapi.yaml"
    command = [sys.executable, "manage.py", "spectacular", "--fail-on-warn", "--file", str(made)]
    done = subprocess.run(
        command, cwd=CHECKED_IN.parents[1], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert made.read_text() == CHECKED_IN.read_text(), f"refresh it: {REFRESH}"


def test_every_refusal_is_described():
    for path, operations in yaml.safe_load(CHECKED_IN.read_text())["paths"].items():
        for method, operation in operations.items():
            wanted = {"400", "401", "403", "404", "429"}
            if method != "get":
                wanted |= {"409", "413", "415", "422"}
            assert wanted <= set(operation["responses"]), (method, path)
            for status in wanted:
                content = operation["responses"][status]["content"]
                assert set(content) == {"application/problem+json"}, (method, path, status)


def test_the_site_serves_its_description(api, db):
    served = api().get("/schema/")
    assert served.status_code == 200
    assert served.json()["paths"].keys() == yaml.safe_load(CHECKED_IN.read_text())["paths"].keys()


def test_its_page_loads_nothing_from_elsewhere(api, db):
    page = api().get("/docs/")
    html = page.content.decode()
    assert page.status_code == 200
    loaded = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert all(address.startswith(("/", "#")) for address in loaded)
    for address in loaded:
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/")), address
    assert "<style" not in html
    assert "<script>" not in html
    policy = page["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"https?:", policy)
