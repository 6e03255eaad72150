"""Downloads: what the client caches, ranges, and bytes that never run in the site's origin."""

from __future__ import annotations

import hashlib

import pytest
from huggingface_hub import hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from registry.models import Repository
from registry.services import blobs, repositories
from tests.registry.files import put
from tests.registry.hub import TOKENS, client, request

WEIGHTS = bytes(range(256)) * 4000


@pytest.fixture
def site(live_db, model, emil, ada):
    put(
        model,
        ada,
        {
            "config.json": b'{"a": 1}',
            "sub dir/ä&?#.txt": b"text",
            "model.safetensors": ("lfs", WEIGHTS),
            "big.txt": b"0123456789" * 50_000,
            "empty": b"",
        },
    )
    return live_db


def test_a_snapshot_is_byte_for_byte_what_was_put_in(site, tmp_path):
    folder = snapshot_download(
        "ada/tiny", endpoint=site.url, token=False, cache_dir=tmp_path / "cache"
    )
    from pathlib import Path

    files = {str(p.relative_to(folder)): p.read_bytes() for p in Path(folder).rglob("*.*")}
    assert files["sub dir/ä&?#.txt"] == b"text"
    assert files["model.safetensors"] == WEIGHTS
    assert files["big.txt"] == b"0123456789" * 50_000
    assert (Path(folder) / "empty").read_bytes() == b""


def test_an_absent_file_is_remembered_as_absent(site, tmp_path):
    options = {"endpoint": site.url, "token": False, "cache_dir": tmp_path}
    with pytest.raises(EntryNotFoundError):
        hf_hub_download("ada/tiny", "absent.json", **options)
    assert list(tmp_path.rglob(".no_exist/*/absent.json"))
    assert client(site).file_exists("ada/tiny", "absent.json") is False
    assert client(site).file_exists("ada/tiny", "sub dir") is False


def test_the_cache_is_keyed_by_content(site, model, ada, tmp_path):
    options = {"endpoint": site.url, "token": False, "cache_dir": tmp_path}
    first = hf_hub_download("ada/tiny", "model.safetensors", **options)
    put(model, ada, {"README.md": b"new"})
    second = hf_hub_download("ada/tiny", "model.safetensors", **options)
    assert first != second
    blob = tmp_path / "models--ada--tiny" / "blobs" / hashlib.sha256(WEIGHTS).hexdigest()
    assert blob.read_bytes() == WEIGHTS


def test_head_tells_all_that_a_client_needs(site):
    answer = request(site, "HEAD", "/ada/tiny/resolve/main/model.safetensors")
    sha = hashlib.sha256(WEIGHTS).hexdigest()
    assert answer.headers["ETag"] == answer.headers["X-Linked-ETag"] == f'"{sha}"'
    assert answer.headers["Content-Length"] == answer.headers["X-Linked-Size"] == "1024000"
    assert len(answer.headers["X-Repo-Commit"]) == 40
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.body == b""
    small = request(site, "HEAD", "/ada/tiny/resolve/main/config.json")
    git_id = hashlib.sha1(b'blob 8\0{"a": 1}').hexdigest()
    assert small.headers["ETag"] == f'"{git_id}"'


def test_error_headers_are_there_on_head_too(site):
    absent = request(site, "HEAD", "/ada/tiny/resolve/main/nope")
    assert (absent.status, absent.code) == (404, "EntryNotFound")
    assert len(absent.headers["X-Repo-Commit"]) == 40
    assert request(site, "HEAD", "/ada/tiny/resolve/nope/x").code == "RevisionNotFound"
    assert request(site, "HEAD", "/ada/nope/resolve/main/x").code == "RepoNotFound"
    assert absent.body == b""


def test_ranges_are_exact(site):
    for path, whole in (("model.safetensors", WEIGHTS), ("big.txt", b"0123456789" * 50_000)):
        size = len(whole)
        for asked, first, end in (
            ("bytes=0-99", 0, 100),
            ("bytes=100-", 100, size),
            ("bytes=-5", size - 5, size),
            ("bytes=300000-300000", 300_000, 300_001),
            (f"bytes={size - 10}-9999999", size - 10, size),
        ):
            answer = request(
                site, "GET", f"/ada/tiny/resolve/main/{path}", headers={"Range": asked}
            )
            assert answer.status == 206
            assert answer.body == whole[first:end]
            assert answer.headers["Content-Range"] == f"bytes {first}-{end - 1}/{size}"


def test_a_range_outside_the_file_is_refused(site):
    path = "/ada/tiny/resolve/main/config.json"
    answer = request(site, "GET", path, headers={"Range": "bytes=8-"})
    assert (answer.status, answer.headers["Content-Range"]) == (416, "bytes */8")
    for odd in ("bytes=0-1,3-4", "lines=1-2", "bytes=5-2"):
        assert request(site, "GET", path, headers={"Range": odd}).status == 200
    fresh = {"Range": "bytes=2-3", "If-Range": '"other"'}
    assert request(site, "GET", path, headers=fresh).body == b'{"a": 1}'


def test_contributors_bytes_never_run_in_the_sites_origin(site, model, ada):
    names = ["x.html", "x.svg", "x.js", "x.xml", "x.pdf", "x.htm", "x.xhtml", "x"]
    shown = {"x.txt": "text/plain", "x.json": "text/plain", "x.png": "image/png"}
    put(model, ada, dict.fromkeys([*names, *shown], b"<script>alert(1)</script>"))
    for name in [*names, *shown]:
        for method in ("GET", "HEAD"):
            headers = request(site, method, f"/ada/tiny/resolve/main/{name}").headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in headers["Content-Security-Policy"]
            kind, how = headers["Content-Type"], headers["Content-Disposition"]
            if name in shown:
                assert kind.startswith(shown[name])
            else:
                assert (kind, how.split(";")[0]) == ("application/octet-stream", "attachment")


def test_a_name_cannot_write_headers(site, model, ada):
    put(model, ada, {'a"; x=y.txt': b"1"})
    answer = request(site, "GET", "/ada/tiny/resolve/main/a%22%3B%20x%3Dy.txt")
    assert (
        "filename=\"a_; x=y.txt\"; filename*=UTF-8''a%22%3B%20x%3Dy.txt"
        in (answer.headers["Content-Disposition"])
    )


def test_private_files_are_for_those_who_may_read(site, model, ada, tmp_path):
    repositories.update_settings(model, actor=ada, private=True)
    with pytest.raises(RepositoryNotFoundError):
        hf_hub_download(
            "ada/tiny", "config.json", endpoint=site.url, token=TOKENS["emil"], cache_dir=tmp_path
        )
    path = hf_hub_download(
        "ada/tiny", "config.json", endpoint=site.url, token=TOKENS["ada"], cache_dir=tmp_path
    )
    with open(path, "rb") as file:
        assert file.read() == b'{"a": 1}'


def test_gated_files_are_for_those_who_were_let_in(site, model, ada, tmp_path):
    repositories.update_settings(model, actor=ada, gated="manual")
    assert client(site, "emil").list_repo_files("ada/tiny")
    for name, status in ((None, 401), ("emil", 403)):
        token = TOKENS[name] if name else False
        with pytest.raises(GatedRepoError, match="is restricted") as refused:
            hf_hub_download(
                "ada/tiny", "config.json", endpoint=site.url, token=token, cache_dir=tmp_path
            )
        assert refused.value.response.status_code == status
        with pytest.raises(GatedRepoError):
            client(site, name).auth_check("ada/tiny")
    client(site, "ada").auth_check("ada/tiny")


def test_an_unknown_revision_of_a_file_is_said_to_be_so(site, tmp_path):
    with pytest.raises(RevisionNotFoundError):
        hf_hub_download(
            "ada/tiny", "config.json", revision="no", endpoint=site.url, cache_dir=tmp_path
        )


def test_missing_bytes_are_an_error_of_the_store_not_an_empty_file(site, model):
    sha = hashlib.sha256(WEIGHTS).hexdigest()
    (site.storage / sha[:2] / sha[2:4] / sha).unlink()
    answer = request(site, "GET", "/ada/tiny/resolve/main/model.safetensors")
    assert answer.status == 404
    assert "missing from the store" in answer.json["error"]


def test_downloads_are_counted_once_a_client_and_without_a_write_per_request(model):
    from registry.services.downloads import Downloads

    counted = Downloads()
    for client_name in ("a", "a", "b"):
        counted.count(model.pk, client_name)
    assert Repository.objects.get(pk=model.pk).downloads == 0
    counted.write()
    assert Repository.objects.get(pk=model.pk).downloads == 2


def test_the_store_keeps_one_copy(site, ada, emil):
    before = {p for p in site.storage.rglob("*") if p.is_file()}
    import io

    blobs.store(io.BytesIO(WEIGHTS), user=emil)
    assert {p for p in site.storage.rglob("*") if p.is_file()} == before
