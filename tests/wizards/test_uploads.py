"""Files of a draft arrive in parts, are verified, and are not sent twice."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import os

import pytest
from django.utils import timezone

from contributions.models import OfferDraft
from contributions.services import draft_files, drafts, file_kinds
from contributions.services.draft_files import Announced
from registry.config.celery import app
from registry.models import BlobUpload
from registry.services import blobs
from workers import tasks
from workers.checks import files as checked
from workers.checks import pickles

PART = 1000


@pytest.fixture
def draft(cast, monkeypatch):
    monkeypatch.setattr(draft_files, "PART_BYTES", PART)
    return drafts.begin(
        author=cast.ada,
        repository=cast.model,
        kind=drafts.PatchKind.WEIGHTS,
        title="New",
    )


@pytest.fixture
def browser(as_person, cast):
    return as_person(cast.ada)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def facts(content, path="model.safetensors", **changes):
    return {"path": path, "size": len(content), "sha256": sha256(content), **changes}


def announce(browser, draft, *wanted):
    return browser.post(
        f"/submit/{draft.pk}/files/announce",
        json.dumps({"files": wanted}),
        content_type="application/json",
    )


def put(browser, draft, file, number, piece):
    address = f"/submit/{draft.pk}/files/{file}/parts/{number}"
    return browser.put(address, piece, content_type="application/octet-stream")


def complete(browser, draft, file):
    return browser.post(f"/submit/{draft.pk}/files/{file}/complete")


def test_parts_are_joined_verified_and_kept(browser, cast, draft):
    content = b"a" * PART + b"b" * PART + b"c"
    (told,) = announce(browser, draft, facts(content)).json()["files"]
    assert (told["parts"], told["part_bytes"], told["arrived"], told["done"]) == (
        3,
        PART,
        [],
        False,
    )
    for number in (3, 1, 2):
        piece = content[(number - 1) * PART : number * PART]
        assert put(browser, draft, told["id"], number, piece).status_code == 200
    assert complete(browser, draft, told["id"]).json() == {"done": True, "sha256": sha256(content)}
    row = draft.files.get()
    assert (row.blob.size, row.received) == (2001, 2001)
    assert blobs.open_blob(row.blob).read() == content
    assert BlobUpload.objects.get().namespace == cast.ada.namespace


def test_after_an_interruption_only_the_rest_is_sent(browser, draft):
    content = b"a" * PART + b"b" * PART
    (told,) = announce(browser, draft, facts(content)).json()["files"]
    put(browser, draft, told["id"], 1, content[:PART])
    missing = complete(browser, draft, told["id"])
    assert (missing.status_code, "missing: 2" in missing.json()["error"]) == (409, True)
    assert "1 kB so far" in browser.get(f"/submit/{draft.pk}/files").content.decode()
    (again,) = announce(browser, draft, facts(content)).json()["files"]
    assert (again["id"], again["arrived"]) == (told["id"], [1])
    put(browser, draft, told["id"], 2, content[PART:])
    assert complete(browser, draft, told["id"]).json()["done"]
    (there,) = announce(browser, draft, facts(content)).json()["files"]
    assert there["done"]


def test_bytes_that_are_not_what_was_announced_are_not_kept(browser, draft):
    (told,) = announce(browser, draft, facts(b"announced")).json()["files"]
    put(browser, draft, told["id"], 1, b"different")
    refused = complete(browser, draft, told["id"])
    assert (refused.status_code, "not the announced" in refused.json()["error"]) == (400, True)
    row = draft.files.get()
    assert (row.blob, row.received, draft_files.arrived(row)) == (None, 0, [])
    assert put(browser, draft, told["id"], 1, b"short").status_code == 400
    assert put(browser, draft, told["id"], 1, b"much longer than it").status_code == 400
    assert put(browser, draft, told["id"], 2, b"").status_code == 400


def test_what_i_sent_before_is_not_sent_again(browser, cast, draft):
    content = b"mine"
    blobs.store(io.BytesIO(content), user=cast.ada)
    (told,) = announce(browser, draft, facts(content)).json()["files"]
    assert told["done"]


def test_knowing_a_hash_gives_nothing(browser, cast, draft):
    content = b"somebody else's"
    blobs.store(io.BytesIO(content), user=cast.emil)
    (told,) = announce(browser, draft, facts(content)).json()["files"]
    assert not told["done"]


def test_another_content_of_the_same_path_replaces_the_first(browser, draft):
    announce(browser, draft, facts(b"first"))
    (told,) = announce(browser, draft, facts(b"second!")).json()["files"]
    assert (draft.files.count(), draft.files.get().size, told["done"]) == (1, 7, False)


def test_an_empty_file_needs_no_part(browser, draft):
    (told,) = announce(browser, draft, facts(b"", path=".gitkeep")).json()["files"]
    assert (told["done"], told["parts"]) == (True, 0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"path": "../up.md"}, "not allowed"),
        ({"path": ".git/config"}, "not allowed"),
        ({"path": "/etc/passwd"}, "not allowed"),
        ({"path": "a" * 2000}, "not allowed"),
        ({"sha256": "no"}, "not a SHA-256"),
        ({"size": 10**12}, "are allowed"),
        ({"size": -1}, "are allowed"),
    ],
)
def test_a_file_that_may_not_come_is_refused_and_the_others_come(browser, draft, changes, words):
    answer = announce(browser, draft, facts(b"x", **changes), facts(b"y", path="y.md")).json()
    assert words in answer["refused"][0]["error"]
    assert [file["path"] for file in answer["files"]] == ["y.md"]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b'{"files": 3}', b'{"files": [1]}', b'{"files": [{"path": "a"}]}',
        b'{"files": [{"path": 1, "size": 1, "sha256": ""}]}',
        b'{"files": [{"path": "a", "size": true, "sha256": ""}]}',
        b'{"files": [{"path": "a\\u0000", "size": 1, "sha256": ""}]}',
        b'{"files": [{"path": "\\ud800", "size": 1, "sha256": ""}]}',
        b"[" * 10_000,
    ],
)  # fmt: skip
def test_what_is_no_list_of_files_is_refused(browser, draft, body):
    address = f"/submit/{draft.pk}/files/announce"
    answer = browser.post(address, body, content_type="application/json")
    assert (answer.status_code, "error" in answer.json()) == (400, True)


def test_there_is_a_most_of_files_and_bytes(browser, draft, monkeypatch, settings):
    monkeypatch.setattr(draft_files, "MOST_FILES", 3)
    many = [facts(b"x", path=f"{n}.md") for n in range(4)]
    assert announce(browser, draft, *many).status_code == 413
    assert announce(browser, draft, *many[:3]).status_code == 200
    assert announce(browser, draft, *many[:3]).status_code == 200, "they are the same three"
    settings.MAX_FILE_BYTES = 100
    draft.files.all().delete()
    large = [facts(b"x" * 90, path=f"{n}.md") for n in range(3)]
    assert "together" in announce(browser, draft, *large).json()["error"]


def test_it_takes_the_authors_session_and_token(client, browser, cast, draft):
    from django.test import Client

    (told,) = announce(browser, draft, facts(b"x")).json()["files"]
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(cast.ada)
    assert put(careful, draft, told["id"], 1, b"x").status_code == 403
    client.logout()
    assert announce(client, draft, facts(b"x")).status_code == 401
    assert put(client, draft, told["id"], 1, b"x").status_code == 401


def test_a_removed_file_leaves_no_parts(browser, draft):
    content = b"a" * (PART + 1)
    (told,) = announce(browser, draft, facts(content)).json()["files"]
    put(browser, draft, told["id"], 1, content[:PART])
    browser.post(f"/submit/{draft.pk}/files/{told['id']}/remove")
    assert not list(blobs.incoming().glob("parts-*"))
    assert put(browser, draft, told["id"], 1, content[:PART]).status_code == 404


def test_a_deleted_draft_leaves_no_parts(browser, draft):
    content = b"a" * (PART + 1)
    (told,) = announce(browser, draft, facts(content)).json()["files"]
    put(browser, draft, told["id"], 1, content[:PART])
    browser.post(f"/submit/{draft.pk}/discard")
    assert not list(blobs.incoming().glob("parts-*"))


def test_a_part_has_a_size_that_any_file_fits_in(draft):
    row = draft_files.announce(draft, [Announced("a.safetensors", 40 * 10**6, "0" * 64)])[0][0]
    assert draft_files.part_count(row) <= draft_files.MOST_PARTS


def test_the_names_refused_here_are_those_that_the_check_refuses():
    assert pickles.EXTENSIONS == file_kinds.PICKLES
    assert checked.CODE == file_kinds.CODE
    assert checked.ARCHIVES == file_kinds.ARCHIVES
    assert checked.OTHER_WEIGHTS == file_kinds.OTHER_WEIGHTS
    assert set(file_kinds.DATA) == set(checked.DATA)
    assert set(file_kinds.DOCUMENTATION) == set(checked.DOCUMENTATION)
    for path in ("model.safetensors", "docs/show.py", "README.md", "a.csv", ".gitattributes"):
        assert not file_kinds.refusal(path)


# --- what was begun and left --------------------------------------------------------------------


def half_sent(browser, draft):
    """One part of two; returns what lies of uploads now."""
    content = b"x" * (2 * PART)
    file = announce(browser, draft, facts(content)).json()["files"][0]["id"]
    assert put(browser, draft, file, 1, content[:PART]).status_code == 200
    return parts()


def parts():
    return sorted(blobs.incoming().glob("parts-*"))


def test_bytes_of_whoever_deletes_their_account_go_with_it(browser, draft, cast):
    assert len(half_sent(browser, draft)) == 1
    gone = browser.post("/settings/account/delete", {"name": "ada"})
    assert gone.status_code == 302
    assert parts() == []


@pytest.mark.django_db(transaction=True)
def test_drafts_and_uploads_that_were_left_are_removed_by_the_clock(browser, draft, cast):
    [folder] = half_sent(browser, draft)
    tasks.tidy()
    assert parts() == [folder]
    old = timezone.now() - OfferDraft.KEPT_FOR - dt.timedelta(hours=1)
    OfferDraft.objects.update(updated_at=old)
    left = blobs.incoming() / f"parts-{'0' * 32}"
    left.mkdir()
    os.utime(left, (0, 0))
    tasks.tidy()
    assert parts() == []
    assert not OfferDraft.objects.exists()


def test_the_clock_sends_only_tasks_that_exist():
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert scheduled == {"workers.tasks.sweep", "workers.tasks.tidy"}
    assert scheduled <= set(app.tasks)
