"""Every address of the protocol × every kind of caller × public, private and gated.

A row says what a call needs; a column what a caller may do. Nothing is left to one test per view.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from registry.hub.urls import urlpatterns
from registry.models import AccessToken, Namespace, TokenScope, User
from registry.services import accounts, refs, repositories, tokens
from tests.registry.files import put

pytestmark = pytest.mark.slow

SHA = "0" * 64
OBJECTS = {"operation": "upload", "objects": [{"oid": SHA, "size": 5}]}
DOWNLOAD = {**OBJECTS, "operation": "download"}
FILES = {"files": [{"path": "x.txt", "size": 1, "sample": ""}]}

# need → calls (method, path below the repository, body)
CALLS = {
    "read": [
        ("GET", "/api/models/circle/m", None),
        ("GET", "/api/models/circle/m/revision/main", None),
        ("GET", "/api/models/circle/m/tree/main", None),
        ("POST", "/api/models/circle/m/paths-info/main", "paths=README.md"),
        ("GET", "/api/models/circle/m/commits/main", None),
        ("GET", "/api/models/circle/m/refs", None),
    ],
    "content": [
        ("HEAD", "/circle/m/resolve/main/README.md", None),
        ("GET", "/circle/m/resolve/main/README.md", None),
        ("GET", "/circle/m/raw/main/README.md", None),
        ("GET", "/api/models/circle/m/auth-check", None),
        ("POST", "/circle/m.git/info/lfs/objects/batch", DOWNLOAD),
    ],
    "propose": [
        ("POST", "/circle/m.git/info/lfs/objects/batch", OBJECTS),
        ("POST", "/api/models/circle/m/preupload/main?create_pr=1", FILES),
        ("POST", "/circle/m.git/info/lfs/verify", {"oid": SHA, "size": 5}),
    ],
    "write": [
        ("GET", "/api/models/circle/m/auth-check/write", None),
        ("GET", "/api/models/circle/m/lfs-files", None),
        ("POST", "/api/models/circle/m/preupload/main", FILES),
        ("POST", "/api/models/circle/m/branch/new", {}),
        ("DELETE", "/api/models/circle/m/branch/old", None),
        ("POST", "/api/models/circle/m/tag/main", {"tag": "v2"}),
        ("DELETE", "/api/models/circle/m/tag/v1", None),
    ],
    "admin": [
        ("PUT", "/api/models/circle/m/settings", {"gated": False}),
        ("DELETE", "/api/repos/delete", {"name": "circle/m"}),
        ("POST", "/api/repos/move", {"fromRepo": "circle/m", "toRepo": "circle/m2"}),
    ],
}
# caller → what they may do, beside reading what is public
MAY = {
    "nobody": set(),
    "stranger": {"propose"},
    "stranger-reading": set(),
    "reader": {"see", "propose"},
    "owner-reading": {"see"},
    "writer": {"see", "propose", "write"},
    "owner": {"see", "propose", "write", "admin"},
    "operator": {"see", "propose", "write", "admin"},
}
# Not of one repository, or proved by a signature; tested on their own.
ELSEWHERE = {
    "/api/whoami-v2",
    "/api/xet-is-not-offered-here/set-HF_HUB_DISABLE_XET=1-and-upload-again",
    "/api/models/circle/m/xet-write-token/main",
    "/api/agent-harnesses",
    "/api/telemetry/x",
    "/v1/telemetry",
    "/api/validate-yaml",
    "/api/repos/create",
    "/api/models-tags-by-type",
    "/api/models",
    "/api/models/gpt2",
    "/api/models/circle/m/super-squash/main",
    "/api/models/circle/m/unknown",
    "/api/spaces/x",
    f"/lfs/objects/{SHA}",
    f"/lfs/parts/{'0' * 32}/1",
    f"/lfs/parts/{'0' * 32}",
    "/gpt2/resolve/main/x",
}


@pytest.fixture
def secrets(db):
    """The cast: caller → token."""
    ada = accounts.ensure_user(name="ada", token="hf_owner_00000000")
    circle = accounts.create_organisation(name="circle", actor=ada)
    accounts.ensure_user(name="berta", orgs=["circle"], token="hf_writer_0000000")
    carl = accounts.ensure_user(name="carl", token="hf_reader_0000000")
    circle.memberships.create(user=carl, role="read")
    emil = accounts.ensure_user(name="emil", token="hf_stranger_00000")
    accounts.ensure_user(name="olga", roles=["operator"], token="hf_operator_00000")
    found = {"nobody": None}
    for user, name in ((ada, "owner-reading"), (emil, "stranger-reading")):
        found[name] = tokens.issue(user, name="r", scope=TokenScope.READ)[1]
    found |= {
        "owner": "hf_owner_00000000",
        "writer": "hf_writer_0000000",
        "reader": "hf_reader_0000000",
        "stranger": "hf_stranger_00000",
        "operator": "hf_operator_00000",
    }
    return found


@pytest.fixture
def repository(secrets):
    ada = User.objects.get(username="ada")
    made = repositories.create(
        actor=ada,
        namespace=Namespace.objects.get(name="circle"),
        name="m",
        repo_type="model",
    )
    put(made, ada, {"README.md": b"# M"})
    refs.create_branch(made, "old", actor=ada)
    refs.create_tag(made, "v1", actor=ada, revision="main")
    return made


def expected(need, caller, kind):
    """Status and X-Error-Code; None: whatever the view answers to those who may."""
    may, anonymous = MAY[caller], caller == "nobody"
    member = "see" in may
    if kind == "private" and not member:
        return (401 if anonymous else 404, "RepoNotFound")
    if need == "read" or (need == "content" and kind != "gated"):
        return None
    if need == "content":
        return None if member else (401 if anonymous else 403, "GatedRepo")
    if anonymous:
        return 401, None
    if caller.endswith("-reading"):
        return 403, None
    if kind == "gated" and not member:
        return 403, "GatedRepo"
    return None if need in may else (403, None)


def send(client, secret, method, path, body):
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    kind = "application/x-www-form-urlencoded" if isinstance(body, str) else "application/json"
    return client.generic(
        method, path, body if isinstance(body, str) else _json(body), kind, headers=headers
    )


def _json(body):
    return json.dumps(body) if body is not None else ""


@pytest.mark.parametrize("kind", ["public", "private", "gated"])
@pytest.mark.parametrize("need", CALLS)
def test_each_caller_may_do_exactly_this(client, repository, secrets, need, kind):
    repository.private, repository.gated = kind == "private", "auto" if kind == "gated" else ""
    repository.save()
    wrong = []
    for caller in MAY:
        for method, path, body in CALLS[need]:
            with transaction.atomic():
                answer = send(client, secrets[caller], method, path, body)
                transaction.set_rollback(True)
            said = answer.status_code, answer.headers.get("X-Error-Code")
            passed = (404 if path.endswith("/verify") else 200, None)
            wanted = expected(need, caller, kind) or passed
            if said != wanted:
                wrong.append(f"{method} {path} as {caller}: {said}, not {wanted}")
            if said[0] >= 400 and method != "HEAD":
                assert "error" in answer.json()
    assert wrong == []


def test_the_table_leaves_out_no_address():
    known = [path.partition("?")[0] for calls in CALLS.values() for _, path, _ in calls]
    known += ELSEWHERE
    patterns = [str(entry.pattern) for entry in urlpatterns]
    assert [p for p in patterns if not any(re.match(p, path[1:]) for path in known)] == []


@pytest.mark.parametrize("calls", CALLS.values(), ids=CALLS)
def test_one_error_shape_for_every_address(client, secrets, calls):
    for method, path, body in calls:
        missing = path.replace("circle/m", "circle/absent")
        body = {**body, "name": "circle/absent"} if isinstance(body, dict) else body
        body = {**body, "fromRepo": "circle/absent"} if isinstance(body, dict) else body
        answer = send(client, secrets["owner"], method, missing, body)
        assert (answer.status_code, answer["X-Error-Code"]) == (404, "RepoNotFound"), path
        assert answer["X-Error-Message"].startswith("Repository not found")
        if method != "HEAD":
            assert answer.json()["error"].startswith("Repository not found")


def test_a_session_may_read_but_needs_the_form_token_to_write(repository):
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(username="ada"))
    assert client.get("/api/models/circle/m").status_code == 200
    body, kind = {"tag": "v3"}, "application/json"
    assert client.post("/api/models/circle/m/tag/main", body, kind).status_code == 403
    client.get("/login")
    token = {"X-CSRFToken": client.cookies["csrftoken"].value}
    answer = client.post("/api/models/circle/m/tag/main", body, kind, headers=token)
    assert answer.status_code == 200


def test_an_inactive_account_is_nobody(client, repository, secrets):
    User.objects.filter(username="ada").update(is_active=False)
    answer = send(client, secrets["owner"], "GET", "/api/models/circle/m", None)
    assert answer.status_code == 401


def test_an_expired_token_is_refused(client, repository, secrets):
    AccessToken.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    answer = send(client, secrets["owner"], "GET", "/api/models/circle/m", None)
    assert (answer.status_code, answer["X-Error-Message"]) == (
        401,
        "Invalid credentials in Authorization header",
    )


def test_git_sends_its_token_as_a_password(client, repository, secrets):
    basic = base64.b64encode(f"anybody:{secrets['owner']}".encode()).decode()
    answer = client.get("/api/whoami-v2", headers={"Authorization": f"Basic {basic}"})
    assert answer.json()["name"] == "ada"


def test_a_disabled_repository_says_so(client, repository, secrets):
    repository.disabled = True
    repository.save()
    answer = send(client, secrets["stranger"], "GET", "/api/models/circle/m", None)
    assert (answer.status_code, answer["X-Error-Message"]) == (
        403,
        "Access to this resource is disabled.",
    )
