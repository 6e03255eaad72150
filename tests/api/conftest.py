"""Callers of the API: by token, by session, by nobody. Limits are off where they are not tested."""

from __future__ import annotations

import json

import pytest

from tests.web.conftest import _scene, scene

__all__ = ["_scene", "scene"]


@pytest.fixture(autouse=True)
def _storage_of_its_own(tmp_path, settings):
    blobs = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(tmp_path / "storage")},
    }
    settings.STORAGES = {**settings.STORAGES, "blobs": blobs}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.API_RATE_ANONYMOUS = settings.API_RATE_USER = ""


@pytest.fixture
def cast(db):
    from tests.contributions import cast

    return cast.Cast()


@pytest.fixture
def api():
    """`api(cast.ada).post("/submissions/", {...})`; by a token unless a session is asked for."""
    return Caller


class Caller:
    def __init__(self, user=None, *, session=False, csrf=True, token="", scope="write"):
        from django.test import Client

        self._client = Client(enforce_csrf_checks=not csrf)
        self._headers = {}
        if user is not None and session:
            self._client.force_login(user)
        elif user is not None:
            token = token or _token(user, scope)
        if token:
            self._headers["authorization"] = f"Bearer {token}"

    def get(self, path, headers=None, **query):
        return self._send("get", path, query, headers)

    def post(self, path, data=None, headers=None):
        return self._body("post", path, data, headers)

    def delete(self, path, headers=None):
        return self._body("delete", path, None, headers)

    def raw(self, method, path, **more):
        return self._client.generic(method, f"/api/v1{path}", headers=self._headers, **more)

    def _body(self, method, path, data, headers):
        body = "" if data is None else json.dumps(data)
        return getattr(self._client, method)(
            f"/api/v1{path}",
            body,
            content_type="application/json",
            headers={**self._headers, **(headers or {})},
        )

    def _send(self, method, path, query, headers):
        return getattr(self._client, method)(
            f"/api/v1{path}", query, headers={**self._headers, **(headers or {})}
        )


def _token(user, scope):
    from registry.services import tokens

    held = user.access_tokens.filter(name=f"api-{scope}").first()
    if held is not None:
        held.delete()
    return tokens.issue(user, name=f"api-{scope}", scope=scope)[1]


@pytest.fixture
def is_problem():
    """`is_problem(response, 404)`: the one shape of every refusal."""

    def check(response, status):
        assert response.status_code == status, response.content
        assert response["Content-Type"] == "application/problem+json"
        body = response.json()
        assert {"type", "title", "status", "detail", "instance"} <= set(body)
        assert set(body) <= {
            *("type", "title", "status", "detail", "instance"),
            *("where", "next", "url", "errors"),
        }
        assert body["status"] == status
        assert body["detail"]
        return body

    return check
