"""Whatever is sent, the answer is a refusal that says why, never a crash."""

from __future__ import annotations

import socket
import time
from urllib.parse import quote, urlsplit

import pytest

from registry.services import signing
from tests.registry.files import put
from tests.registry.hub import request
from tests.registry.test_hub_permissions import CALLS

ODD_TEXTS = ["%00", "%ff%fe", "%ed%a0%80", "..%2F..%2Fx", "%0d%0aX-Evil:1", "a" * 3000, "%25", "🙂"]

ODD_BODIES = [
    b"{",
    b"[]",
    b"1",
    b'"x"',
    b"\xff",
    b"[" * 100_000,
    b'{"name": "a\\u0000b"}',
    b'{"name": "\\ud800"}',
    b'{"name": 5}',
    b'{"name": null}',
    b'{"name": ["x"]}',
    b'{"name": "x", "organization": 5}',
    b'{"name": "x", "visibility": []}',
    b'{"name": "x", "type": []}',
    b'{"files": 5}',
    b'{"paths": 5}',
    b'{"paths": [5, null]}',
    b'{"files": [5]}',
    b'{"files": [{"path": 5, "size": "x"}]}',
    b'{"operation": "upload", "objects": [{"oid": 5}]}',
    b'{"operation": [], "objects": []}',
    b'{"tag": {}}',
    b'{"gated": []}',
    b'{"fromRepo": 5, "toRepo": []}',
    b'{"content": 5}',
]


@pytest.fixture
def site(live_db, model, emil):
    return live_db


def test_no_odd_address_is_a_crash(site):
    calls = [(m, p.replace("circle/m", "ada/tiny"), b) for c in CALLS.values() for m, p, b in c]
    for method, path, body in calls:
        for odd in ODD_TEXTS:
            odd = quote(odd, safe="%")
            for bad in (
                path.replace("main", odd),
                path.replace("tiny", odd),
                path.replace("ada", odd),
                f"{path}{'&' if '?' in path else '?'}cursor={odd}&limit={odd}&search={odd}",
            ):
                if bad == path:
                    continue
                answer = request(site, method, bad, body, name="emil")
                assert answer.status < 500, (method, bad)
                assert "X-Evil" not in answer.headers


ODD_FILTERS = ["search=%00", "author=%00", "filter=%00", "sort=%00"]


def test_no_odd_filter_is_a_crash(site):
    for query in ODD_FILTERS:
        assert request(site, "GET", f"/api/models?{query}").status in {400, 422}


def test_no_odd_body_is_a_crash(site):
    for method, path in (
        ("POST", "/api/repos/create"),
        ("POST", "/api/repos/move"),
        ("POST", "/api/validate-yaml"),
        ("POST", "/api/models/ada/tiny/preupload/main"),
        ("POST", "/api/models/ada/tiny/paths-info/main"),
        ("POST", "/api/models/ada/tiny/tag/main"),
        ("PUT", "/api/models/ada/tiny/settings"),
        ("POST", "/ada/tiny.git/info/lfs/objects/batch"),
    ):
        for body in ODD_BODIES:
            answer = request(site, method, path, body, name="ada")
            assert answer.status < 500, (method, path, body)
            if answer.status >= 400:
                assert answer.json.get("error") or answer.json.get("errors")


ODD_CREDENTIALS = ["Bearer", "Bearer ", "Basic x", "Basic //79", "Token a", "hf_x", "Bearer \u00e9"]


def test_odd_credentials_are_bad_credentials(site):
    for header in ODD_CREDENTIALS:
        answer = request(
            site, "GET", "/api/whoami-v2", headers={"Authorization": header.encode("latin-1")}
        )
        assert answer.status == 401
        assert answer.headers["X-Error-Message"] == "Invalid credentials in Authorization header"


def test_wrong_methods_are_told_the_right_ones(site):
    answer = request(site, "DELETE", "/api/models/ada/tiny/tree/main", name="ada")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET")


def begun(site, path, *, size=None):
    """A connection that sent a request, and of its body only the first bytes."""
    address = urlsplit(site.url)
    connection = socket.create_connection((address.hostname, address.port), timeout=20)
    length = f"Content-Length: {size}\r\n" if size else ""
    method = "PUT" if size else "GET"
    head = f"{method} {path} HTTP/1.1\r\nHost: {address.netloc}\r\n{length}\r\n"
    connection.sendall(head.encode() + (b"begun" if size else b""))
    return connection


def test_slow_transfers_hold_no_database_connection(site, model, ada):
    """More of them than the pool has connections (8); another request must not wait."""
    put(model, ada, {"big.bin": ("lfs", bytes(30_000_000))})
    href = signing.signed_put("0" * 64, size=30_000_000, user=ada)
    put_path = href.removeprefix(site.url)
    slow = [begun(site, put_path, size=30_000_000) for _ in range(6)]
    slow += [begun(site, "/ada/tiny/resolve/main/big.bin") for _ in range(6)]
    time.sleep(0.5)
    try:
        assert request(site, "GET", "/api/models/ada/tiny", name="ada").status == 200
    finally:
        for connection in slow:
            connection.close()


def test_a_broken_upload_leaves_nothing(site, ada):
    href = signing.signed_put("0" * 64, size=1_000_000, user=ada)
    begun(site, href.removeprefix(site.url), size=1_000_000).close()
    incoming = site.storage / "incoming"
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        time.sleep(0.1)
        if incoming.exists() and not list(incoming.iterdir()):
            break
    assert list(incoming.iterdir()) == []
