"""Large files: which they are, where they are sent, and that a hash alone gives nothing."""

from __future__ import annotations

import base64
import hashlib
import io
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from registry.models import Blob, BlobUpload
from registry.services import blobs, commits, repositories
from registry.services.errors import Invalid
from tests.registry.files import put
from tests.registry.hub import request

DATA = b"some weights" * 1000
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def site(live_db, model, emil):
    return live_db


def preupload(site, files, *, name="ada", rev="main", **extra):
    sample = base64.b64encode(b"x").decode()
    body = {"files": [{"path": p, "size": s, "sample": sample} for p, s in files.items()], **extra}
    answer = request(site, "POST", f"/api/models/ada/tiny/preupload/{rev}", body, name=name)
    assert answer.status == 200, answer.body
    return {file["path"]: file for file in answer.json["files"]}


def modes(answer):
    return {path: file["uploadMode"] for path, file in answer.items()}


def test_kinds_and_size_decide_what_is_large(site, settings):
    sizes = {
        "a.txt": 10,
        "a.bin": 10,
        "d/x.safetensors": 1,
        "x.parquet": 1,
        "X.PKL": 5,
        "huge.txt": settings.LFS_THRESHOLD_BYTES,
        "saved_model/v/x": 3,
        "empty.bin": 0,
    }
    assert modes(preupload(site, sizes)) == {
        "a.txt": "regular",
        "a.bin": "lfs",
        "d/x.safetensors": "lfs",
        "x.parquet": "lfs",
        "X.PKL": "lfs",
        "huge.txt": "lfs",
        "saved_model/v/x": "lfs",
        "empty.bin": "regular",
    }


def test_gitattributes_of_the_target_revision_decide(site, model, ada):
    rules = b"*.png filter=lfs diff=lfs merge=lfs -text\ndata/* filter=lfs\n*.bin -filter\n"
    put(model, ada, {".gitattributes": rules})
    asked = {"i.png": 5, "d/i.png": 5, "data/x": 5, "data/d/x": 5, "o/data/x": 5, "m.bin": 5}
    assert modes(preupload(site, asked)) == {
        "i.png": "lfs",
        "d/i.png": "lfs",
        "data/x": "lfs",
        "data/d/x": "regular",
        "o/data/x": "regular",
        "m.bin": "regular",
    }


def test_gitignore_is_applied_for_the_client(site, model, ada):
    put(model, ada, {".gitignore": b"*.log\nbuild/\n!keep.log\n"})
    asked = {"a.log": 1, "build/x/y": 1, "keep.log": 1, "a.txt": 1}
    answer = preupload(site, asked)
    assert {p for p, file in answer.items() if file["shouldIgnore"]} == {"a.log", "build/x/y"}
    sent = preupload(site, asked, gitIgnore="*.txt")
    assert {p for p, file in sent.items() if file["shouldIgnore"]} == {"a.txt"}


def test_it_tells_what_is_there_already(site, model, ada):
    put(model, ada, {"a.txt": b"hello\n", "m.bin": ("lfs", DATA)})
    answer = preupload(site, {"a.txt": 6, "m.bin": len(DATA), "new": 1})
    assert answer["a.txt"]["oid"] == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert answer["m.bin"]["oid"] == SHA
    assert "oid" not in answer["new"]


HOSTILE_PATHS = [
    "../x",
    "a/../../x",
    "/etc/passwd",
    "a\\b",
    "..\\x",
    ".git/config",
    "a/.GIT/hooks/x",
    ".git /x",
    "a\x00b",
    "a\nb",
    "a//b",
    "./a",
    "",
    "x" * 1025,
    "a/" + "y" * 256,
    ".g\u200cit/config",
]


def test_hostile_paths_are_refused(site, model, ada):
    for path in HOSTILE_PATHS:
        body = {"files": [{"path": path, "size": 1, "sample": ""}]}
        answer = request(site, "POST", "/api/models/ada/tiny/preupload/main", body, name="ada")
        assert answer.status == 422
        with pytest.raises(Invalid):
            put(model, ada, {path: b"x"})


def batch(site, *, name="ada", operation="upload", sha=SHA, size=12_000, repo="ada/tiny"):
    body = {
        "operation": operation,
        "transfers": ["basic", "multipart"],
        "objects": [{"oid": sha, "size": size}],
        "hash_algo": "sha256",
    }
    answer = request(site, "POST", f"/{repo}.git/info/lfs/objects/batch", body, name=name)
    assert answer.status == 200, answer.body
    return answer.json["objects"][0]


def test_an_upload_is_stored_verified_and_not_asked_for_again(site):
    found = batch(site)
    href = found["actions"]["upload"]["href"]
    assert request(site, "PUT", href, DATA).status == 200
    assert Blob.objects.get(pk=SHA).size == len(DATA)
    verify = found["actions"]["verify"]["href"]
    assert request(site, "POST", verify, {"oid": SHA, "size": len(DATA)}, name="ada").status == 200
    assert "actions" not in batch(site)


def test_bytes_that_are_not_what_was_announced_are_not_stored(site):
    href = batch(site)["actions"]["upload"]["href"]
    wrong = b"X" + DATA[1:]
    for body in (wrong, DATA[:-1], DATA + b"x", b""):
        answer = request(site, "PUT", href, body)
        assert answer.status == 400
        assert answer.json["error"]
    assert not Blob.objects.exists()
    assert [p for p in site.storage.rglob("*") if p.is_file() and p.name == SHA] == []
    assert list((site.storage / "incoming").iterdir()) == []


def tampered(href, **changes):
    address = urlsplit(href)
    query = {key: values[0] for key, values in parse_qs(address.query).items()}
    return f"{address.path}?{urlencode({**query, **changes})}"


def test_a_signed_address_is_good_for_nothing_else(site, emil):
    href = batch(site)["actions"]["upload"]["href"]
    other = hashlib.sha256(b"other").hexdigest()
    query = urlsplit(href).query
    for bad in (
        tampered(href, size="5"),
        tampered(href, sha256=other),
        tampered(href, user=str(emil.pk)),
        tampered(href, expires=str(int(time.time()) + 999_999)),
        tampered(href, signature=""),
        tampered(href, extra="1"),
        f"{href}&sha256={SHA}",
        f"/lfs/objects/{other}?{query}",
        f"/lfs/parts/{'0' * 32}/1?{query}",
        f"/lfs/objects/{SHA}",
    ):
        answer = request(site, "PUT", bad, DATA)
        assert (answer.status, "not valid" in answer.json["error"]) == (403, True), bad
    assert request(site, "GET", href).status == 403
    assert not Blob.objects.exists()
    assert "signature=***" in site.said()
    assert query.rpartition("signature=")[2] not in site.said()


def test_a_signed_address_expires(site, ada, settings):
    from registry.services import signing

    settings.SIGNED_URL_SECONDS = -1
    href = signing.signed_put(SHA, size=len(DATA), user=ada)
    answer = request(site, "PUT", href, DATA)
    assert (answer.status, "expired" in answer.json["error"]) == (403, True)


def test_a_signed_download_needs_no_other_credentials(site, ada):
    from registry.services import signing

    blob = blobs.store(io.BytesIO(DATA), user=ada)
    href = signing.signed_get(blob.sha256, user=ada, filename="m.bin", size=blob.size)
    answer = request(site, "GET", href)
    assert answer.body == DATA
    assert "m.bin" in answer.headers["Content-Disposition"]
    assert request(site, "GET", href, headers={"Range": "bytes=0-3"}).body == DATA[:4]
    assert request(site, "GET", tampered(href, filename="x.html")).status == 403


def test_knowing_a_hash_gives_nothing(site, model, ada, emil):
    secret = repositories.create(
        actor=ada, namespace=ada.namespace, name="secret", repo_type="model", private=True
    )
    put(secret, ada, {"m.bin": ("lfs", DATA)})
    own = repositories.create(actor=emil, namespace=emil.namespace, name="own", repo_type="model")
    found = batch(site, name="emil", repo="emil/own")
    assert "upload" in found["actions"]
    verify = "/emil/own.git/info/lfs/verify"
    answer = request(site, "POST", verify, {"oid": SHA, "size": len(DATA)}, name="emil")
    assert answer.status == 404
    assert "error" in batch(site, name="emil", repo="emil/own", operation="download")
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{SHA}\nsize {len(DATA)}\n"
    for operation in (
        commits.AddLfsFile("m.bin", SHA, len(DATA)),
        commits.AddFile("m.bin", pointer.encode()),
    ):
        with pytest.raises(Invalid, match="was not uploaded"):
            commits.commit(
                own, ref="refs/heads/main", author=emil, title="x", operations=[operation]
            )


def test_what_one_may_read_one_may_use(site, model, ada, emil):
    put(model, ada, {"m.bin": ("lfs", DATA)})
    repositories.create(actor=emil, namespace=emil.namespace, name="own", repo_type="model")
    assert "actions" not in batch(site, name="emil", repo="emil/own")
    repositories.update_settings(model, actor=ada, gated="manual")
    assert "actions" in batch(site, name="emil", repo="emil/own")


def test_a_wrong_size_is_not_taken_from_the_client(model, ada):
    blob = blobs.store(io.BytesIO(DATA), user=ada)
    with pytest.raises(Invalid):
        commits.commit(
            model,
            ref="refs/heads/main",
            author=ada,
            title="x",
            operations=[commits.AddLfsFile("m.bin", blob.sha256, 5)],
        )


def test_git_can_fetch_large_files_of_a_repository_only(site, model, ada):
    put(model, ada, {"m.bin": ("lfs", DATA)})
    found = batch(site, name=None, operation="download")
    assert request(site, "GET", found["actions"]["download"]["href"]).body == DATA
    blobs.store(io.BytesIO(b"elsewhere"), user=ada)
    other = hashlib.sha256(b"elsewhere").hexdigest()
    assert batch(site, name="ada", operation="download", sha=other)["error"]["code"] == 404


def test_it_takes_large_uploads_in_parts(client, model, ada, settings):
    """In-process: the thresholds of a running site cannot be changed."""
    settings.LFS_MULTIPART_THRESHOLD_BYTES, settings.LFS_PART_BYTES = 1000, 5000
    headers = {"Authorization": "Bearer hf_ada_token_0000"}
    body = {"operation": "upload", "objects": [{"oid": SHA, "size": len(DATA)}]}
    answer = client.post(
        "/ada/tiny.git/info/lfs/objects/batch", body, "application/json", headers=headers
    )
    upload = answer.json()["objects"][0]["actions"]["upload"]
    assert upload["header"].pop("chunk_size") == "5000"
    etags = []
    for number in range(1, len(upload["header"]) + 1):
        part = DATA[(number - 1) * 5000 : number * 5000]
        done = client.put(upload["header"][str(number)], part, "application/octet-stream")
        etags.append({"partNumber": number, "etag": done["ETag"]})
    assert len(etags) == 3
    short = client.post(upload["href"], {"oid": SHA, "parts": etags[:2]}, "application/json")
    assert short.status_code == 400
    wrong = [*etags[:2], {"partNumber": 3, "etag": "0" * 64}]
    assert client.post(upload["href"], {"parts": wrong}, "application/json").status_code == 400
    done = client.post(upload["href"], {"oid": SHA, "parts": etags}, "application/json")
    assert done.status_code == 200
    assert blobs.open_blob(Blob.objects.get(pk=SHA)).read() == DATA
    assert BlobUpload.objects.get(blob=SHA).user == ada


def test_cards_are_judged_before_they_are_committed(site):
    def judge(text, kind="model"):
        body = {"content": text, "repoType": kind}
        answer = request(site, "POST", "/api/validate-yaml", body, name="ada")
        return answer.status, [e["message"] for e in answer.json["errors"]], answer.json["warnings"]

    assert judge("---\nlicense: mit\n---\n# x")[:2] == (200, [])
    assert judge("\n\n---\nlicense: mit\n---\n")[:2] == (200, [])
    status, errors, _ = judge("---\nlicense: nope\n---\n")
    assert (status, errors[0].startswith('"license" must be one of')) == (400, True)
    near = judge("---\nlicense: cc-by-4\n---\n")[1][0]
    assert near.startswith('"license" must be one of the known ids, and "cc-by-4" is none')
    assert 'did you mean "cc-by-4.0"?' in near
    assert judge("---\nlicense: [Apache 2.0]\n---\n")[1][0].count('did you mean "apache-2.0"?')
    assert judge("---\nlicense: mit\nmodel-index: x\n---\n")[0] == 400
    assert judge("---\na: [\n---\n")[0] == 400
    status, errors, warnings = judge("# no front matter")
    assert (status, errors, len(warnings)) == (200, [], 1)
    bomb = "---\na: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n---\n"
    assert judge(bomb)[0] == 400
