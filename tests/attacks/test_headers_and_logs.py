"""What people write breaks out of no header, no table, no mail and no line of a log."""

from __future__ import annotations

import csv
import io
import logging

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from contributions.models import NotificationKind, Submission
from contributions.services import mail, notifications
from registry.config.logs import without_secrets
from registry.models import User
from registry.services import accounts, organisations, tokens
from registry.services.commits import AddFile, commit

LINES = "Hello\r\nBcc: everybody@example.org\r\n\r\n<script>\u2028\x85\x1b[31m"
ACTIVE = {
    "evil.html": b"<script>alert(document.domain)</script>",
    "evil.xhtml": b"<html xmlns='http://www.w3.org/1999/xhtml'><script>alert(1)</script></html>",
    "evil.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "evil.xml": b"<?xml-stylesheet href='javascript:alert(1)'?><a/>",
    "evil.pdf": b"%PDF-1.4 /OpenAction /JavaScript",
    "evil.js": b"alert(1)",
    "evil.css": b"*{background:url(//evil.example)}",
    "evil.swf": b"FWS",
    "evil.hta": b"<script>alert(1)</script>",
    "README": b"<!doctype html><script>alert(1)</script>",
    "picture.png": b"<script>alert(1)</script>",
    'a"; filename="b.html': b"<script>alert(1)</script>",
    "evil.html.txt": b"<script>alert(1)</script>",
}


def test_no_file_of_a_repository_is_a_page_of_this_site(scene, as_person):
    s = scene
    commit(
        s.plain,
        ref="refs/heads/main",
        author=s.berta,
        title="Files",
        operations=[AddFile(path, content) for path, content in ACTIVE.items()],
    )
    browser = as_person(s.berta)
    for path in ACTIVE:
        for way in ("resolve", "raw"):
            answer = browser.get(f"{s.plain.get_absolute_url()}/{way}/main/{path}")
            assert answer.status_code == 200, path
            policy = answer["Content-Security-Policy"]
            assert "sandbox" in policy, path
            assert "allow-scripts" not in policy
            assert answer["X-Content-Type-Options"] == "nosniff", path
            kind, how = answer["Content-Type"], answer["Content-Disposition"]
            shown = how.startswith("inline")
            assert not (shown and ("html" in kind or "svg" in kind or "xml" in kind)), path
            assert "\r" not in how
            assert how.count(chr(34)) == 2, how


def test_no_mail_takes_a_header_from_a_name_or_a_title(scene, mailoutbox):
    s = scene
    User.objects.filter(pk=s.berta.pk).update(email="berta@example.org", fullname=LINES[:150])
    EmailAddress.objects.create(user=s.berta, email="berta@example.org", verified=True)
    s.berta.refresh_from_db()
    Submission.objects.filter(pk=s.weights.pk).update(title=LINES[:100])
    notifications.tell(
        s.berta, NotificationKind.QUESTION, title=LINES, text=LINES, url="/queue", about="x"
    )
    with pytest.raises(Exception, match="page of this site"):
        notifications.tell(
            s.berta, NotificationKind.QUESTION, title="x", url="//evil.example", about="y"
        )
    lab = accounts.create_organisation(name="lab", actor=s.berta, fullname=LINES[:150])
    _made, _secret = organisations.invite(lab, whom="new@example.org", role="write", actor=s.berta)
    client = Client()
    client.force_login(s.berta)
    for whom in (
        "a@example.org\r\nBcc: evil@example.org",
        "a@example.org,b@example.org",
        "<a@b.c>",
    ):
        client.post("/organisations/lab", {"whom": whom, "role": "write"})
    client.post("/organisations/lab", {"whom": "other@example.org", "role": "write"})
    mail.deliver()
    assert len(mailoutbox) >= 2
    for message in mailoutbox:
        raw = message.message()
        assert not raw["Bcc"]
        assert len(message.recipients()) == 1
        for name, value in raw.items():
            assert "\n" not in str(value).replace("\n ", ""), name
        for html, _kind in getattr(message, "alternatives", []):
            assert "<script" not in html


def test_no_cell_of_a_table_is_a_formula(scene, as_person):
    s = scene
    for title in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"):
        Submission.objects.filter(pk=s.weights.pk).update(title=title)
        answer = as_person(None).get("/tracks/digits/leaderboard.csv")
        text = b"".join(answer.streaming_content).decode()
        for row in csv.DictReader(io.StringIO(text)):
            assert row["title"][:1] not in {"=", "+", "-", "@", "\t", "\r"}, title


def test_no_address_writes_a_header(scene, as_person):
    browser = as_person(scene.vera)
    browser.raise_request_exception = False
    for odd in ("%0d%0aX-Evil:%201", "%0aX-Evil: 1", "%e5%98%8a%e5%98%8dX-Evil:1", "%E2%80%A8"):
        for address in (
            f"/ada/digits/tree/{odd}", f"/ada/digits/resolve/main/{odd}", f"/{odd}",
            f"/ada/digits/compare/main...{odd}", f"/accounts/login/?next={odd}", f"/ADA/{odd}",
            f"/tracks/{odd}", f"/api/v1/submissions/?cursor={odd}", f"/organisations/{odd}",
        ):  # fmt: skip
            answer = browser.get(address)
            assert answer.status_code < 500, address
            assert "X-Evil" not in answer
            assert not any("\r" in value or "\n" in value for value in answer.headers.values())


def test_errors_of_the_api_are_json_whatever_was_asked(scene, as_person):
    browser = as_person(scene.berta)
    for accept in ("text/html", "*/*", "application/xml"):
        answer = browser.get("/api/v1/tracks/%3Cscript%3E/", headers={"Accept": accept})
        assert answer["Content-Type"].startswith("application/problem+json")
        assert answer["X-Content-Type-Options"] == "nosniff"


# --- logs -----------------------------------------------------------------------------------------


def _line(text, *args):
    handler = logging.getLogger().handlers[0]
    for found in logging.getLogger().handlers:
        if type(found.formatter).__name__ == "ProcessorFormatter":
            handler = found
    record = logging.LogRecord("x", logging.WARNING, "x", 1, text, args, None)
    return handler.format(record)


def test_nobody_writes_a_line_into_the_log():
    told = _line("a run failed: %s", "x\n12:00:00 [info] all is well\r\x1b[2J\u2028")
    assert "\n" not in told
    assert "\r" not in told
    assert "\x1b[2J" not in told
    assert "all is well" in told


@pytest.mark.parametrize(
    "said",
    [
        "Not Found: /notifications/off/SECRET",
        "GET '/notifications/off/SECRET'",
        "/accounts/oidc/x/login/callback/?code=SECRET&state=1",
        "/accounts/oidc/x/login/callback/?state=1&code=SECRET",
        "/invitations/SECRET",
        "/accounts/password/reset/key/SECRET/",
        "/setup/SECRET",
        "Authorization: Bearer SECRET",
        "https://user:SECRET@example.org/x.git",
        "/lfs/x?signature=SECRET&a=1",
    ],
)
def test_no_log_holds_what_opens_something(said):
    assert "SECRET" not in without_secrets(said)


def test_no_answer_holds_a_secret(scene, as_person):
    s = scene
    token, secret = tokens.issue(s.berta, name="ci", scope="write")
    browser = as_person(s.berta)
    addresses = [
        "/settings", "/settings/tokens", "/settings/security", "/settings/account", "/api/v1/me/",
        "/api/v1/tokens/", "/berta", "/api/whoami-v2",
    ]  # fmt: skip
    hash_of_password = User.objects.get(pk=s.berta.pk).password
    for address in addresses:
        text = browser.get(address).content.decode()
        assert secret not in text, address
        assert token.digest not in text, address
        assert hash_of_password not in text, address
        assert browser.session.session_key not in text, address
