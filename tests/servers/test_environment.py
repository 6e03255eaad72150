"""What operators set: nothing is the default, nonsense is refused by name."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHOW = """
import json
from registry.config import settings as s
print(json.dumps([s.SITE_URL, s.CSRF_TRUSTED_ORIGINS, s.ALLOWED_HOSTS, s.SIGNUP,
    s.JOB_THREADS, s.WARM_SANDBOXES, s.API_RATE_USER, s.EMAIL_BACKEND, s.DEBUG,
    s.ACCOUNT_EMAIL_VERIFICATION, str(s.STORAGE_ROOT), s.SIGNED_URL_SECONDS]))
"""


def _run(var, *command, **env):
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "COMMONWEIGHT_VAR": str(var), **env},
        capture_output=True,
        text=True,
    )


def _of_readme():
    section = (ROOT / "README.md").read_text().split("\n## Settings\n")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return set(re.findall(r"`([A-Z0-9_]+)`", " ".join(cells))) - {"COMMONWEIGHT_VAR"}


def test_a_setting_that_is_set_to_nothing_is_as_good_as_not_set(tmp_path):
    without = json.loads(_run(tmp_path, "-c", SHOW).stdout)
    empty = _run(tmp_path, "-c", SHOW, **dict.fromkeys(_of_readme(), ""))
    blank = _run(tmp_path, "-c", SHOW, **dict.fromkeys(_of_readme() - {"SECRET_KEY"}, " "))
    assert without[:2] == ["http://127.0.0.1:8000", ["http://127.0.0.1:8000"]]
    no_limit = without[6]
    for given in (empty, blank):
        assert given.returncode == 0, given.stderr
        told = json.loads(given.stdout)
        # Empty says that there is no limit.
        assert (no_limit, told[6]) == ("600/minute", "")
        assert told[:6] + told[7:] == without[:6] + without[7:]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SITE_URL", "models.example.org"),
        ("SITE_URL", "https://"),
        ("SITE_URL", "https://example.org/models"),
        ("SITE_URL", "https://example.org:many"),
        ("CONTENT_HOST", "https://files.example.org"),
        ("ALLOWED_HOSTS", "example.org,https://example.org"),
        ("REDIS_URL", "localhost:6379"),
        ("DATABASE_URL", "sqlite:///db"),
        ("EMAIL_URL", "mail.example.org"),
        ("S3_ENDPOINT_URL", "minio:9000"),
        ("JOB_THREADS", "0"),
        ("JOB_MEMORY_BYTES", "4GB"),
        ("SIGNED_URL_SECONDS", "-1"),
        ("WARM_SANDBOXES", "some"),
        ("DEBUG", "perhaps"),
        ("SIGNUP", "everybody"),
        ("EMAIL_VERIFICATION", "later"),
        ("LOG_LEVEL", "LOUD"),
        ("API_RATE_USER", "many"),
        ("SIGN_IN_RATE", "30 a minute"),
        ("GITLAB_URL", "gitlab"),
    ],
)
def test_nonsense_is_refused_with_the_name_of_the_setting(tmp_path, name, value):
    env = {name: value, "S3_BUCKET": "weights", "GITLAB_CLIENT_ID": "x", "SECRET_KEY": "k" * 50}
    refused = _run(tmp_path, "-c", SHOW, **env)
    assert refused.returncode != 0
    last = refused.stderr.strip().splitlines()[-1]
    assert "ImproperlyConfigured" in last
    assert name in last


def test_a_command_says_it_in_one_line(tmp_path):
    refused = _run(tmp_path, "manage.py", "up", SITE_URL="example.org")
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        "The site is not set up correctly: SITE_URL must be an address like "
        "https://models.example.org; it is “example.org”."
    ]
