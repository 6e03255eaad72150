"""Usage, credentials and connections: every fault ends with 4, never with a verdict's code."""

from __future__ import annotations

import http.server
import json
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest


@pytest.fixture
def run(tmp_path):
    """`run("status", "17", TOKEN="…")`: a process with a home of its own."""

    def started(*arguments, stdin="", **env):
        given = {name: os.environ[name] for name in ("PATH",)}
        given.update(HOME=str(tmp_path), PYTHONPATH=str(Path(__file__).parents[2]), **env)
        return subprocess.run(
            [sys.executable, "-m", "commonweight.main", *arguments],
            env=given,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return started


class Answers(http.server.BaseHTTPRequestHandler):
    """A site in trouble: answers what the test put into `given`, one after the other."""

    given: list[tuple[int, dict[str, object]]]
    asked: list[tuple[str, str | None, str | None]]

    def do_GET(self):
        self.asked.append(
            (self.path, self.headers.get("Authorization"), self.headers.get("Idempotency-Key"))
        )
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, content = self.given.pop(0) if len(self.given) > 1 else self.given[0]
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def troubled():
    handler = type("Troubled", (Answers,), {"given": [], "asked": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    handler.url = f"http://127.0.0.1:{server.server_port}"
    yield handler
    server.shutdown()
    server.server_close()


SUBMISSION = {
    "id": 17,
    "url": "http://site/submissions/17",
    "title": "Longer training",
    "repository": "ada/digits",
    "repo_type": "model",
    "track": "digits",
    "status": "in-review",
    "status_label": "in review",
    "status_reason": "Waits for the licence key.",
    "outcome": "needs-human",
    "findings": [],
    "scores": [],
    "runs": [],
}


def test_wrong_usage_ends_with_4_and_not_with_needs_a_human(run):
    ended = run("wait")
    assert ended.returncode == 4
    assert "the following arguments are required: submission" in ended.stderr


def test_without_a_site_it_says_how_to_name_one(run):
    ended = run("status", "17")
    assert ended.returncode == 4
    assert "commonweight login" in ended.stderr


@pytest.mark.parametrize("address", ["ftp://site", "https://", "http://ada:secret@site"])
def test_an_address_that_is_none_is_refused(run, address):
    ended = run("status", "17", "--endpoint", address)
    assert ended.returncode == 4
    assert "secret" not in ended.stderr.replace(address, "")


@pytest.mark.parametrize("number", ["seventeen", "-1", "1.5", "https://elsewhere/submissions/3"])
def test_what_is_no_submission_of_this_site_is_refused(run, number):
    ended = run("status", "--endpoint", "http://127.0.0.1:9", "--", number)
    assert ended.returncode == 4
    assert "Connection refused" not in ended.stderr


def test_a_folder_that_is_missing_is_refused_before_anything_is_sent(run, tmp_path):
    ended = run("submit", "ada/digits", "nowhere", COMMONWEIGHT_ENDPOINT="http://127.0.0.1:9")
    assert ended.returncode == 4
    assert "nowhere is no folder" in ended.stderr


def test_an_empty_folder_is_refused(run, tmp_path):
    (tmp_path / "empty").mkdir()
    folder = str(tmp_path / "empty")
    ended = run("submit", "ada/digits", folder, COMMONWEIGHT_ENDPOINT="http://127.0.0.1:9")
    assert "holds no files" in ended.stderr


def test_a_failure_is_json_too_where_json_is_asked_for(run):
    ended = run("status", "17", "--json")
    assert json.loads(ended.stdout)["error"] == "No site is known."


def test_login_keeps_the_token_for_its_owner_alone_and_for_its_site_alone(run, tmp_path, troubled):
    troubled.given = [(200, {"name": "ada", "scope": "write"}), (200, SUBMISSION)]
    ended = run("login", troubled.url, stdin="hf_a-secret-token\n")
    assert ended.returncode == 0, ended.stderr
    assert "hf_a-secret-token" not in ended.stdout + ended.stderr
    kept = tmp_path / ".config/commonweight/credentials.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert run("status", "17").returncode == 0
    assert troubled.asked[-1][1] == "Bearer hf_a-secret-token"
    elsewhere = troubled.url.replace("127.0.0.1", "localhost")
    run("status", "17", "--endpoint", elsewhere)
    assert troubled.asked[-1][1] is None


def test_a_token_of_the_hugging_face_hub_goes_to_no_other_site(run, troubled):
    troubled.given = [(200, SUBMISSION)]
    for env in (
        {"COMMONWEIGHT_ENDPOINT": troubled.url},
        {"COMMONWEIGHT_ENDPOINT": troubled.url, "HF_ENDPOINT": "https://huggingface.co"},
        {"COMMONWEIGHT_ENDPOINT": troubled.url, "HF_ENDPOINT": "ftp://nonsense"},
        {"HF_ENDPOINT": troubled.url},
        {"HF_ENDPOINT": f"{troubled.url}/", "COMMONWEIGHT_TOKEN": "hf_ours"},
    ):
        run("status", "17", HF_TOKEN="hf_of-the-hub", **env)
    sent = [authorization for _, authorization, _ in troubled.asked]
    assert sent == [None, None, None, "Bearer hf_of-the-hub", "Bearer hf_ours"]


def test_the_token_that_login_stored_is_not_replaced_by_one_of_the_hub(run, troubled):
    troubled.given = [(200, {"name": "ada", "scope": "write"}), (200, SUBMISSION)]
    assert run("login", troubled.url, stdin="hf_ours\n").returncode == 0
    run("status", "17", HF_TOKEN="hf_of-the-hub")
    run("status", "17", HF_TOKEN="hf_of-the-hub", HF_ENDPOINT=troubled.url)
    assert [authorization for _, authorization, _ in troubled.asked[1:]] == ["Bearer hf_ours"] * 2


def test_a_netrc_of_the_machine_does_not_take_the_place_of_the_token(run, tmp_path, troubled):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ada password from-netrc\n")
    troubled.given = [(200, SUBMISSION)]
    run("status", "17", COMMONWEIGHT_ENDPOINT=troubled.url, COMMONWEIGHT_TOKEN="hf_right")
    run("status", "17", COMMONWEIGHT_ENDPOINT=troubled.url)
    assert [authorization for _, authorization, _ in troubled.asked] == ["Bearer hf_right", None]


def test_a_site_that_is_away_for_a_moment_is_asked_again_with_the_same_key(run, troubled):
    troubled.given = [(503, {}), (429, {}), (200, SUBMISSION)]
    ended = run("cancel", "17", COMMONWEIGHT_ENDPOINT=troubled.url)
    assert ended.returncode == 0, ended.stderr
    keys = {key for _, _, key in troubled.asked}
    assert len(troubled.asked) == 3
    assert len(keys) == 1
    assert keys != {None}


def test_a_refusal_is_told_with_every_fault_and_what_to_do(run, troubled):
    problem = {
        "title": "Bad request",
        "detail": "The body has faults.",
        "next": "Mend them and send it again.",
        "errors": [{"field": "track", "message": "There is no track “x”."}],
    }
    troubled.given = [(400, problem)]
    ended = run("submit", "a/b", "--revision", "x", COMMONWEIGHT_ENDPOINT=troubled.url)
    assert ended.returncode == 4
    for words in ("The body has faults.", "track: There is no track “x”.", "Mend them"):
        assert words in ended.stderr


def test_an_address_that_is_no_site_of_ours_is_recognised(run, troubled):
    troubled.given = [(200, ["not", "ours"])]
    ended = run("status", "17", COMMONWEIGHT_ENDPOINT=troubled.url)
    assert ended.returncode == 4
    assert "not as a Commonweight site does" in ended.stderr


def test_a_title_cannot_drive_the_terminal(run, troubled):
    troubled.given = [(200, {**SUBMISSION, "title": "x\x1b]0;owned\x07\x1b[2J [bold]y"})]
    ended = run("status", "17", COMMONWEIGHT_ENDPOINT=troubled.url)
    assert "\x1b" not in ended.stdout
    assert "\x07" not in ended.stdout
    assert "[bold]y" in ended.stdout


def test_a_link_to_the_next_page_cannot_carry_the_token_elsewhere(troubled):
    from commonweight.credentials import Credentials
    from commonweight.errors import ClientError
    from commonweight.site import Site

    troubled.given = [(200, {"results": [{"id": 1}], "next": "http://elsewhere/steal"})]
    lines = Site(Credentials(troubled.url, "hf_secret")).pages("/submissions/")
    assert next(lines) == {"id": 1}
    with pytest.raises(ClientError, match="leads elsewhere"):
        next(lines)


def test_it_starts_without_the_site_or_torch():
    code = "import sys, commonweight.main; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.split()
    )
    assert not loaded & {"django", "torch", "celery", "transformers", "huggingface_hub"}


def test_ctrl_c_says_what_goes_on_and_how_to_stop_it(troubled, tmp_path):
    moving = {"id": 17, "status_label": "queued", "status_reason": "", "outcome": "moving"}
    troubled.given.append((200, moving))
    waiting = subprocess.Popen(
        [sys.executable, "-m", "commonweight.main", "wait", "17"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        | {"PYTHONPATH": str(Path(__file__).parents[2])}
        | {"COMMONWEIGHT_ENDPOINT": troubled.url, "COMMONWEIGHT_TOKEN": "hf_x"},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert "queued" in waiting.stderr.readline()
    waiting.send_signal(signal.SIGINT)
    _, said = waiting.communicate(timeout=30)
    assert waiting.returncode == 130
    assert "Submission 17 goes on" in said
    assert "commonweight cancel 17" in said
