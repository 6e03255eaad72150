"""A CI job in a shell, against a real site and a real worker: every documented exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from contributions.models import Decision, Submission
from registry.services import tokens
from registry.services.commits import AddFile
from tests.contributions.cast import Cast, token_of

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
CARD = "---\nlicense: mit\ntrack: digits\n---\n# A better description\n"
LICENCE = (
    "MIT License\n\nCopyright (c) 2026 Ada\n\nPermission is hereby granted, free of charge, to any "
    "person obtaining a copy of this software and associated documentation files (the "
    '"Software"), to deal in the Software without restriction.\n\nTHE SOFTWARE IS PROVIDED "AS '
    'IS", WITHOUT WARRANTY OF ANY KIND.\n'
)


@pytest.fixture
def cast(live_db):
    cast = Cast()
    assert cast.ada.pk
    assert cast.model.pk
    cast.push(cast.model, AddFile("LICENSE", LICENCE.encode()), by=cast.berta)
    assert cast.track.pk
    return cast


@pytest.fixture
def shell(live_db, cast, tmp_path):
    """`shell("status", "1")`: the command as ada's CI job runs it."""

    def run(*arguments, by="ada", expect=None):
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
        env |= {"COMMONWEIGHT_ENDPOINT": live_db.url, "COMMONWEIGHT_TOKEN": token_of(by)}
        ended = subprocess.run(
            [sys.executable, "-m", "commonweight.main", *arguments],
            env=env,
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert expect is None or ended.returncode == expect, ended.stdout + ended.stderr
        return ended

    return run


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "offer"
    made.mkdir()
    (made / "README.md").write_text(CARD)
    return made


def test_without_a_worker_it_gives_up_in_time_with_3(shell, folder):
    ended = shell(
        *("submit", "berta/digits", str(folder), "--title", "Better words"),
        *("--wait", "--timeout", "1s", "--json"),
        expect=3,
    )
    assert json.loads(ended.stdout)["outcome"] == "moving"
    assert "Still checking after 1 s" in ended.stderr


def test_a_review_is_2_and_an_approval_is_0(shell, folder, cast, worker):
    worker("check")
    ended = shell(
        *("submit", "berta/digits", str(folder), "--title", "Better words", "--wait"),
        *("--timeout", "90s", "--json"),
        expect=2,
    )
    found = json.loads(ended.stdout)
    assert found["title"] == "Better words"
    assert found["status"] == "in-review"
    number = str(found["id"])
    submission = Submission.objects.get(pk=number)
    cast.review(submission, "licence")
    shell("wait", number, expect=2)
    cast.review(submission, "privacy")
    ended = shell("wait", number, "--through-review", "--timeout", "60s", expect=0)
    assert "approved" in ended.stdout
    assert "Better words" in shell("status", expect=0).stdout
    assert "check" in shell("logs", number, "-f", expect=0).stdout
    assert "Nothing is measured yet" in shell("scores", number, expect=0).stdout


def test_a_refusal_is_1_and_names_the_fault_with_its_fix(shell, folder, worker):
    worker("check")
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04K\x01.")
    ended = shell("submit", "berta/digits", str(folder), "--wait", "--timeout", "90s", expect=1)
    assert "pytorch_model.bin" in ended.stdout
    assert "safetensors" in ended.stdout


def test_a_rejection_is_1(shell, folder, cast, worker):
    worker("check")
    ended = shell("submit", "berta/digits", str(folder), "--wait", "--json", expect=2)
    submission = Submission.objects.get(pk=json.loads(ended.stdout)["id"])
    cast.review(
        submission, "licence", Decision.REJECT, reason_code="licence-incompatible", text="Not ours."
    )
    assert "Not ours." in shell("wait", str(submission.pk), expect=1).stdout


def test_what_is_uploaded_already_is_submitted_by_its_name(shell, cast, live_db):
    opened = cast.propose(AddFile("README.md", CARD.encode()))
    ended = shell("submit", "berta/digits", "--revision", "refs/pr/1", "--json", expect=0)
    assert json.loads(ended.stdout)["id"] == opened.submission.pk
    assert shell("cancel", str(opened.submission.pk), "--json", expect=0)
    opened.submission.refresh_from_db()
    assert opened.submission.status == "cancelled"
    shell("wait", str(opened.submission.pk), expect=1)
    shell("cancel", str(opened.submission.pk), by="emil" if cast.emil.pk else "", expect=4)


@pytest.mark.parametrize("scope", ["read", "write"])
def test_login_says_who_one_is_and_what_the_token_may(shell, cast, live_db, scope):
    secret = tokens.issue(cast.ada, name=scope, scope=scope)[1]
    ended = shell("login", live_db.url, "--token", secret, expect=0)
    assert f"as ada (scope {scope})" in ended.stdout
    assert ("may only read" in ended.stderr) == (scope == "read")


def test_somebody_without_a_right_token_is_told_to_sign_in(shell, cast):
    opened = cast.propose(AddFile("README.md", CARD.encode()))
    ended = shell("cancel", str(opened.submission.pk), by="nobody", expect=4)
    assert "commonweight login" in ended.stderr


def test_the_step_for_github_passes_while_a_person_is_asked(
    cast, live_db, folder, worker, tmp_path
):
    worker("check")
    bin = tmp_path / "bin"
    bin.mkdir()
    command = f'#!/bin/sh\nexec "{sys.executable}" -m commonweight.main "$@"\n'
    (bin / "commonweight").write_text(command)
    (bin / "python").symlink_to(sys.executable)
    (bin / "commonweight").chmod(0o755)
    env = {
        "PATH": f"{bin}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "COMMONWEIGHT_ENDPOINT": live_db.url,
        "COMMONWEIGHT_TOKEN": token_of("ada"),
        "REPOSITORY": "berta/digits",
        "FOLDER": str(folder),
        "TITLE": "First line\nsecond",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
    }
    ended = subprocess.run(
        ["bash", str(ROOT / "deploy/ci/submit.sh")],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = (tmp_path / "output").read_text().splitlines()
    submission = Submission.objects.get(title="First line")
    assert told[0] == f"submission={submission.pk}"
    assert told[2] == "outcome=needs-human"
