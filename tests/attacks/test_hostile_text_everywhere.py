"""Hostile text in every column of the database becomes markup on no page and in no mail."""

from __future__ import annotations

import pytest

from contributions.models import Decision, Key, Publication, Release, Run, Score
from contributions.services import review_queue, reviews
from registry.models import Repository
from registry.services import commits, refs, tokens
from registry.services.commits import AddFile
from tests.attacks import crawl, poison

FILE = f"<{poison.TAG} onclick=evil()>.txt"
CARD = f"""---
license: "{poison.SHORT.replace('"', "")}"
license_name: ["<{poison.TAG}>", {{"a": "<{poison.TAG}>"}}]
base_model: ["<{poison.TAG}>/x", "javascript:evil()"]
datasets: "<{poison.TAG}>"
language: ["<{poison.TAG}>", 5, null]
tags: ["<{poison.TAG}>", "javascript:evil()"]
pipeline_tag: "<{poison.TAG}>"
library_name: {{"<{poison.TAG}>": "<{poison.TAG}>"}}
"<{poison.TAG}>": "<{poison.TAG}>"
---
{poison.LONG}
"""
STARTS = [
    "/", "/about", "/models", "/datasets", "/tracks", "/submissions", "/submissions/mine", "/queue",
    "/docs", "/search?q=digits", "/search?q=cw+evil", "/notifications?show=all", "/settings",
    "/settings/tokens", "/settings/security", "/settings/notifications", "/settings/account",
    "/settings/organisations", "/organisations/tinymodels", "/submit", "/new", "/tracks/new",
    "/admin/", "/admin/reviews/", "/ada", "/berta", "/tinymodels", "/ada/digits",
    "/datasets/ada/digits-data", "/berta/scratch", "/tracks/digits", "/tracks/digits/releases/1",
    "/login?next=%22%3E%3Ccw-evil%3E", "/search?q=%22%3E%3Ccw-evil%3E", "/api/v1/docs/",
    "/models?search=%22%27%3E%3Ccw-evil%3E&licence=%3Ccw-evil%3E&sort=%3Ccw-evil%3E",
    "/submissions?by=%22%3E%3Ccw-evil%3E", "/tracks/digits?sort=%22%3E%3Ccw-evil%3E",
    "/admin/?q=%22%3E%3Ccw-evil%3E", "/%3Ccw-evil%3E", "/datasets/%3Ccw-evil%3E/x",
    "/models?tag=%22%3E%3Ccw-evil%3E", "/tracks/%3Ccw-evil%3E", "/runs/1?q=%3Ccw-evil%3E",
]  # fmt: skip


@pytest.fixture
def hostile(scene):
    s = scene
    for repository in (s.model, s.data, s.plain):
        _commit(repository)
    refs.create_branch(s.plain, f"x\"'><{poison.TAG}>", actor=s.berta)
    refs.create_tag(s.plain, f"v\"'><{poison.TAG}>", actor=s.berta, revision="main")
    tokens.issue(s.vera, name="x", scope="read")
    s.question = reviews.review(
        _ready(s),
        reviewer=s.lena,
        key=Key.LICENCE,
        decision=Decision.INFO,
        reason_code="other",
        text="?",
    )
    reviews.answer(s.question, author=s.cyril, text="!")
    _machines()
    assert poison.everywhere() > 30
    return s


def _commit(repository):
    commits.commit(
        repository,
        ref="refs/heads/main",
        author=repository.created_by,
        title=poison.EVIL,
        message=poison.LONG,
        operations=[
            AddFile("README.md", CARD.encode()),
            AddFile(FILE, poison.LONG.encode()),
            AddFile(
                f"<{poison.TAG}>/a\"'b.csv", f'"<{poison.TAG}>",b\n<{poison.TAG}>,=1\n'.encode()
            ),
            AddFile("data/evil.jsonl", b'{"<cw-evil>": "<cw-evil onclick=evil()>"}\n'),
            AddFile("evil.json", b'{"<cw-evil>": ["<cw-evil onclick=evil()>"]}'),
            AddFile("evil.safetensors", _tensors()),
            AddFile("evil.yaml", b"<cw-evil>: '<cw-evil>'\n"),
            AddFile("evil.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='evil()'/>"),
            AddFile("evil.html", b"<cw-evil><script>evil()</script>"),
            AddFile("evil.py", b"# <cw-evil> '\"\n"),
            AddFile("recipe.yaml", b"version: '<cw-evil>'\nmethod: '<cw-evil>'\n<cw-evil>: 1\n"),
        ],
    )


def _tensors():
    header = (
        b'{"<cw-evil>": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},'
        b' "__metadata__": {"<cw-evil>": "<cw-evil onclick=evil()>"}}'
    )
    return len(header).to_bytes(8, "little") + header + bytes(4)


def _ready(s):
    """Its check has passed, as a worker would tell."""
    check = s.waiting.runs.get(kind="check")
    check.result = {"verdict": "passed"}
    check.save()
    review_queue.sync(s.waiting, missing_keys=["licence", "privacy"])
    return s.waiting


def _machines():
    """What workers and other Hubs told, as JSON."""
    for run in Run.objects.all():
        run.progress = {"stage": poison.EVIL, "step": 1, "of": 2, "metrics": {poison.EVIL: 1.0}}
        run.result = {
            **poison.within(run.result or {}),
            "provenance": {poison.EVIL: poison.EVIL, "inputs": {poison.EVIL: poison.EVIL}},
        }
        run.save(update_fields=["progress", "result"])
    for score in Score.objects.all():
        score.report = {**score.report, poison.EVIL: score.report.get("0", {})}
        score.metrics = {**score.metrics, poison.EVIL: 0.5}
        score.save(update_fields=["report", "metrics"])
    for repository in Repository.objects.all():
        repository.card = poison.within(repository.card)
        repository.tags = poison.within(repository.tags)
        repository.save(update_fields=["card", "tags"])
    for release in Release.objects.all():
        release.evidence = {**release.evidence, poison.EVIL: poison.EVIL}
        release.save(update_fields=["evidence"])
    Publication.objects.update(endpoint="https://hub.example", repo_id=f"x/{poison.SHORT}")


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_no_page_takes_it_for_markup(hostile, as_person):
    s, visited = hostile, {}
    of_each = {s.vera: 3, s.berta: 2, s.cyril: 1, None: 1}
    for person, most in of_each.items():
        browser = as_person(person)
        browser.raise_request_exception = False
        for address, response in crawl.site(browser, STARTS, of_each=most):
            who = f"{person} at {address}"
            assert response.status_code < 500, who
            visited.setdefault(crawl._kind(address), response.status_code)
            _refuse_markup(response, who)
    assert len(visited) > 150


def _refuse_markup(response, who):
    kind = response.get("Content-Type", "")
    if not kind.startswith("text/html"):
        if kind:
            assert response.get("X-Content-Type-Options") == "nosniff", who
        return
    page = crawl.Elements(response.content.decode())
    for tag, attributes in page.found:
        assert tag != poison.TAG, who
        assert "data-evil" not in attributes, f"{who}: {tag} {attributes}"
        assert "49" not in attributes.get("x-text", ""), who
        if not who.rpartition(" ")[2].startswith("/admin/"):
            assert not [name for name in attributes if name.startswith("on")], f"{who}: {tag}"
    for tag, address in page.addresses():
        plain = "".join(c for c in address if c > " ").lower()
        scheme = plain.partition(":")[0]
        assert scheme not in {"javascript", "vbscript"}, f"{who}: {address}"
        assert scheme != "data" or tag == "img", f"{who}: {address}"
