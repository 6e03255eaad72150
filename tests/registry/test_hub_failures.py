"""A fault of our own is JSON as well, and says nothing of our inside."""

from __future__ import annotations

import json

from django.test import RequestFactory

from registry.hub.routing import hub_view
from registry.services.errors import GatedRepo, Invalid


def test_a_fault_is_json_without_a_stack_trace():
    @hub_view("GET")
    def broken(call):
        raise RuntimeError("secret inside")

    answer = broken(RequestFactory().get("/api/whoami-v2"))
    assert answer.status_code == 500
    assert json.loads(answer.content)["error"].startswith("Something went wrong")
    assert "secret inside" not in answer.content.decode() + str(answer.headers)


def test_headers_of_a_refusal_are_one_plain_line():
    @hub_view("GET")
    def refuse(call):
        raise Invalid("“Grün”\r\nX-Evil: 1", where="path", next="Try “again”.")

    answer = refuse(RequestFactory().get("/api/whoami-v2"))
    assert answer["X-Error-Message"] == '"Gr?n" X-Evil: 1 Try "again".'
    assert json.loads(answer.content) == {
        "error": "“Grün”\r\nX-Evil: 1 Try “again”.",
        "where": "path",
    }


def test_a_gated_repository_is_named(model):
    assert "model ada/tiny is restricted and you are not in the authorized list" in str(
        GatedRepo(model, anonymous=False)
    )
