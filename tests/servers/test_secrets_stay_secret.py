"""Secrets: generated for a laptop, demanded in production, kept out of logs and other processes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from registry.config.logs import without_secrets
from registry.servers import parts, supervisor
from registry.servers.layout import Layout
from registry.services import sealing


def _settings(var, **env):
    return subprocess.run(
        [sys.executable, "-c", "from registry.config import settings; print(settings.SECRET_KEY)"],
        cwd=supervisor.ROOT,
        env={"PATH": os.environ["PATH"], "COMMONWEIGHT_VAR": str(var), **env},
        capture_output=True,
        text=True,
    )


def test_a_laptop_gets_a_key_of_its_own_that_only_it_can_read(tmp_path):
    first, second = _settings(tmp_path), _settings(tmp_path)
    assert first.stdout == second.stdout
    assert len(first.stdout.strip()) > 50
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "secrets").iterdir()} == {0o600}


@pytest.mark.parametrize("key", ["", "changeme", "short"])
def test_production_refuses_to_start_without_a_good_key(tmp_path, key):
    refused = _settings(tmp_path, DATABASE_URL="postgres://u:p@db/name", SECRET_KEY=key)
    assert refused.returncode != 0
    assert "SECRET_KEY is missing, too short or a known default" in refused.stderr


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("token hf_abcdefghijklmnopqrst given", "token hf_abcdefgh*** given"),
        ("at postgres://ada:hunter2@db/name", "at postgres://ada:***@db/name"),
        ("at redis://:hunter2@127.0.0.1/0", "at redis://:***@127.0.0.1/0"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("GET /x?expires=1&signature=abcdef&y=1", "GET /x?expires=1&signature=***&y=1"),
        ("nothing to hide: a/b:c@d", "nothing to hide: a/b:c@d"),
    ],
)
def test_a_log_line_shows_no_secret(line, shown):
    assert without_secrets(line) == shown


def test_every_process_can_store_a_hub_token_and_only_one_can_read_it(settings, hub_token_key):
    sealed = sealing.seal("hf_secret")
    assert b"hf_secret" not in sealed
    assert sealing.unseal(sealed) == "hf_secret"
    settings.HUB_TOKEN_PRIVATE_KEY = ""
    with pytest.raises(ImproperlyConfigured, match="only the publish worker"):
        sealing.unseal(sealed)


def test_a_token_sealed_for_another_site_is_refused_with_the_way_out(
    settings, hub_token_key, tmp_path
):
    sealed = sealing.seal("hf_secret")
    settings.HUB_TOKEN_PRIVATE_KEY = Layout(tmp_path).hub_token_private_key()
    with pytest.raises(ImproperlyConfigured, match="store the token again"):
        sealing.unseal(sealed)


def test_up_gives_the_key_of_hub_tokens_to_the_publish_worker_alone(tmp_path, monkeypatch):
    monkeypatch.setenv(parts.HUB_TOKEN_PRIVATE_KEY, "the-key")
    site = supervisor.Supervisor(tmp_path, workers={"cpu": 2, "gpu": 1, "publish": 1})
    knowing = {
        part.name
        for part in site.chosen_parts()
        if "the-key" in {**site.env(), **part.env}.values()
    }
    assert knowing == {"publish1"}
